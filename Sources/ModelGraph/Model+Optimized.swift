internal import FoundationEssentials
internal import SwiftProtobuf

/// A stretch of a file of weights.
package struct WeightRange: Sendable, Hashable {
  package var offset: Int
  package var length: Int

  package init(offset: Int, length: Int) {
    self.offset = offset
    self.length = length
  }
}

/// Moves the weights of a model that ONNX Runtime wrote to another file.
///
/// - Parameters:
///   - bytes: a model whose large weights lie in one file outside of it, which may hold them in the forms that kernels
///     want as well (`prepacked_N` entries: `KEY|OFFSET;LENGTH;CHECKSUM`, repeated after a `|`).
///   - location: the new file, relative to the model's folder.
///   - move: puts a stretch of the old file into the new one, and returns where it lies there.
/// - Returns: the model, serialized.
/// - Throws: what `move` throws, and `ModelGraphError` for bytes that are no model or an entry that isn't understood.
package func relocatingWeights(
  _ bytes: [UInt8], to location: String, move: (WeightRange) throws -> Int
) throws -> [UInt8] {
  func unreadable(_ text: String) -> ModelGraphError {
    ModelGraphError(.badInput, "the optimised model has an entry of external data that isn't understood: \(text)")
  }
  func number(_ text: some StringProtocol) throws -> Int {
    guard let number = Int(text), number >= 0 else { throw unreadable(String(text)) }
    return number
  }
  func relocate(_ tensor: inout Onnx_TensorProto) throws {
    guard tensor.dataLocation == .external else { return }
    let entries = Dictionary(tensor.externalData.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    let range = WeightRange(offset: try number(entries["offset"] ?? "0"), length: try number(entries["length"] ?? ""))
    for index in tensor.externalData.indices {
      let key = tensor.externalData[index].key
      switch key {
      case "location": tensor.externalData[index].value = location
      case "offset": tensor.externalData[index].value = String(try move(range))
      case "length": break
      default:
        guard key.hasPrefix("prepacked") else { throw unreadable(key) }
        var parts = tensor.externalData[index].value.split(separator: "|").map(String.init)
        for place in parts.indices.dropFirst() {
          let fields = parts[place].split(separator: ";").map(String.init)
          guard fields.count == 3 else { throw unreadable(parts[place]) }
          let moved = try move(WeightRange(offset: number(fields[0]), length: number(fields[1])))
          parts[place] = "\(moved);\(fields[1]);\(fields[2])"
        }
        tensor.externalData[index].value = parts.joined(separator: "|")
      }
    }
  }
  func relocate(_ graph: inout Onnx_GraphProto) throws {
    for index in graph.initializer.indices { try relocate(&graph.initializer[index]) }
    for node in graph.node.indices {
      for place in graph.node[node].attribute.indices {
        if graph.node[node].attribute[place].hasT { try relocate(&graph.node[node].attribute[place].t) }
        if graph.node[node].attribute[place].hasG { try relocate(&graph.node[node].attribute[place].g) }
        for inner in graph.node[node].attribute[place].graphs.indices {
          try relocate(&graph.node[node].attribute[place].graphs[inner])
        }
      }
    }
  }
  var model = try Onnx_ModelProto(serializedBytes: bytes)
  try relocate(&model.graph)
  return try model.serializedBytes()
}
