package import Arrays
import Foundation
package import ModelGraph
package import Stimuli

/// A network small enough to be computed by hand, with stimuli that fit it.
package struct SmallNetwork: Sendable, CustomStringConvertible {
  /// What one input is given: its name, its shape without the batch axis, and what kind of numbers.
  struct Input: Sendable {
    let name: String
    let shape: [Int]
    /// Whole numbers below this; `nil` for real numbers.
    var tokens: Int?
    /// How real numbers are spread around 0.
    var scale: Float = 1
  }

  package let name: String
  package let proto: Onnx_ModelProto
  let inputs: [Input]
  let seed: UInt64

  package var description: String { name }

  package var model: Model { Model(proto: proto, label: name + ".onnx") }

  /// Stimuli, the same for the same number: the first ones don't depend on how many follow.
  package func arrays(_ count: Int) -> [(name: String, array: NumericArray)] {
    inputs.enumerated().map { number, input in
      let size = input.shape.reduce(1, *)
      var random = WeightGenerator(seed: seed &+ 1000 &+ UInt64(number))
      if let tokens = input.tokens {
        let values = (0..<count * size).map { _ in Int64.random(in: 0..<Int64(tokens), using: &random) }
        return (input.name, NumericArray(shape: [count] + input.shape, int64: values))
      }
      return (
        input.name,
        NumericArray(shape: [count] + input.shape, floats: random.floats(count * size, scale: input.scale))
      )
    }
  }

  package func stimuli(_ count: Int, labels: [Int]? = nil) throws -> StimulusSet {
    try StimulusSet(
      arrays(count).map { (Optional($0.name), $0.array) }, labels: labels, description: "stimuli of \(name)")
  }

  /// Writes the model and some stimuli as files.
  ///
  /// - Parameter weightsApart: whether the weights lie in a file of their own beside the model.
  package func write(
    to folder: TemporaryFolder, stimuli count: Int, labels: [Int]? = nil, weightsApart: Bool = false
  ) throws -> Files {
    var model = model
    if weightsApart {
      let (apart, weights) = movingWeights(to: name + ".weights")
      model = Model(proto: apart, label: name + ".onnx")
      _ = folder.file(name + ".weights", weights)
    }
    let files = Files(model: folder.file(name + ".onnx", try model.serialized()), data: folder.path(name + ".npz"))
    var arrays = arrays(count)
    if let labels { arrays.append(("labels", NumericArray(shape: [labels.count], int64: labels.map(Int64.init)))) }
    try writeNPZ(arrays, to: files.data)
    return files
  }

  private func movingWeights(to file: String) -> (proto: Onnx_ModelProto, weights: [UInt8]) {
    var (proto, weights) = (proto, [UInt8]())
    // Shapes and such have to be known when the graph is read.
    for index in proto.graph.initializer.indices
    where proto.graph.initializer[index].dataType == ElementType.float.rawValue {
      let bytes = proto.graph.initializer[index].rawData
      proto.graph.initializer[index].clearRawData()
      proto.graph.initializer[index].dataLocation = .external
      proto.graph.initializer[index].externalData = [
        ("location", file), ("offset", "\(weights.count)"), ("length", "\(bytes.count)"),
      ].map { key, value in
        var entry = Onnx_StringStringEntryProto()
        (entry.key, entry.value) = (key, value)
        return entry
      }
      weights += bytes
    }
    return (proto, weights)
  }

  package struct Files: Sendable {
    package let model: String
    package let data: String

    /// The options that name them.
    package var options: [String] { ["--model", model, "--data", data] }
  }
}
