extension Tensor {
  /// The elements as floats, whatever type of numbers they have: rounded where the type holds more digits.
  ///
  /// - Returns: `nil` for types that are no numbers of whole bytes.
  package func numbers() -> [Float]? {
    func converted<Element>(_ type: Element.Type, _ convert: (Element) -> Float) -> [Float] {
      UnsafeBufferPointer(start: UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: Element.self), count: count)
        .map(convert)
    }
    switch elementType {
    case 1: return Array(floats)
    case 2: return converted(UInt8.self) { Float($0) }
    case 3: return converted(Int8.self) { Float($0) }
    case 4: return converted(UInt16.self) { Float($0) }
    case 5: return converted(Int16.self) { Float($0) }
    case 6: return converted(Int32.self) { Float($0) }
    case 7: return converted(Int64.self) { Float($0) }
    case 9: return converted(UInt8.self) { Float($0) }
    case 10: return converted(UInt16.self) { Self.float(half: $0) }
    case 11: return converted(Double.self) { Float($0) }
    case 12: return converted(UInt32.self) { Float($0) }
    case 13: return converted(UInt64.self) { Float($0) }
    // A bfloat16 is the upper half of a float32.
    case 16: return converted(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    default: return nil
    }
  }

  /// IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
  static func float(half bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Float(bits & 0x3ff)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
