package import Distribution
package import Lesion
package import ModelGraph
package import Networks
package import OnnxRuntime
import UserErrors

/// A network that tells, in the pass that answers, what its layers did.
package final class WatchedNetwork {
  /// What the network did with one stimulus.
  package struct Observation: Sendable {
    /// The tensor that is read, for this stimulus.
    package fileprivate(set) var output: [Float] = []
    /// The class with the largest score and its probability; `nil` where scores aren't those of classes, or not
    /// finite.
    package fileprivate(set) var answer: (predicted: Int, probability: Float)?
    /// −log Σ exp of the classes' scores, infinite where these aren't finite; `nil` without several classes.
    package fileprivate(set) var energy: Double?
    package fileprivate(set) var layers: [LayerReading] = []
    /// The means and peaks of cells that the readings were made of, one layer after another.
    package fileprivate(set) var cells: [Float] = []
    /// Whether all else that is answered with is finite, where the network is served.
    package var isRestFinite = true

    package init() {}

    /// Whether every number that was looked at is finite.
    package var isFinite: Bool { isRestFinite && output.allSatisfy(\.isFinite) && layers.allSatisfy(\.isFinite) }
  }

  package let layers: [WatchedLayer]
  package let layouts: [CellLayout]
  package let reader: OutputReader
  private let session: Session
  /// Where the answer and the cells are among the session's outputs.
  private let answerPlace: Int
  private let cellsPlace: Int
  /// Where the tensors that are given as they are lie among the session's outputs.
  private let givenPlaces: [Int]
  /// Where what the answer is made from lies there; only a self-test reads it.
  private let featuresPlace: Int?
  /// Where each layer's numbers lie among those of all. [layers]
  private let ranges: [Range<Int>]

  /// - Parameters:
  ///   - model: prepared as a survey says.
  ///   - readout: what is read of it.
  ///   - layers: at least one.
  ///   - given: tensors of the graph that are handed on as they are.
  /// - Throws: `Failure`, `OnnxRuntimeError` if the runtime refuses the graph, `GridError`.
  package init(
    model: Model, readout: Readout, layers: [WatchedLayer], giving given: [String] = [], runtime: Runtime,
    options: Session.Options
  ) throws {
    for layer in layers { try model.require(layer.tensor) }
    try model.require(readout.tensor)
    let features = model.lastFeatures(before: readout.tensor)
    let others = given.filter { $0 != readout.tensor }
    let (watched, outputs) = model.givingCells(
      of: layers.map(\.pool), reading: readout.tensor,
      alsoGiving: others + [features].compactMap(\.self).filter { !others.contains($0) })
    self.layers = layers
    layouts = try layers.map { layer in try CellLayout(layer) }
    ranges = CellLayout.ranges(layouts)
    reader = try OutputReader(readout)
    session = try Session(runtime: runtime, model: watched.serialized(), options: options)
    answerPlace = session.outputNames.firstIndex(of: outputs.read)!
    cellsPlace = session.outputNames.firstIndex(of: outputs.cells)!
    givenPlaces = given.map { [session] name in session.outputNames.firstIndex(of: name)! }
    featuresPlace = features.flatMap { [session] name in session.outputNames.firstIndex(of: name) }
  }

  /// The names of the inputs that a pass needs.
  package var inputNames: [String] { session.inputNames }

  /// Runs some stimuli as one batch. Cost: one forward pass.
  ///
  /// - Throws: `Failure` (`badInput`) if what the network gives is of another shape than the watched layers are, which is what
  ///   inputs of another size do.
  package func observe(_ feed: StimulusFeed, rows: [Int]) throws -> [Observation] {
    try observe(feed.tensors(session.inputNames, rows: rows), rows: rows.count)
  }

  /// The same for inputs in the order of `inputNames`.
  package func observe(_ inputs: [Tensor], rows: Int) throws -> [Observation] {
    try observations(session.run(inputs), rows)
  }

  /// The same, with the tensors that are given as they are. - Returns: `given` in the order of the initialiser's.
  package func answer(_ inputs: [Tensor], rows: Int) throws -> (observations: [Observation], given: [Tensor]) {
    let tensors = try session.run(inputs)
    return (try observations(tensors, rows), givenPlaces.map { tensors[$0] })
  }

  /// All that a pass shows, for a self-test: the answer, the cells, and what the answer is made from.
  func bits(_ inputs: [Tensor]) throws -> [UInt8] {
    let tensors = try session.run(inputs)
    return ([answerPlace, cellsPlace] + [featuresPlace].compactMap(\.self)).flatMap { tensors[$0].withBytes { Array($0) } }
  }

  /// Whether a second pass shows the same to the bit. Cost: two passes.
  func isRepeatable(_ inputs: [Tensor]) throws -> Bool { try bits(inputs) == bits(inputs) }

  private func observations(_ tensors: [Tensor], _ rows: Int) throws -> [Observation] {
    let (answer, numbers) = (tensors[answerPlace], tensors[cellsPlace])
    try check(answer, rows * reader.readout.shape.reduce(1, *), rows, "\"\(reader.readout.tensor)\"")
    try check(numbers, rows * ranges[ranges.count - 1].upperBound, rows, "the watched layers' cells")
    // The slices are of the tensors' own memory.
    defer { withExtendedLifetime((answer, numbers)) {} }
    return (0..<rows).map { row in
      let output = slice(answer, row, rows)
      let cells = slice(numbers, row, rows)
      // A reference reads all stimuli alike.
      let said = reader.saysClasses && output.allSatisfy(\.isFinite) ? reader.answer(output, stimulus: 0) : nil
      var observation = Observation()
      observation.output = Array(output)
      observation.answer = said
      observation.energy = reader.hasClasses ? said.map { reader.energy(output, answer: $0, stimulus: 0) } ?? .infinity : nil
      observation.layers = layouts.indices.map {
        LayerReading(UnsafeBufferPointer(rebasing: cells[ranges[$0]]), layout: layouts[$0])
      }
      observation.cells = Array(cells)
      return observation
    }
  }

  private func slice(_ tensor: Tensor, _ row: Int, _ rows: Int) -> UnsafeBufferPointer<Float> {
    let width = tensor.count / rows
    return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(tensor.floats)[row * width..<(row + 1) * width])
  }

  private func check(_ tensor: Tensor, _ expected: Int, _ rows: Int, _ name: @autoclosure () -> String) throws(Failure) {
    guard tensor.count == expected else {
      throw Failure(
        .badInput,
        "\(name()) are \(tensor.count) numbers for \(rows) stimuli, and the reference knows \(expected): give stimuli of the size that the reference was learnt from"
      )
    }
  }
}

extension WatchedNetwork.Observation: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&output)
    var predicted = answer?.predicted ?? -1
    var probability = [answer?.probability ?? 0]
    try coder.code(&predicted)
    try coder.code(&probability)
    guard probability.count == 1 else { throw MessageError() }
    answer = predicted < 0 ? nil : (predicted, probability[0])
    try coder.code(&energy)
    try coder.code(&layers)
    try coder.code(&cells)
    var broken = isRestFinite ? 0 : 1
    try coder.code(&broken)
    isRestFinite = broken == 0
  }
}

extension CellLayout {
  /// Where the numbers of each layer's cells lie where those of all follow each other. [layers]
  package static func ranges(_ layouts: [CellLayout]) -> [Range<Int>] {
    var first = 0
    return layouts.map { layout in
      defer { first += layout.numberCount }
      return first..<first + layout.numberCount
    }
  }
}
