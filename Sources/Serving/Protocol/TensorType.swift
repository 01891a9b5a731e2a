import ModelGraph

/// The Open Inference Protocol's names of element types.
enum TensorType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  case float16 = "FP16"
  case float32 = "FP32"
  case float64 = "FP64"
  case bfloat16 = "BF16"

  /// `nil` for types that the protocol has no name of.
  init?(_ type: ElementType) {
    guard let found = Self.allCases.first(where: { $0.elementType == type }) else { return nil }
    self = found
  }

  var elementType: ElementType {
    switch self {
    case .bool: .bool
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .float16: .float16
    case .float32: .float
    case .float64: .double
    case .bfloat16: .bfloat16
    }
  }

  /// Bytes of an element.
  var size: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Whether JSON may hold it: the protocol has no numbers of two bytes with a fraction there.
  var isInJSON: Bool { self != .float16 && self != .bfloat16 }

  /// Bytes of a tensor of the shape; `nil` where they can't be counted.
  func byteCount(_ shape: [Int]) -> Int? {
    var count = size
    for length in shape {
      guard length >= 0 else { return nil }
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      guard !overflows else { return nil }
      count = product
    }
    return count
  }

  /// Whether all numbers of a tensor are finite, as whole numbers always are.
  func areFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
    /// All bits of the exponent are set in infinity and NaN, and in nothing else.
    func lack<Word: FixedWidthInteger>(_ exponent: Word) -> Bool {
      for place in stride(from: 0, to: bytes.count, by: size) {
        if bytes.loadUnaligned(fromByteOffset: place, as: Word.self) & exponent == exponent { return false }
      }
      return true
    }
    return switch self {
    case .float16: lack(0x7C00 as UInt16)
    case .bfloat16: lack(0x7F80 as UInt16)
    case .float32: lack(0x7F80_0000 as UInt32)
    case .float64: lack(0x7FF0_0000_0000_0000 as UInt64)
    case .bool, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64: true
    }
  }
}
