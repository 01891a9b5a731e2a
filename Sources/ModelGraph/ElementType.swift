/// The element type of a tensor, by its number in the ONNX format (`TensorProto.DataType`).
package struct ElementType: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// The type of what is no tensor: sequences, maps, optional values.
  package static let noTensor = ElementType(rawValue: 0)
  package static let float = ElementType(rawValue: 1)
  package static let uint8 = ElementType(rawValue: 2)
  package static let int8 = ElementType(rawValue: 3)
  package static let uint16 = ElementType(rawValue: 4)
  package static let int16 = ElementType(rawValue: 5)
  package static let int32 = ElementType(rawValue: 6)
  package static let int64 = ElementType(rawValue: 7)
  package static let string = ElementType(rawValue: 8)
  package static let bool = ElementType(rawValue: 9)
  package static let float16 = ElementType(rawValue: 10)
  package static let double = ElementType(rawValue: 11)
  package static let uint32 = ElementType(rawValue: 12)
  package static let uint64 = ElementType(rawValue: 13)
  package static let bfloat16 = ElementType(rawValue: 16)

  /// Bytes of an element; `nil` where there is no fixed number.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64: 8
    default: nil
    }
  }

  package var isFloat: Bool {
    self == .float || self == .float16 || self == .double || self == .bfloat16
  }
}

extension ElementType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noTensor: "no tensor"
    case .float: "float32"
    case .uint8: "uint8"
    case .int8: "int8"
    case .uint16: "uint16"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .string: "string"
    case .bool: "bool"
    case .float16: "float16"
    case .double: "float64"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .bfloat16: "bfloat16"
    default: "ONNX type \(rawValue)"
    }
  }
}
