package import Grids
package import ModelGraph
package import OnnxRuntime

/// Measures the connection strengths between the regions of two tensors of a network.
///
/// C(A→B) = Σ_{i∈A} Σ_{j∈B} |W_ij|·ReLU(a_i)·σ'(z_j), W the product of the path in the magnitude network
/// (`MagnitudeNetwork`). One pass of the part of the network up to the target tells what is held; then one pass of the
/// part between the two, forward and with one source region a row, gives a batch of rows of C.
///
/// Memory: two sessions, the batch's magnitudes, and what is held for one stimulus.
package final class ConnectionTracer {
  /// Makes the model's input tensors named for a number of equal rows of one stimulus.
  package typealias Feed = (_ inputs: [String], _ rows: Int) throws -> [Tensor]

  /// How far the rows of a batch of equal magnitudes may be apart, as a share of the largest.
  private static let rowTolerance: Float = 1e-4

  private let sources: RegionMap
  private let targetUnits: Int
  private let network: MagnitudeNetwork
  private let observation: Session
  private let flow: Session
  private let source: String
  private let magnitudes: Tensor
  private let output: Tensor
  /// Rows of the stimulus that the network is observed with: 1, or the batch where something that is held has its
  /// batch folded into another axis, so that it can't be repeated by itself.
  private let observedRows: Int
  /// Whether it is still to be found out what can be traced together.
  private var triesGrouping: Bool
  /// What is traced together; `nil` where each region is traced by itself.
  private var groups: SourceGroups?

  /// Batches run so far.
  package private(set) var batchesRun = 0

  /// - Parameters:
  ///   - model: the whole network.
  ///   - sources: of the tensor `from`.
  ///   - targetUnits: elements of the tensor `to` for one stimulus.
  ///   - batch: source regions in one pass; where they can't be batched they go one by one.
  ///   - isGrouping: whether several source regions may go in one row where magnitude leads from each to other units; finding out takes as
  ///     long as a stimulus without.
  ///   - feed: any stimulus; its runs tell shapes.
  /// - Throws: `Untraceable` where magnitude can't be followed; what running the network throws.
  /// - Cost: two to four sessions and up to seven forward passes; all tensors between the two in memory once.
  package init(
    model: Model, from source: String, to target: String, sources: RegionMap, targetUnits: Int, batch: Int,
    isGrouping: Bool = false, runtime: Runtime, session options: Session.Options, feed: Feed
  ) throws {
    triesGrouping = isGrouping
    func observe(_ model: Model) throws -> ObservedShapes {
      try ObservedShapes(
        of: model, from: source, to: target, twice: batch > 1, runtime: runtime, session: options, feed: feed)
    }
    var (model, shapes) = (model, try observe(model))
    if !model.recurrentInputs().isEmpty {
      model = model.unrollingRecurrence(observed: shapes)
      shapes = try observe(model)
    }
    let spelled = model.spelledOperators(observed: shapes)
    if !spelled.isEmpty {
      model = model.spellingOut(spelled)
      shapes = try observe(model)
    }
    var failure: any Error = Untraceable("no path leads from \"\(source)\" to \"\(target)\"")
    for size in Set([batch, 1]).sorted(by: >) {
      do {
        let parts = try Self.prepare(
          model: model, from: source, to: target, shapes: shapes, batch: size, units: (sources.unitCount, targetUnits),
          runtime: runtime, options: options, feed: feed)
        self.sources = sources
        self.targetUnits = targetUnits
        self.source = source
        network = parts.network
        observation = parts.observation
        flow = parts.flow
        magnitudes = parts.magnitudes
        output = parts.output
        observedRows = parts.observedRows
        return
      } catch {
        // A network of which rows can't be told apart may still be run one by one; the first reason says more.
        if size == batch { failure = error }
      }
    }
    if let failure = failure as? OnnxRuntimeError {
      throw Untraceable("ONNX Runtime doesn't run its magnitude network: \(failure.message)")
    }
    throw failure
  }

  /// The strengths between all regions of one stimulus: [sources x targets]. Infinite where they leave the range of a
  /// float.
  ///
  /// Cost: one observing pass, and ⌈sources/batch⌉ passes of the part between the tensors, or fewer where regions are grouped.
  /// - Parameters:
  ///   - targets: of the tensor `to`; where a class is read may differ from stimulus to stimulus.
  ///   - pause: called between two batches.
  /// - Throws: `OnnxRuntimeError`, `StimuliError`, and what `pause` throws.
  package func strengths(targets: RegionMap, feed: Feed, pause: () throws -> Void) throws -> [Float] {
    precondition(targets.unitCount == targetUnits, "regions of another tensor")
    let observed = try observe(feed)
    let layer = observed[source]!
    // The buffer is the tensor's own, which has to outlive it.
    defer { withExtendedLifetime(layer) {} }
    let activations = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(layer.floats)[..<sources.unitCount])
    let inputs = flowInputs(observed)
    try group(observed, pause)
    let groups = groups
    var strengths = [Float](repeating: 0, count: sources.regionCount * targets.regionCount)
    var alone = [Float](repeating: 0, count: groups == nil ? 0 : targetUnits)
    try run(groups?.map ?? sources, activations, inputs, pause) { number, row in
      strengths.withUnsafeMutableBufferPointer { strengths in
        func add(_ region: Int, _ values: UnsafeMutableBufferPointer<Float>) {
          targets.sum(UnsafeBufferPointer(values), into: slice(strengths, region, targets.regionCount))
        }
        guard let groups, groups.members[number].count > 1 else { return add(groups?.members[number][0] ?? number, row) }
        alone.withUnsafeMutableBufferPointer { alone in
          for region in groups.members[number] {
            groups.copy(region, of: row, into: alone)
            add(region, alone)
          }
        }
      }
    }
    return strengths
  }

  /// Runs the flow with one region a row, and reads what each led to.
  private func run(
    _ regions: RegionMap, _ activations: UnsafeBufferPointer<Float>, _ inputs: [Tensor], _ pause: () throws -> Void,
    read: (_ region: Int, _ row: UnsafeMutableBufferPointer<Float>) -> Void
  ) throws {
    let batch = network.batch
    for start in stride(from: 0, to: regions.regionCount, by: batch) {
      for row in 0..<batch {
        // A batch always has its full size: the runtime's last bits depend on how many rows there are.
        let region = min(start + row, regions.regionCount - 1)
        regions.isolate(region, of: activations, into: slice(magnitudes.floats, row, regions.unitCount))
      }
      try flow.run(inputs, into: [output])
      batchesRun += 1
      for region in start..<min(start + batch, regions.regionCount) {
        read(region, slice(output.floats, region - start, targetUnits))
      }
      try pause()
    }
  }

  /// Finds out, once, what can be traced together, with every factor 1: no stimulus leads magnitude to where that doesn't.
  private func group(_ observed: [String: Tensor], _ pause: () throws -> Void) throws {
    guard triesGrouping else { return }
    triesGrouping = false
    guard network.isScaledOnly, sources.regionCount * targetUnits / 8 <= SourceGroups.mostBytes else { return }
    let ones = try network.held.map { held in
      let tensor = try Tensor(runtime: flow.runtime, shape: observed[held.output]!.shape)
      tensor.floats.update(repeating: 1)
      return tensor
    }
    var reached: [[UInt64]] = []
    let activations = [Float](repeating: 1, count: sources.unitCount)
    try activations.withUnsafeBufferPointer {
      try run(sources, $0, [magnitudes] + ones, pause) { reached.append(SourceGroups.bits(of: $1)) }
    }
    groups = SourceGroups(sources, reached: reached)
  }

  private func observe(_ feed: Feed) throws -> [String: Tensor] {
    let outputs = try observation.run(feed(observation.inputNames, observedRows))
    return Dictionary(uniqueKeysWithValues: zip(observation.outputNames, outputs))
  }

  private func flowInputs(_ observed: [String: Tensor]) -> [Tensor] {
    [magnitudes] + network.held.map { observed[$0.output]! }
  }

  // MARK: Preparation

  private struct Parts {
    let network: MagnitudeNetwork
    let observation: Session
    let flow: Session
    let magnitudes: Tensor
    let output: Tensor
    let observedRows: Int
  }

  private static func prepare(
    model: Model, from source: String, to target: String, shapes: ObservedShapes, batch: Int, units: (Int, Int),
    runtime: Runtime, options: Session.Options, feed: Feed
  ) throws -> Parts {
    let network = try model.magnitudeNetwork(from: source, to: target, shapes: shapes, batch: batch)
    let observation = try Session(runtime: runtime, model: network.observation.serialized(), options: options)
    func observe(_ rows: Int) throws -> [String: Tensor] {
      let outputs = try observation.run(feed(observation.inputNames, rows))
      return Dictionary(uniqueKeysWithValues: zip(observation.outputNames, outputs))
    }
    let one = try observe(1)
    guard one[source]!.elementType == ElementType.float.rawValue, one[source]!.count == units.0 else {
      throw Untraceable("\"\(source)\" has shape \(one[source]!.shape) for one stimulus")
    }
    var held = one
    var observedRows = 1
    if batch > 1, case let two = try observe(2), network.held.contains(where: { !repeats(one[$0.output]!, two[$0.output]!) }) {
      observedRows = batch
      held = try observe(batch)
    }
    let magnitudes = try Tensor(runtime: runtime, shape: [batch] + one[source]!.shape.dropFirst())
    for row in 0..<batch {
      one[source]!.withFloats { activations in
        for (unit, activation) in activations.enumerated() { magnitudes.floats[row * units.0 + unit] = max(activation, 0) }
      }
    }
    let inputs = [magnitudes] + network.held.map { held[$0.output]! }
    let flow = try Session(runtime: runtime, part: network.flow, feeding: inputs, options: options)
    let produced = try flow.run(inputs)[0]
    guard produced.count == batch * units.1, batch == 1 || produced.shape.first == batch else {
      throw Untraceable("its magnitude network gives \"\(target)\" the shape \(produced.shape)")
    }
    try checkRows(produced, batch)
    return Parts(
      network: network, observation: observation, flow: flow, magnitudes: magnitudes,
      output: try Tensor(runtime: runtime, shape: produced.shape), observedRows: observedRows)
  }

  /// Whether what one stimulus gave serves every row of a batch as it is: it has an axis of length 1 for stimuli, or
  /// doesn't depend on how many there are.
  private static func repeats(_ one: Tensor, _ two: Tensor) -> Bool {
    guard one.shape != two.shape else {
      return one.elementType == ElementType.float.rawValue || one.withBytes { bytes in two.withBytes { bytes.elementsEqual($0) } }
    }
    guard one.shape.count == two.shape.count else { return false }
    let changed = one.shape.indices.filter { one.shape[$0] != two.shape[$0] }
    return changed.count == 1 && one.shape[changed[0]] == 1 && two.shape[changed[0]] == 2 && two.repeatsSamples(along: changed[0])
  }

  /// Equal magnitudes in all rows must give equal results: else rows are mixed up.
  private static func checkRows(_ produced: Tensor, _ batch: Int) throws(Untraceable) {
    let width = produced.count / batch
    let values = produced.floats
    let scale = values.prefix(width).reduce(0) { $1.isFinite ? max($0, $1) : $0 }
    for index in width..<max(produced.count, width) {
      let (a, b) = (values[index], values[index % width])
      guard a == b || a.isNaN || b.isNaN || abs(a - b) <= rowTolerance * scale else {
        throw Untraceable("the rows of a batch of its magnitude network aren't independent")
      }
    }
  }
}

extension ObservedShapes {
  /// Runs a network for the shapes of what lies between two tensors.
  fileprivate init(
    of model: Model, from source: String, to target: String, twice: Bool, runtime: Runtime, session: Session.Options,
    feed: ConnectionTracer.Feed
  ) throws {
    let tensors = try model.tensorsBetween(source, target)
    guard !tensors.isEmpty else { throw Untraceable("no path leads from \"\(source)\" to \"\(target)\"") }
    let session = try Session(runtime: runtime, model: model.exposing(tensors).serialized(), options: session)
    func run(_ rows: Int) throws -> [String: [Int]] {
      let outputs = try session.run(feed(session.inputNames, rows))
      return Dictionary(uniqueKeysWithValues: zip(session.outputNames, outputs.map(\.shape)))
    }
    self.init(one: try run(1), two: twice ? try run(2) : nil)
  }
}

/// The part of a buffer that holds one of its rows.
private func slice<Element>(
  _ buffer: UnsafeMutableBufferPointer<Element>, _ row: Int, _ width: Int
) -> UnsafeMutableBufferPointer<Element> {
  UnsafeMutableBufferPointer(rebasing: buffer[(row * width)..<((row + 1) * width)])
}
