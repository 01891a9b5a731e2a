/// A tensor's numbers as JSON has them: one list, or lists of lists, in the order of memory.
struct TensorNumbers: Sendable {
  /// Lists within lists.
  private static let deepest = 16

  let bytes: [UInt8]

  /// Reads the numbers of a type. What has more bytes than it should is refused before it is read to its end.
  ///
  /// - Throws: `DecodingError`, or `ProtocolError` for too many numbers.
  init(_ container: inout any UnkeyedDecodingContainer, type: TensorType, byteCount: Int) throws {
    func read<Element: Decodable>(_ element: Element.Type) throws -> [UInt8] {
      var numbers: [Element] = []
      try Self.collect(&container, into: &numbers, most: byteCount / type.size, depth: 0)
      return numbers.withUnsafeBytes(Array.init)
    }
    bytes =
      switch type {
      case .bool: try read(Bool.self)
      case .uint8: try read(UInt8.self)
      case .uint16: try read(UInt16.self)
      case .uint32: try read(UInt32.self)
      case .uint64: try read(UInt64.self)
      case .int8: try read(Int8.self)
      case .int16: try read(Int16.self)
      case .int32: try read(Int32.self)
      case .int64: try read(Int64.self)
      case .float32: try read(Float.self)
      case .float64: try read(Double.self)
      case .float16, .bfloat16:
        throw ProtocolError("\(type.rawValue) can't be written in JSON: send it as a binary tensor")
      }
  }

  private static func collect<Element: Decodable>(
    _ container: inout any UnkeyedDecodingContainer, into numbers: inout [Element], most: Int, depth: Int
  ) throws {
    guard depth < deepest else { throw ProtocolError("\"data\" has lists within lists beyond \(deepest)") }
    var isNested: Bool?
    while !container.isAtEnd {
      if isNested == nil, let number = try? container.decode(Element.self) {
        isNested = false
        numbers.append(number)
      } else if isNested == false {
        numbers.append(try container.decode(Element.self))
      } else {
        isNested = true
        var inner = try container.nestedUnkeyedContainer()
        try collect(&inner, into: &numbers, most: most, depth: depth + 1)
      }
      guard numbers.count <= most else { throw ProtocolError("\"data\" has more numbers than \"shape\" says") }
    }
  }
}

/// A tensor as JSON's numbers. What isn't finite, for which JSON has no number, is `null`.
struct WrittenNumbers: Encodable {
  let type: TensorType
  let bytes: [UInt8]

  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    func write<Element: Encodable>(_ element: Element.Type) throws {
      for place in stride(from: 0, to: bytes.count, by: type.size) {
        try container.encode(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Element.self) })
      }
    }
    func writeFinite<Element: Encodable & BinaryFloatingPoint>(_ element: Element.Type) throws {
      for place in stride(from: 0, to: bytes.count, by: type.size) {
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Element.self) }
        if number.isFinite { try container.encode(number) } else { try container.encodeNil() }
      }
    }
    switch type {
    case .bool: for byte in bytes { try container.encode(byte != 0) }
    case .uint8: try write(UInt8.self)
    case .uint16: try write(UInt16.self)
    case .uint32: try write(UInt32.self)
    case .uint64: try write(UInt64.self)
    case .int8: try write(Int8.self)
    case .int16: try write(Int16.self)
    case .int32: try write(Int32.self)
    case .int64: try write(Int64.self)
    case .float32: try writeFinite(Float.self)
    case .float64: try writeFinite(Double.self)
    case .float16, .bfloat16: preconditionFailure("\(type.rawValue) isn't written in JSON")
    }
  }
}
