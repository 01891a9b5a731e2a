import Distribution
import Glibc
import Reporting
import ScanResults
import ScanStore

/// A file of a finished scan or of a part of one, among the others as they were written.
struct ScanTarget: FuzzTarget {
  let name: String
  let fileExtension: String
  let seeds: [[UInt8]]
  /// The scan's folder, and the file's path in it.
  private let folder: String
  private let place: String

  /// - Parameter folder: of a scan, which `read` changes.
  init?(_ name: String, _ place: String, of folder: String) {
    guard let bytes = Self.bytes(folder + "/" + place) else { return nil }
    self.name = name
    self.place = place
    self.folder = folder
    fileExtension = String(place.split(separator: ".").last ?? "bin")
    seeds = [bytes]
  }

  /// Every file that is read back of the scans that there are.
  static func all(scan: String?, part: String?) -> [ScanTarget] {
    let places = [
      ("scan.json", "scan.json"), ("measurements", "acquisition/measurements.json"), ("values", "acquisition/layer_0.npy"),
      ("moments", "acquisition/moments_layer_0.npy"), ("thumbnails", "acquisition/thumbnails.npy"),
      ("tracts", "connections/tracts.json"), ("strengths", "connections/layer_0_to_1.npy"),
    ]
    return places.compactMap { name, place in scan.flatMap { ScanTarget(name, place, of: $0) } }
      + [part.flatMap { ScanTarget("checkpoint", "checkpoint.bin", of: $0) }].compactMap(\.self)
  }

  private static let words = [
    "null", "true", "false", "[]", "{}", "-1", "0", "1e999", "1e-400", "\"\"", "\"0\"", "9223372036854775807",
    "-9223372036854775808", "4294967296", "1000000000", "0.5", "exact", "gradients", "permutations", "resample",
  ]

  func mutated(_ seed: [UInt8], by mutator: inout Mutator) -> [UInt8] {
    guard fileExtension == "json" else { return mutator.mutated(seed) }
    return mutator.isDrawn(oneIn: 2) ? mutator.mutatedNumbers(seed) : mutator.mutatedText(seed, words: Self.words)
  }

  /// Reads the folder with the file in its place, and writes all that a report has.
  func read(_ path: String) throws {
    let whole = folder + "/" + place
    guard let changed = Self.bytes(path) else { return }
    Self.write(changed, to: whole)
    defer { Self.write(seeds[0], to: whole) }
    if place == "checkpoint.bin" {
      _ = try Checkpoint.read(whole)
      _ = try PartMerge([folder])
    } else {
      let result = try StoredScan(contentsOf: folder).result()
      let out = folder + "-report"
      try ScanFiles(result).write(to: out)
      _ = ScanSummary(result, verdict: [], style: .plain).text
    }
  }

  private static func bytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
