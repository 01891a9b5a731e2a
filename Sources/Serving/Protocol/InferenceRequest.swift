internal import FoundationEssentials
import Monitoring

/// A request for answers: the Open Inference Protocol's, in JSON or with tensors in binary behind it.
///
/// Sources: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol, Triton's extension
/// "binary tensor data".
struct InferenceRequest: Sendable {
  struct Output: Sendable {
    /// Its number in the model's signature.
    let number: Int
    let isBinary: Bool
  }

  let id: String?
  /// In the signature's order: shape and bytes.
  let inputs: [(shape: [Int], bytes: ArraySlice<UInt8>)]
  let outputs: [Output]
  /// How many stimuli it has.
  let rows: Int

  /// Reads a request's body. Every length is checked against what came before anything is made of it.
  ///
  /// - Parameter jsonLength: what the header Inference-Header-Content-Length says; `nil` for a body of JSON alone.
  /// - Throws: `ProtocolError` with what is wrong.
  init(_ body: [UInt8], jsonLength: String?, signature: ModelSignature) throws(ProtocolError) {
    var length = body.count
    if let jsonLength {
      guard let given = Int(jsonLength), given > 0, given <= body.count else {
        throw ProtocolError("the header Inference-Header-Content-Length isn't a length within the body")
      }
      length = given
    }
    let content = try Content(json: body[..<length])
    id = content.id
    let tensors = try Self.tensors(content.inputs, binary: body[length...])
    var inputs: [(shape: [Int], bytes: ArraySlice<UInt8>)] = []
    var rows: Int?
    for input in signature.inputs {
      guard let place = content.inputs.firstIndex(where: { $0.name == input.served.name }) else {
        throw ProtocolError("the model's input \"\(input.served.name)\" is missing")
      }
      let given = content.inputs[place]
      guard given.type == input.type else {
        throw ProtocolError("input \"\(given.name)\" is \(input.type.rawValue), not \(given.type.rawValue)")
      }
      guard let count = input.served.stimuli(in: given.shape) else {
        throw ProtocolError(
          "input \"\(given.name)\" has the shape \(given.shape), and the model takes \(Self.described(input.served))")
      }
      if input.served.batchAxis != nil {
        guard rows == nil || rows == count else { throw ProtocolError("the inputs differ in how many stimuli they have") }
        rows = count
      }
      inputs.append((given.shape, tensors[place]))
    }
    if let extra = content.inputs.first(where: { given in
      !signature.inputs.contains { $0.served.name == given.name } && !signature.unread.contains(given.name)
    }) {
      throw ProtocolError("the model has no input \"\(extra.name)\"; it has \(signature.inputs.map(\.served.name))")
    }
    guard rows ?? 1 == 1 || signature.joins else {
      throw ProtocolError("this model is run on one stimulus at a time: send one a request")
    }
    self.inputs = inputs
    self.rows = rows ?? 1
    outputs = try Self.outputs(content, signature)
  }

  private static func described(_ input: ServedInput) -> String {
    "[" + (input.shape ?? []).map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
      + (input.batchAxis.map { " with axis \($0) for stimuli" } ?? "")
  }

  /// The bytes of each input, those of JSON and those behind it.
  private static func tensors(_ inputs: [Content.Input], binary: ArraySlice<UInt8>) throws(ProtocolError) -> [ArraySlice<UInt8>] {
    var rest = binary
    var tensors: [ArraySlice<UInt8>] = []
    var names: Set<String> = []
    for input in inputs {
      guard names.insert(input.name).inserted else { throw ProtocolError("input \"\(input.name)\" is there twice") }
      switch (input.numbers, input.binarySize) {
      case (let numbers?, nil):
        guard numbers.bytes.count == input.byteCount else {
          throw ProtocolError("input \"\(input.name)\" has fewer numbers than its shape \(input.shape) says")
        }
        tensors.append(numbers.bytes[...])
      case (nil, let size?):
        guard size == input.byteCount else {
          throw ProtocolError(
            "input \"\(input.name)\" has \(size) bytes, and its shape \(input.shape) needs \(input.byteCount)")
        }
        guard size <= rest.count else { throw ProtocolError("the body ends within input \"\(input.name)\"") }
        tensors.append(rest.prefix(size))
        rest = rest.dropFirst(size)
      default: throw ProtocolError("input \"\(input.name)\" needs either \"data\" or the parameter \"binary_data_size\"")
      }
    }
    guard rest.isEmpty else { throw ProtocolError("the body has \(rest.count) bytes more than its inputs") }
    return tensors
  }

