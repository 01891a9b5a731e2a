package import Grids
import Lesion
package import ModelGraph
import OnnxRuntime

/// A layer of a network under fractional masks: a batch of masks costs one run of the adjoint graph, and gives for each
/// the value and its derivative by every region's share.
///
/// With a the intact activations, r what lesions put in their place, and m_g the share of region g, a unit u of g is
/// x_u = r_u + m_g·(a_u − r_u); so ∂v/∂m_g = Σ_{u∈g} (a_u − r_u)·∂v/∂x_u. Batches have a fixed size and the last one is
/// padded, as in `LesionedNetwork`.
///
/// Memory: the inputs and outputs of one batch, what the runtime keeps between the way forward and back, and the cache of
/// prefix results, bounded by `cacheBytes`.
package final class GradientNetwork {
  /// What a batch of masks gave.
  package struct Passes: Sendable {
    /// v of each mask; [masks].
    package var values: [Float]
    /// ∂v/∂m, mask by mask; [masks x regions].
    package var derivatives: [Float]
  }

  private let configuration: LesionedNetwork.Configuration
  private let source: LesionedSeries
  private let cut: Cut
  private let runtime: Runtime
  private let session: Session
  /// The lesioned activations, the side inputs, the target class.
  private var inputs: [Tensor]
  /// The output that is read, v as the graph has it, the gradient.
  private let outputs: [Tensor]
  private var shares: [Float]
  private var sums: [Double]
  private var scratch: [UInt32]
  private var plain: Session?

  /// Whether the runtime has a provider whose derivatives are others than the processor's, or that doesn't take the graph, so that
  /// gradient passes run on the processor.
  package let leavesProvider: Bool
  /// What a user of the derivatives should know.
  package let notes: [String]
  /// The first operator by which the value may jump; `nil` where there is none.
  package let decision: String?
  /// Batches with a way back run so far.
  package private(set) var gradientBatchesRun = 0
  /// Batches without one run so far.
  package private(set) var batchesRun = 0
  /// Runs of the prefix for a stimulus so far.
  package var prefixRuns: Int { source.prefix.runs }

  /// Writes the adjoint graph, loads it and the prefix, and allocates a batch.
  ///
  /// Cost: three sessions, one of them for a moment, up to three prefix runs on `stimulus` and two runs of the suffix; one or two
  /// more of both where the suffix has recurrent operators or attention in one operator.
  /// - Parameters:
  ///   - stimulus: any stimulus; its run tells the shapes.
  ///   - value: what is derived; what `configuration.reader` reads.
  /// - Throws: `Undifferentiable` where the suffix has an operator without a rule; `OnnxRuntimeError`, `LesionError`, or
  ///   what reading the stimulus throws.
  package init(
    cut: Cut, feed: StimulusFeed, stimulus: Int, configuration: LesionedNetwork.Configuration, value: AdjointValue
  ) throws {
    let batch = configuration.batch
    let runtime = feed.runtime
    for side in cut.sideInputs {
      if let operatorType = cut.prefix.choosingOperator(of: side.name) {
        throw Undifferentiable("\"\(side.name)\", which passes it by, is as long as values say (by \(operatorType))")
      }
    }
    let prefix = try Prefix(
      cut: cut, feed: feed, batch: batch, sample: stimulus, options: configuration.session,
      cacheBytes: configuration.cacheBytes, spillFolder: configuration.spillFolder)
    let state = try prefix.state(of: stimulus)
    let activations = state.activations
    guard activations.shape.first == 1, activations.count == configuration.mask.unitCount else {
      throw LesionError(
        .badModel, "layer \"\(cut.tensor)\" has shape \(activations.shape) for one stimulus: no batch axis of 1 in front")
    }
    var inputs = [try Tensor(runtime: runtime, shape: [batch] + activations.shape.dropFirst())]
    for row in 0..<batch { inputs[0].floats.fill(row, of: batch, with: activations.floats) }
    inputs += try prefix.makeSideTensors(state)
    inputs = [inputs[0]] + (try prefix.load(state, into: Array(inputs.dropFirst())))
    let cut = cut.declaringSizes(fedWith: inputs.map(\.shape))

    let network = try Self.adjoint(cut, value, inputs: inputs, runtime: runtime, options: configuration.session)
    inputs.append(try Tensor(runtime: runtime, shape: [value.targetCount], elementType: ElementType.int64.rawValue))
    let (session, produced, isOnProvider) = try Self.load(network, inputs, runtime: runtime, options: configuration.session)
    guard produced[0].elementType == ElementType.float.rawValue, produced[2].elementType == ElementType.float.rawValue else {
      throw LesionError(
        .badModel,
        "the output \"\(cut.output)\" is of \(ElementType(rawValue: produced[0].elementType)), and float32 is needed")
    }
    guard produced[2].shape == inputs[0].shape, produced[1].count == batch, produced[0].count % batch == 0 else {
      throw Undifferentiable(
        "its gradient has shape \(produced[2].shape), and the layer \(inputs[0].shape) for a batch of \(batch)")
    }
    self.configuration = configuration
    self.source = LesionedSeries(prefix: prefix, configuration: configuration, activations: activations)
    self.cut = cut
    self.runtime = runtime
    self.session = session
    leavesProvider = runtime.provider != nil && !isOnProvider
    self.inputs = inputs
    self.outputs = try produced.map { tensor in
      try Tensor(runtime: runtime, shape: tensor.shape, elementType: tensor.elementType)
    }
    (notes, decision) = (network.notes, network.decision)
    shares = configuration.mask.makeShares()
    sums = configuration.mask.makeSums()
    scratch = configuration.mask.makeScratch()
  }

  /// The adjoint graph for a batch; the session that tells the shapes is gone when it is returned.
  private static func adjoint(
    _ cut: Cut, _ value: AdjointValue, inputs: [Tensor], runtime: Runtime, options: Session.Options
  ) throws -> AdjointNetwork {
    let fed = Dictionary(
      zip([cut.tensor] + cut.sideInputs.map(\.name), inputs), uniquingKeysWith: { first, _ in first })
    let (cut, observed) = try cut.observed(runtime: runtime, options: options) { $0.map { fed[$0]! } }
    return try cut.adjoint(of: value, observed: observed)
  }

  /// A session of the graph, what a run of it gives, and whether it is the provider's.
  ///
  /// A provider gets the graph only where it gives what the processor gives: graphs of derivatives are none that networks are made
  /// of, and some are computed wrongly.
  private static func load(
    _ network: AdjointNetwork, _ inputs: [Tensor], runtime: Runtime, options: Session.Options
  ) throws -> (session: Session, produced: [Tensor], isOnProvider: Bool) {
    func run(_ options: Session.Options) throws -> (session: Session, produced: [Tensor], isOnProvider: Bool) {
      let session = try Session(runtime: runtime, part: network.model, feeding: inputs, options: options)
      return (session, try session.run(inputs), runtime.provider != nil && !options.isOnProcessor)
    }
    do {
      guard runtime.provider != nil else { return try run(options) }
      var onProcessor = options
      onProcessor.isOnProcessor = true
      let reference = try run(onProcessor)
      guard let own = try? run(options), zip(own.produced, reference.produced).allSatisfy({ $0.isNear($1) }) else {
        return reference
      }
      return own
    } catch let error as OnnxRuntimeError {
      throw Undifferentiable("ONNX Runtime doesn't run its adjoint graph: \(error.message)")
    }
  }

  /// Makes a series current. Cost: one prefix run for the stimulus and each donor that isn't cached.
  ///
  /// - Throws: `OnnxRuntimeError`, `StimuliError` where the stimulus can't be read.
  package func begin(_ series: LesionedNetwork.Series) throws {
    inputs = [inputs[0]] + (try source.begin(series, sides: Array(inputs.dropFirst().dropLast()))) + [inputs[inputs.count - 1]]
    let targets = configuration.reader.classesDerived(target: series.target, stimulus: series.stimulus)
    for (place, target) in targets.enumerated() {
      inputs[inputs.count - 1].bytes.storeBytes(of: Int64(target), toByteOffset: 8 * place, as: Int64.self)
    }
  }

  /// The values and derivatives at up to one batch of masks of the current series.
  ///
  /// Cost: one run of the adjoint graph.
  /// - Parameters:
  ///   - masks: each region's share, in [0, 1], mask by mask; [masks x regions], 1 to `batch` masks.
  ///   - donors: for `resample`, the index into the series' donors for each mask.
  /// - Returns: values and derivatives; NaN or infinite where the network's are.
  /// - Throws: `OnnxRuntimeError`.
  package func passes(at masks: [Float], donors choice: [Int] = []) throws -> Passes {
    let (mask, batch) = (configuration.mask, configuration.batch)
    let regions = mask.regionCount
    let count = masks.count / regions
    precondition(masks.count == count * regions && count >= 1 && count <= batch, "\(masks.count) shares of \(regions) regions")
    let series = currentSeries()
    masks.withUnsafeBufferPointer { masks in
      paintRows(count, choice) { row, replacement, output in
        mask.paint(
          mask: UnsafeBufferPointer(rebasing: masks[(row * regions)..<((row + 1) * regions)]),
          activations: UnsafeBufferPointer(source.activations.floats), replacement: replacement, shares: &shares, into: output)
      }
    }
    try session.run(inputs, into: outputs)
    gradientBatchesRun += 1
    var derivatives = [Float](repeating: 0, count: count * regions)
    let gradient = UnsafeBufferPointer(outputs[2].floats)
    derivatives.withUnsafeMutableBufferPointer { derivatives in
      for row in 0..<count {
        source.withReplacement(choice.isEmpty ? nil : choice[row]) { replacement in
          mask.sum(
            gradient: slice(gradient, row, mask.unitCount), activations: UnsafeBufferPointer(source.activations.floats),
            replacement: replacement, sums: &sums,
            into: UnsafeMutableBufferPointer(rebasing: derivatives[(row * regions)..<((row + 1) * regions)]))
        }
      }
    }
    return Passes(values: read(outputs[0], count, series), derivatives: derivatives)
  }

  /// Lends what the intact network has at the layer under the current series: activations and ∂v/∂x, [units] each.
  ///
  /// Cost: one run of the adjoint graph.
  /// - Throws: `OnnxRuntimeError`.
  package func withIntactGradient<Result>(
    _ body: (_ activations: UnsafeBufferPointer<Float>, _ gradient: UnsafeBufferPointer<Float>) -> Result
  ) throws -> Result {
    _ = try passes(at: [Float](repeating: 1, count: configuration.mask.regionCount))
    return body(
      UnsafeBufferPointer(source.activations.floats),
      slice(UnsafeBufferPointer(outputs[2].floats), 0, configuration.mask.unitCount))
  }

  /// The values alone of up to one batch of coalitions of the current series: what `LesionedNetwork` gives, to the bit.
  ///
  /// Cost: one run of the suffix; the first time a session more.
  /// - Throws: `OnnxRuntimeError`.
  package func values(of coalitions: [Coalition], donors choice: [Int] = []) throws -> [Float] {
    precondition(!coalitions.isEmpty && coalitions.count <= configuration.batch, "\(coalitions.count) coalitions")
    let series = currentSeries()
    let suffix =
      try plain
      ?? Session(runtime: runtime, part: cut.suffix, feeding: Array(inputs.dropLast()), options: configuration.session)
    plain = suffix
    paintRows(coalitions.count, choice) { row, replacement, output in
      configuration.mask.paint(
        coalitions[row], activations: UnsafeBufferPointer(source.activations.floats), replacement: replacement,
        scratch: &scratch, into: output)
    }
    try suffix.run(Array(inputs.dropLast()), into: [outputs[0]])
    batchesRun += 1
    return read(outputs[0], coalitions.count, series)
  }

  private func currentSeries() -> LesionedNetwork.Series {
    guard let series = source.current else { preconditionFailure("begin(_:) a series before its values are asked for") }
    return series
  }

  /// Paints a whole batch, the last row again where there are fewer.
  private func paintRows(
    _ count: Int, _ choice: [Int],
    _ paint: (Int, UnsafeBufferPointer<Float>?, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let units = configuration.mask.unitCount
    let rows = inputs[0].floats
    for row in 0..<configuration.batch {
      let index = min(row, count - 1)
      source.withReplacement(choice.isEmpty ? nil : choice[index]) { replacement in
        paint(index, replacement, UnsafeMutableBufferPointer(rebasing: rows[(row * units)..<((row + 1) * units)]))
      }
    }
  }

  private func read(_ output: Tensor, _ count: Int, _ series: LesionedNetwork.Series) -> [Float] {
    let elements = UnsafeBufferPointer(output.floats)
    return (0..<count).map { row in
      configuration.reader.value(
        slice(elements, row, output.count / configuration.batch), target: series.target, stimulus: series.stimulus)
    }
  }
}

/// The part of a buffer that holds one of its rows.
private func slice(_ buffer: UnsafeBufferPointer<Float>, _ row: Int, _ width: Int) -> UnsafeBufferPointer<Float> {
  UnsafeBufferPointer(rebasing: buffer[(row * width)..<((row + 1) * width)])
}

extension UnsafeMutableBufferPointer<Float> {
  /// Copies one row into its place.
  fileprivate func fill(_ row: Int, of rows: Int, with values: UnsafeMutableBufferPointer<Float>) {
    for index in values.indices { self[row * (count / rows) + index] = values[index] }
  }
}

extension Tensor {
  /// Whether the other has the same shape and no element that differs by more than a thousandth of its largest one.
  fileprivate func isNear(_ other: Tensor) -> Bool {
    let float = ElementType.float.rawValue
    guard shape == other.shape, elementType == float, other.elementType == float else { return false }
    return withFloats { own in
      other.withFloats { others in
        let scale = others.reduce(0) { max($0, abs($1)) }
        return zip(own, others).allSatisfy { abs($0 - $1) <= 1e-3 * scale }
      }
    }
  }
}
