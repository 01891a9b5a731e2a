import ModelGraph
import Monitoring

/// What a served model takes and gives.
struct ModelSignature: Sendable {
  struct Input: Sendable {
    let served: ServedInput
    let type: TensorType
  }

  struct Output: Sendable {
    let name: String
    let type: TensorType
    /// As declared; −1 for lengths that are free.
    let shape: [Int]
  }

  let name: String
  let inputs: [Input]
  /// Names of inputs that no output depends on: requests may have them.
  let unread: Set<String>
  let outputs: [Output]
  /// Whether stimuli of several requests, or several of one, can be run in one pass.
  let joins: Bool

  /// - Throws: `ProtocolError` for an input of a type that the protocol has no name of.
  init(name: String, _ model: MonitoredModel) throws(ProtocolError) {
    self.name = name
    var inputs: [Input] = []
    for served in model.servedInputs {
      guard let type = TensorType(served.elementType) else {
        throw ProtocolError("the model's input \"\(served.name)\" is of \(served.elementType), which can't be sent")
      }
      inputs.append(Input(served: served, type: type))
    }
    self.inputs = inputs
    unread = Set(model.unreadInputs)
    outputs = model.servedOutputs.compactMap { port in
      TensorType(port.elementType).map { type in
        Output(
          name: port.name, type: type,
          shape: port.dimensions?.map { if case .fixed(let length) = $0 { length } else { -1 } } ?? [-1])
      }
    }
    joins = model.joinsRequests()
  }

  /// Numbers of all inputs of a stimulus; `nil` where their lengths are free, or too long to be counted.
  var elements: Int? {
    var sum = 0
    for input in inputs {
      guard let shape = input.served.shape, !shape.contains(nil), let bytes = input.type.byteCount(shape.compactMap(\.self))
      else {
        return nil
      }
      let (total, overflows) = sum.addingReportingOverflow(bytes / input.type.size)
      guard !overflows else { return nil }
      sum = total
    }
    return sum
  }

  /// As `/v2/models/NAME` tells it.
  var metadata: Metadata {
    Metadata(
      name: name, versions: ["1"], platform: "onnxruntime_onnx",
      inputs: inputs.map { input in
        var shape = input.served.shape?.map { $0 ?? -1 } ?? [-1]
        if joins, let axis = input.served.batchAxis { shape[axis] = -1 }
        return Metadata.Tensor(name: input.served.name, datatype: input.type.rawValue, shape: shape)
      }, outputs: outputs.map { Metadata.Tensor(name: $0.name, datatype: $0.type.rawValue, shape: $0.shape) })
  }

  struct Metadata: Encodable, Sendable {
    struct Tensor: Encodable, Sendable {
      let name: String
      let datatype: String
      let shape: [Int]
    }

    let name: String
    let versions: [String]
    let platform: String
    let inputs: [Tensor]
    let outputs: [Tensor]
  }
}
