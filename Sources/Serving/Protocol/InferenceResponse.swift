internal import FoundationEssentials

/// A parameter of a response: the protocol allows truth values, numbers and text.
enum ParameterValue: Encodable, Sendable {
  case flag(Bool)
  case number(Double)
  case count(Int)
  case text(String)

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .flag(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .count(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    }
  }
}

/// The answer to a request.
struct InferenceResponse: Sendable {
  struct Tensor: Sendable {
    let name: String
    let type: TensorType
    let shape: [Int]
    let bytes: [UInt8]
    let isBinary: Bool
  }

  let model: String
  let id: String?
  let parameters: [String: ParameterValue]
  let outputs: [Tensor]

  /// As it is sent: JSON, and tensors in binary behind it where they are wanted so.
  var response: ServedResponse {
    let json = ServedResponse.json(
      Content(
        model_name: model, model_version: "1", id: id, parameters: parameters,
        outputs: outputs.map { tensor in
          Content.Output(
            name: tensor.name, datatype: tensor.type.rawValue, shape: tensor.shape,
            parameters: tensor.isBinary ? ["binary_data_size": tensor.bytes.count] : nil,
            data: tensor.isBinary ? nil : WrittenNumbers(type: tensor.type, bytes: tensor.bytes))
        }))
    let binary = outputs.filter(\.isBinary)
    guard !binary.isEmpty else { return ServedResponse(body: json) }
    return ServedResponse(
      200, "application/octet-stream", headers: [("Inference-Header-Content-Length", "\(json.count)")],
      body: json + binary.flatMap(\.bytes))
  }

  private struct Content: Encodable {
    struct Output: Encodable {
      let name: String
      let datatype: String
      let shape: [Int]
      let parameters: [String: Int]?
      let data: WrittenNumbers?
    }

    let model_name: String
    let model_version: String
    let id: String?
    let parameters: [String: ParameterValue]
    let outputs: [Output]
  }
}
