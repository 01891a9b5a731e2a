/// Every format of stimuli.
enum StimulusTargets {
  private static let headerWords = [
    "descr", "fortran_order", "shape", "True", "False", "(", ")", "'", "<f4", ">f8", "|b1", "<U5", "O", "[", "]", ",", "-1",
    "99999999999", "4294967296", "L", "{", "}",
  ]
  private static let tableWords = [
    "nan", "inf", "-inf", "1e400", "0x10", "label", "labels", "\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "cat", "-0",
    "\u{FEFF}", "1e-400", "9223372036854775808",
  ]
  private static let names = ["x", "labels", "shared/x", "y", "shared/", "", "../x", "x/y"]

  static let all: [StimulusTarget] = [
    StimulusTarget("npy", "npy", seeds: Seeds.npy, mutate: npy),
    StimulusTarget("npz", "npz", seeds: Seeds.npy, mutate: npz),
    StimulusTarget("idx", "idx", seeds: Seeds.idx),
    StimulusTarget("idx.gz", "gz", seeds: Seeds.idx) { seed, mutator in
      let packed = Archives.gzip(mutator.mutated(seed))
      return mutator.isDrawn(oneIn: 3) ? mutator.mutated(packed) : packed
    },
    StimulusTarget("cifar", "bin", seeds: Seeds.cifar),
    StimulusTarget("png", "png", seeds: PictureSeeds.png) { seed, mutator in
      let bytes = mutator.mutated(seed)
      return mutator.isDrawn(oneIn: 4) ? bytes : Archives.mendedPNG(bytes)
    },
    StimulusTarget("jpeg", "jpg", seeds: PictureSeeds.jpeg),
    StimulusTarget("csv", "csv", seeds: Seeds.tables) { $1.mutatedText($0, words: tableWords) },
  ]

  /// The dictionary's words, or anything.
  @Sendable private static func npy(_ seed: [UInt8], _ mutator: inout Mutator) -> [UInt8] {
    guard seed.count > 10, mutator.isDrawn(oneIn: 2) else { return mutator.mutated(seed) }
    let length = min(Int(seed[8]) | Int(seed[9]) << 8, seed.count - 10)
    let header = mutator.mutatedText(Array(seed[10..<10 + length]), words: headerWords)
    return Array(seed[..<8]) + [UInt8(truncatingIfNeeded: header.count), UInt8(truncatingIfNeeded: header.count >> 8)]
      + header + seed[(10 + length)...]
  }

  /// Up to four arrays under the same or other names, with right sums; every third time the archive is changed too.
  @Sendable private static func npz(_ seed: [UInt8], _ mutator: inout Mutator) -> [UInt8] {
    var members: [(name: String, data: [UInt8])] = []
    for _ in 0...mutator.below(3) {
      let array = mutator.isDrawn(oneIn: 2) ? seed : mutator.element(of: Seeds.npy)
      members.append((mutator.element(of: names) + ".npy", mutator.isDrawn(oneIn: 2) ? array : npy(array, &mutator)))
    }
    let archive = Archives.zip(members)
    return mutator.isDrawn(oneIn: 3) ? mutator.mutated(archive) : archive
  }
}
