package import Grids
package import Lesion
package import ModelGraph
package import OnnxRuntime

/// A layer of a network under lesions: the prefix runs once a stimulus, and a batch of coalitions costs one run of the
/// suffix.
///
/// Batches have a fixed size, and the last one is padded: the runtime's last bits depend on how many rows a batch has,
/// so what is in a batch must depend on the samples alone.
///
/// Memory: the suffix's inputs for one batch, and the cache of prefix results, bounded by `cacheBytes`.
package final class LesionedNetwork {
  /// How a network is lesioned; the same for all stimuli of a layer.
  package struct Configuration: Sendable {
    package var mask: RegionMask
    package var reader: OutputReader
    package var batch: Int
    package var lesion: LesionKind
    /// [units]; needed where a lesion puts units at rest. For noise means, then standard deviations; [2 x units].
    package var restingActivations: [Float]
    /// Of noise.
    package var noiseSeed: UInt64
    package var session: Session.Options
    package var cacheBytes: Int
    /// Where prefix results go that memory doesn't hold; `nil`: nowhere, they are computed again.
    package var spillFolder: String?

    package init(
      mask: RegionMask, reader: OutputReader, batch: Int, lesion: LesionKind, restingActivations: [Float] = [],
      noiseSeed: UInt64 = 0, session: Session.Options, cacheBytes: Int, spillFolder: String? = nil
    ) {
      let needed = [.resting: 1, .noise: 2][lesion.source, default: 0] * mask.unitCount
      precondition(needed == 0 || restingActivations.count == needed, "a lesion without its values")
      self.mask = mask
      self.reader = reader
      self.batch = batch
      self.lesion = lesion
      self.restingActivations = restingActivations
      self.noiseSeed = noiseSeed
      self.session = session
      self.cacheBytes = cacheBytes
      self.spillFolder = spillFolder
    }
  }

  /// The game that is being played: one stimulus, one target class.
  package struct Series: Sendable, Hashable {
    package var stimulus: Int
    package var target: Int
    /// The stimuli that replacements come from; empty where they come from none.
    package var donors: [Int]

    package init(stimulus: Int, target: Int, donors: [Int] = []) {
      self.stimulus = stimulus
      self.target = target
      self.donors = donors
    }
  }

  private let configuration: Configuration
  /// Coalitions a batch.
  var batch: Int { configuration.batch }
  private let source: LesionedSeries
  private let suffix: Session
  private var suffixInputs: [Tensor]
  private let output: Tensor
  private var scratch: [UInt32]
  /// The intact scores of the current series, where v compares with them.
  private var intact: (series: Series, scores: [Float])?

  /// Regions of the layer.
  package var regionCount: Int { configuration.mask.regionCount }
  /// Batches run so far.
  package private(set) var batchesRun = 0
  /// Runs of the prefix for a stimulus so far.
  package var prefixRuns: Int { source.prefix.runs }

  /// Loads prefix and suffix and allocates a batch.
  ///
  /// Cost: two sessions, up to three prefix runs on `stimulus` and one suffix run.
  /// - Parameter stimulus: any stimulus; its run tells the shapes.
  /// - Throws: `OnnxRuntimeError`, `LesionError`, or what reading the stimulus throws.
  package init(cut: Cut, feed: StimulusFeed, stimulus: Int, configuration: Configuration) throws {
    let batch = configuration.batch
    let prefix = try Prefix(
      cut: cut, feed: feed, batch: batch, sample: stimulus, options: configuration.session,
      cacheBytes: configuration.cacheBytes, spillFolder: configuration.spillFolder)
    let state = try prefix.state(of: stimulus)
    let activations = state.activations
    guard activations.shape.first == 1, activations.count == configuration.mask.unitCount else {
      throw LesionError(
        .badModel, "layer \"\(cut.tensor)\" has shape \(activations.shape) for one stimulus: no batch axis of 1 in front")
    }
    var inputs = [
      try Tensor(runtime: feed.runtime, shape: [batch] + activations.shape.dropFirst())
    ]
    inputs += try prefix.makeSideTensors(state)
    inputs = [inputs[0]] + (try prefix.load(state, into: Array(inputs.dropFirst())))
    let suffix = try Session(
      runtime: feed.runtime, part: cut.declaringSizes(fedWith: inputs.map(\.shape)).suffix, feeding: inputs,
      options: configuration.session)
    let produced = try suffix.run(inputs)[0]
    guard produced.elementType == ElementType.float.rawValue else {
      throw LesionError(
        .badModel, "the output \"\(cut.output)\" is of ONNX element type \(produced.elementType), and float32 is needed")
    }
    guard batch == 1 || produced.shape.first == batch else {
      throw LesionError(
        .badModel, "the output \"\(cut.output)\" has shape \(produced.shape) for a batch of \(batch): no batch axis in front")
    }
    self.configuration = configuration
    self.source = LesionedSeries(prefix: prefix, configuration: configuration, activations: activations)
    self.suffix = suffix
    self.suffixInputs = inputs
    self.output = try Tensor(runtime: feed.runtime, shape: produced.shape)
    self.scratch = configuration.mask.makeScratch()
  }

  /// Makes a series current. Cost: one prefix run for the stimulus and each donor that isn't cached; one suffix run where v
  /// compares with the intact answer.
  ///
  /// - Throws: `OnnxRuntimeError`, `StimuliError` where the stimulus can't be read.
  package func begin(_ series: Series) throws {
    suffixInputs = [suffixInputs[0]] + (try source.begin(series, sides: Array(suffixInputs.dropFirst())))
    guard configuration.reader.readout.value.needsIntact, intact?.series != series else { return }
    try run([Coalition(fullOf: configuration.mask.regionCount)], donors: [])
    intact = (series, configuration.reader.scores(outputRow(0), stimulus: series.stimulus))
  }

  /// The intact network's scores under the current series, where v compares with them. [classes]
  package var intactScores: [Float] { intact?.scores ?? [] }

  /// The values of up to one batch of coalitions of the current series.
  ///
  /// Cost: one suffix run.
  /// - Parameters:
  ///   - coalitions: 1 to `batch` of them.
  ///   - donors: for `resample`, the index into the series' donors for each coalition.
  /// - Returns: v of each coalition; NaN or infinite where the network's output is.
  /// - Throws: `OnnxRuntimeError`.
  package func values(of coalitions: [Coalition], donors choice: [Int] = []) throws -> [Float] {
    guard let series = source.current else { preconditionFailure("begin(_:) a series before its values are asked for") }
    try run(coalitions, donors: choice)
    return coalitions.indices.map { row in
      configuration.reader.value(
        outputRow(row), target: series.target, stimulus: series.stimulus, intact: intact?.scores ?? [])
    }
  }

  /// Runs the suffix on a batch of coalitions, the last again where there are fewer.
  private func run(_ coalitions: [Coalition], donors choice: [Int]) throws {
    let batch = configuration.batch
    precondition(!coalitions.isEmpty && coalitions.count <= batch, "\(coalitions.count) coalitions for a batch of \(batch)")
    let units = configuration.mask.unitCount
    let rows = suffixInputs[0].floats
    for row in 0..<batch {
      let index = min(row, coalitions.count - 1)
      let target = UnsafeMutableBufferPointer(rebasing: rows[(row * units)..<((row + 1) * units)])
      source.withReplacement(choice.isEmpty ? nil : choice[index]) { replacement in
        configuration.mask.paint(
          coalitions[index], activations: UnsafeBufferPointer(source.activations.floats), replacement: replacement,
          scratch: &scratch, into: target)
      }
    }
    try suffix.run(suffixInputs, into: [output])
    batchesRun += 1
  }

  /// Lends the outputs of up to one batch of coalitions of the current series, row by row, for other readings than v's.
  ///
  /// Cost: one suffix run.
  /// - Throws: `OnnxRuntimeError`.
  package func withOutputs(
    of coalitions: [Coalition], _ body: (_ row: Int, _ output: UnsafeBufferPointer<Float>) -> Void
  ) throws {
    _ = try values(of: coalitions)
    for row in coalitions.indices { body(row, outputRow(row)) }
  }

  /// What the network answers under up to one batch of coalitions of the current series.
  ///
  /// Cost and parameters: as for `values`.
  /// - Returns: of each coalition the class with the largest score, its probability, and v.
  /// - Throws: `OnnxRuntimeError`.
  package func answers(
    of coalitions: [Coalition], donors choice: [Int] = []
  ) throws -> [(predicted: Int, probability: Float, value: Float)] {
    let values = try values(of: coalitions, donors: choice)
    let stimulus = source.current?.stimulus ?? 0
    return coalitions.indices.map { row in
      let answer = configuration.reader.answer(outputRow(row), stimulus: stimulus)
      return (answer.predicted, answer.probability, values[row])
    }
  }

  /// The scores of all classes in a row of the last batch.
  package func scores(ofRow row: Int) -> [Float] {
    configuration.reader.scores(outputRow(row), stimulus: source.current?.stimulus ?? 0)
  }

  /// What the last batch gave in a row. Valid until the next batch.
  private func outputRow(_ row: Int) -> UnsafeBufferPointer<Float> {
    let width = output.count / configuration.batch
    return UnsafeBufferPointer(
      rebasing: UnsafeBufferPointer(output.floats)[(row * width)..<((row + 1) * width)])
  }

  /// The outputs of up to one batch of coalitions of a stimulus, nothing else being lesioned in.
  func outputs(of coalitions: [Coalition], stimulus: Int) throws -> [[Float]] {
    try begin(Series(stimulus: stimulus, target: 0))
    _ = try values(of: coalitions)
    return coalitions.indices.map { Array(outputRow($0)) }
  }

  /// How far prefix and suffix with nothing lesioned are from the whole model: the largest difference of an element
  /// of the output, as a share of the largest element. All rows of the batch are compared.
  ///
  /// - Parameter whole: the whole model's output for the stimulus.
  /// - Throws: as `begin` and `values`.
  package func deviation(from whole: UnsafeBufferPointer<Float>, stimulus: Int) throws -> Double {
    try begin(Series(stimulus: stimulus, target: 0))
    _ = try values(of: [Coalition(fullOf: configuration.mask.regionCount)])
    let outputs = output.floats
    guard whole.count * configuration.batch == outputs.count else { return .infinity }
    var difference: Float = 0
    var scale: Float = 0
    for (index, value) in outputs.enumerated() {
      let reference = whole[index % whole.count]
      guard value != reference else { continue }
      guard value.isFinite, reference.isFinite else { return .infinity }
      difference = max(difference, abs(value - reference))
    }
    for reference in whole where reference.isFinite { scale = max(scale, abs(reference)) }
    return difference == 0 ? 0 : Double(difference) / Double(max(scale, .leastNormalMagnitude))
  }

  /// The intact activations of a stimulus; [units]. Valid until the next call.
  ///
  /// - Throws: `OnnxRuntimeError`, `StimuliError` where the stimulus can't be read.
  package func activations(of stimulus: Int) throws -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(try source.prefix.state(of: stimulus).activations.floats)
  }
}
