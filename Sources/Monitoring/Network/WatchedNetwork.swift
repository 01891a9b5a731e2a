package import Lesion
package import ModelGraph
package import Networks
package import OnnxRuntime
import UserErrors

/// A network that tells, in the pass that answers, what its layers did.
package final class WatchedNetwork {
  /// What the network did with one stimulus.
  package struct Observation {
    /// The tensor that is read, for this stimulus.
    package let output: [Float]
    /// The class with the largest score and its probability; `nil` where scores aren't those of classes.
    package let answer: (predicted: Int, probability: Float)?
    package let layers: [LayerReading]
    /// The means over cells that the readings were made of, by layer.
    package let cells: [[Float]]

    /// Whether what was read of the layers and the answer is the same to the bit.
    package func hasSameBits(as other: Observation) -> Bool {
      func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }
      return bits(output) == bits(other.output) && cells.map(bits) == other.cells.map(bits)
    }

    /// Whether every number that was read is finite.
    package var isFinite: Bool { output.allSatisfy(\.isFinite) && layers.allSatisfy(\.isFinite) }
  }

  package let layers: [WatchedLayer]
  package let layouts: [CellLayout]
  package let reader: OutputReader
  private let session: Session
  private let outputs: [String]

  /// - Parameters:
  ///   - model: prepared as a survey says.
  ///   - readout: what is read of it.
  /// - Throws: `Failure`, `OnnxRuntimeError` if the runtime refuses the graph, `GridError`.
  package init(
    model: Model, readout: Readout, layers: [WatchedLayer], runtime: Runtime, options: Session.Options
  ) throws {
    for layer in layers { try model.require(layer.tensor) }
    try model.require(readout.tensor)
    let (watched, outputs) = model.givingCellMeans(of: layers.map(\.pool), reading: readout.tensor)
    self.layers = layers
    self.outputs = outputs
    layouts = try layers.map { layer in try CellLayout(layer) }
    reader = try OutputReader(readout)
    session = try Session(runtime: runtime, model: watched.serialized(), options: options)
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
    let tensors = try session.run(inputs)
    // A tensor that is asked for twice is an output once.
    let byName = Dictionary(zip(session.outputNames, tensors), uniquingKeysWith: { first, _ in first })
    let answer = byName[outputs[0]]!
    try check(answer, rows, reader.readout.shape, reader.readout.tensor)
    for (layer, name) in zip(layers, outputs.dropFirst()) {
      try check(byName[name]!, rows, Array(layer.pool.pooledShape.dropFirst()), layer.tensor)
    }
    return (0..<rows).map { row in
      let output = slice(answer, row, rows)
      let cells = outputs.dropFirst().map { slice(byName[$0]!, row, rows) }
      return Observation(
        output: Array(output), answer: reader.hasClasses ? reader.answer(output) : nil,
        layers: zip(cells, layouts).map { LayerReading($0, layout: $1) }, cells: cells.map(Array.init))
    }
  }

  private func slice(_ tensor: Tensor, _ row: Int, _ rows: Int) -> UnsafeBufferPointer<Float> {
    let width = tensor.count / rows
    return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(tensor.floats)[row * width..<(row + 1) * width])
  }

  private func check(_ tensor: Tensor, _ rows: Int, _ shape: [Int], _ name: String) throws(Failure) {
    guard tensor.shape.reduce(1, *) == rows * shape.reduce(1, *) else {
      throw Failure(
        .badInput,
        "\"\(name)\" has shape \(tensor.shape) for \(rows) stimuli, and the reference knows it with \(shape) for each: give stimuli of the size that the reference was learnt from"
      )
    }
  }
}