  private static func outputs(_ content: Content, _ signature: ModelSignature) throws(ProtocolError) -> [Output] {
    let areBinary = content.parameters?["binary_data_output"]?.flag ?? false
    var outputs: [Output] = []
    for output in content.outputs ?? signature.outputs.map({ Content.Output(name: $0.name, parameters: nil) }) {
      guard let number = signature.outputs.firstIndex(where: { $0.name == output.name }) else {
        throw ProtocolError("the model has no output \"\(output.name)\"; it has \(signature.outputs.map(\.name))")
      }
      guard !outputs.contains(where: { $0.number == number }) else {
        throw ProtocolError("output \"\(output.name)\" is wanted twice")
      }
      if let unknown = output.parameters?.keys.first(where: { $0 != "binary_data" }) {
        throw ProtocolError("output \"\(output.name)\" has the parameter \"\(unknown)\", which isn't known here")
      }
      let isBinary = output.parameters?["binary_data"]?.flag ?? areBinary
      guard isBinary || signature.outputs[number].type.isInJSON else {
        throw ProtocolError(
          "output \"\(output.name)\" is \(signature.outputs[number].type.rawValue), which can't be written in JSON: ask for it with \"binary_data\""
        )
      }
      outputs.append(Output(number: number, isBinary: isBinary))
    }
    return outputs
  }
}

extension InferenceRequest {
  /// The JSON.
  fileprivate struct Content: Decodable {
    struct Input: Decodable {
      private enum Key: String, CodingKey { case name, shape, datatype, parameters, data }

      let name: String
      let shape: [Int]
      let type: TensorType
      let byteCount: Int
      let numbers: TensorNumbers?
      let binarySize: Int?

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        name = try container.decode(String.self, forKey: .name)
        shape = try container.decode([Int].self, forKey: .shape)
        let datatype = try container.decode(String.self, forKey: .datatype)
        guard let type = TensorType(rawValue: datatype) else {
          throw ProtocolError("input \"\(name)\" is of type \"\(datatype)\", which isn't known here")
        }
        self.type = type
        guard shape.count <= 16, let byteCount = type.byteCount(shape) else {
          throw ProtocolError("input \"\(name)\" has an impossible shape")
        }
        self.byteCount = byteCount
        let parameters = try container.decodeIfPresent([String: Parameter].self, forKey: .parameters)
        binarySize = parameters?["binary_data_size"]?.number
        if container.contains(.data) {
          var list: any UnkeyedDecodingContainer = try container.nestedUnkeyedContainer(forKey: .data)
          numbers = try TensorNumbers(&list, type: type, byteCount: byteCount)
        } else {
          numbers = nil
        }
      }
    }

    struct Output: Decodable {
      let name: String
      let parameters: [String: Parameter]?
    }

    let id: String?
    let parameters: [String: Parameter]?
    let inputs: [Input]
    let outputs: [Output]?

    init(json: ArraySlice<UInt8>) throws(ProtocolError) {
      do {
        self = try JSONDecoder().decode(Content.self, from: Data(json))
      } catch let error as ProtocolError {
        throw error
      } catch let error as DecodingError {
        throw ProtocolError("the request isn't as the protocol has it: \(error.sentence)")
      } catch {
        throw ProtocolError("the request isn't JSON")
      }
    }
  }

  /// A parameter's value: a truth value, a whole number, or what isn't looked at.
  fileprivate struct Parameter: Decodable {
    let flag: Bool?
    let number: Int?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      flag = try? container.decode(Bool.self)
      number = try? container.decode(Int.self)
    }
  }
}

extension DecodingError {
  /// Where and what, in a few words.
  fileprivate var sentence: String {
    func place(_ context: Context) -> String {
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
      return path.isEmpty ? "" : " at \(path.hasPrefix(".") ? String(path.dropFirst()) : path)"
    }
    return switch self {
    case .keyNotFound(let key, let context): "\"\(key.stringValue)\" is missing\(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context): "another kind of value\(place(context))"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "it isn't JSON" : "a value that doesn't fit\(place(context))"
    @unknown default: "it can't be read"
    }
  }
}
