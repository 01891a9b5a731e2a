package import Grids
package import ModelGraph
package import OnnxRuntime

/// A network whose scanned layers can all be lesioned at once, one region each: a row of a batch is a pathway.
///
/// Batches have a fixed size, and the last one is padded, so that the last bits of a row don't depend on how many
/// there are.
///
/// Memory: one session of the whole network and the activations of a batch.
package final class PathwayLesion {
  /// Stands for no region: the layer stays intact.
  package static let intact = -1
  /// The number of a unit that is in no region, which no choice names.
  private static let outside = Int32.min

  /// A layer that is lesioned.
  package struct Layer: Sendable {
    package var tensor: String
    /// For a batch of one.
    package var shape: [Int]
    package var regions: RegionMap

    package init(tensor: String, shape: [Int], regions: RegionMap) {
      self.tensor = tensor
      self.shape = shape
      self.regions = regions
    }
  }

  private let session: Session
  private let batch: Int
  private let choices: [Tensor]

  /// - Parameters:
  ///   - output: the tensor that is read.
  ///   - replaces: whether lesioned units are replaced by something other than 0, given at each run.
  /// - Throws: `OnnxRuntimeError` if the runtime refuses the network.
  package init(
    model: Model, layers: [Layer], reading output: String, batch: Int, replaces: Bool, runtime: Runtime,
    session options: Session.Options
  ) throws {
    let lesionable = model.lesioningRegions(
      of: layers.map { layer in
        (layer.tensor, layer.shape, layer.regions.regionOfUnit.map { $0 == RegionMap.none ? Self.outside : Int32($0) })
      }, reading: output, replaces: replaces)
    var shapes: [String: [Int]] = [:]
    for (number, layer) in layers.enumerated() {
      shapes[Model.lesionInput(number)] = [batch] + layer.shape.dropFirst().map { _ in 1 }
      shapes[Model.replacementInput(number)] = [1] + layer.shape.dropFirst()
    }
    session = try Session(runtime: runtime, part: lesionable, shapes: shapes, options: options)
    self.batch = batch
    choices = try layers.map {
      try Tensor(
        runtime: runtime, shape: [batch] + $0.shape.dropFirst().map { _ in 1 }, elementType: ElementType.int32.rawValue)
    }
  }

  /// Runs pathways of one stimulus.
  ///
  /// Cost: one forward pass of the whole network a pathway.
  /// - Parameters:
  ///   - pathways: a region of each layer, or `intact`.
  ///   - replacements: what lesioned units become, a tensor a layer at a batch of one; empty if 0.
  ///   - read: turns the output of one row into its value.
  ///   - pause: called between two batches.
  /// - Throws: `OnnxRuntimeError`, `StimuliError`, and what `pause` throws.
  package func values(
    of pathways: [[Int]], replacements: [Tensor], feed: ConnectionTracer.Feed, pause: () throws -> Void,
    read: (UnsafeBufferPointer<Float>) -> Float
  ) throws -> [Float] {
    let own = Set(choices.indices.flatMap { [Model.lesionInput($0), Model.replacementInput($0)] })
    let names = session.inputNames.filter { !own.contains($0) }
    var tensors = Dictionary(uniqueKeysWithValues: zip(names, try feed(names, batch)))
    for (layer, choice) in choices.enumerated() { tensors[Model.lesionInput(layer)] = choice }
    for (layer, tensor) in replacements.enumerated() { tensors[Model.replacementInput(layer)] = tensor }
    let inputs = session.inputNames.map { tensors[$0]! }
    var values: [Float] = []
    for start in stride(from: 0, to: pathways.count, by: batch) {
      for row in 0..<batch {
        let pathway = pathways[min(start + row, pathways.count - 1)]
        precondition(pathway.count == choices.count, "a pathway has a region for each layer")
        for (layer, region) in pathway.enumerated() {
          choices[layer].bytes.storeBytes(of: Int32(region), toByteOffset: row * 4, as: Int32.self)
        }
      }
      let output = try session.run(inputs)[0]
      let width = output.count / batch
      withExtendedLifetime(output) {
        for row in 0..<min(batch, pathways.count - start) {
          values.append(read(UnsafeBufferPointer(rebasing: output.floats[(row * width)..<((row + 1) * width)])))
        }
      }
      try pause()
    }
    return values
  }
}
