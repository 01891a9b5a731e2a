import Arrays
import Stimuli

/// A format of stimuli.
struct StimulusTarget: FuzzTarget {
  let name: String
  let fileExtension: String
  let seeds: [[UInt8]]
  let mutate: @Sendable ([UInt8], inout Mutator) -> [UInt8]

  init(
    _ name: String, _ fileExtension: String, seeds: [[UInt8]],
    mutate: @escaping @Sendable ([UInt8], inout Mutator) -> [UInt8] = { $1.mutated($0) }
  ) {
    self.name = name
    self.fileExtension = fileExtension
    self.seeds = seeds
    self.mutate = mutate
  }

  func mutated(_ seed: [UInt8], by mutator: inout Mutator) -> [UInt8] { mutate(seed, &mutator) }

  func read(_ path: String) throws {
    var set = try StimulusSet(contentsOf: path)
    guard set.inputs.allSatisfy({ $0.elementCount <= 1 << 22 }) else { return }
    _ = try set.thumbnails()
    let inputs = set.inputs.map { input in
      ModelInput(input.name ?? "x", input.shape, isFloatingPoint: true)
    }
    try set.setPreprocessing(Preprocessing(mean: [0.5], standardDeviation: [2]))
    try set.fit(to: inputs)
    let few = set.prefix(4)
    let survey = try few.survey(few.inputs.map { _ in StimulusSurvey.Reading(type: .float32) })
    let usable = try few.usable(by: survey, allowsNonFinite: true)
    _ = try? usable.survey(usable.inputs.map { _ in StimulusSurvey.Reading(type: .int64, tables: [("table", 5, nil)]) })
  }
}

/// Labels, in a file of their own.
struct LabelTarget: FuzzTarget {
  let name = "labels"
  let fileExtension = "txt"
  let seeds = ["0\n1\n2\n", "cat\ndog\nowl", "5\r\n 0 zero\n\n7\n"].map { Array($0.utf8) } + [Seeds.npy[0], Seeds.idx[1]]
  let stimuli: String

  func read(_ path: String) throws {
    _ = try? readClassNames(path)
    _ = try StimulusSet(contentsOf: stimuli, labels: path)
  }
}
