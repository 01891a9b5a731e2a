internal import FoundationEssentials

/// Leaves the large weights of an ONNX file where they are.
///
/// A weight that is stored inside of the file becomes one that is stored outside, in the file itself: no process holds it,
/// the runtime maps it, and cuts of the model refer to it instead of carrying it. It works on the encoded messages, since
/// decoding them would copy the weights.
struct WeightsInPlace {
  /// Field numbers of the ONNX messages.
  private enum Field {
    static let graph: UInt64 = 7
    static let initializer: UInt64 = 5
    static let rawData: UInt64 = 9
    static let externalData: UInt64 = 13
    static let dataLocation: UInt64 = 14
    static let key: UInt64 = 1
    static let value: UInt64 = 2
  }

  /// One field of an encoded message.
  private struct Part {
    let number: UInt64
    /// The field with its tag.
    let whole: Range<Int>
    /// What it holds, if that is bytes, text or a message.
    let content: Range<Int>?
  }

  private let data: Data
  private let fileName: String
  private let least: Int

  /// - Parameters:
  ///   - data: the file, mapped.
  ///   - fileName: its name, which is its path relative to the model's folder.
  ///   - least: weights of fewer bytes stay inside.
  init(_ data: Data, fileName: String, least: Int) {
    self.data = data
    self.fileName = fileName
    self.least = least
  }

  /// The model without its large weights; `nil` if the file isn't encoded as expected, which decoding will tell better.
  ///
  /// Cost: a copy of all but the weights.
  func model() -> Data? {
    rewrite(data.startIndex..<data.endIndex) { part in
      guard part.number == Field.graph, let graph = part.content else { return .some(nil) }
      let inner = rewrite(graph) { part in
        guard part.number == Field.initializer, let tensor = part.content else { return .some(nil) }
        return weight(tensor)
      }
      return inner.map { Self.field(part.number, $0) }
    }
  }

  /// The weight with a reference in place of its values; `.some(nil)` to leave it as it is, `nil` if it is malformed.
  private func weight(_ range: Range<Int>) -> Data?? {
    guard let parts = parts(range) else { return nil }
    guard let values = parts.first(where: { $0.number == Field.rawData })?.content, values.count >= least,
      !parts.contains(where: { $0.number == Field.dataLocation })
    else { return .some(nil) }
    var tensor = Data()
    for part in parts where part.number != Field.rawData { tensor.append(data[part.whole]) }
    for (key, value) in [
      ("location", fileName), ("offset", String(values.lowerBound - data.startIndex)), ("length", String(values.count)),
    ] {
      tensor.append(
        Self.field(
          Field.externalData, Self.field(Field.key, Data(key.utf8)) + Self.field(Field.value, Data(value.utf8))))
    }
    tensor.append(Self.varint(Field.dataLocation << 3) + Self.varint(1))
    return Self.field(Field.initializer, tensor)
  }

  /// Copies a message with some of its fields replaced.
  ///
  /// - Parameter replacement: the field, encoded; `.some(nil)` for the one that is there, `nil` to give up.
  private func rewrite(_ range: Range<Int>, _ replacement: (Part) -> Data??) -> Data? {
    guard let parts = parts(range) else { return nil }
    var result = Data()
    for part in parts {
      guard let new = replacement(part) else { return nil }
      result.append(new ?? data[part.whole])
    }
    return result
  }

  private func parts(_ range: Range<Int>) -> [Part]? {
    var parts: [Part] = []
    var offset = range.lowerBound
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard offset < range.upperBound else { return nil }
        let byte = data[offset]
        offset += 1
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    while offset < range.upperBound {
      let start = offset
      guard let tag = varint() else { return nil }
      var content: Range<Int>?
      switch tag & 7 {
      case 0:
        guard varint() != nil else { return nil }
      case 1:
        offset += 8
      case 2:
        guard let length = varint(), length <= UInt64(range.upperBound - offset) else { return nil }
        content = offset..<(offset + Int(length))
        offset += Int(length)
      case 5:
        offset += 4
      default:
        return nil
      }
      guard offset <= range.upperBound else { return nil }
      parts.append(Part(number: tag >> 3, whole: start..<offset, content: content))
    }
    return parts
  }

  private static func field(_ number: UInt64, _ content: Data) -> Data {
    varint(number << 3 | 2) + varint(UInt64(content.count)) + content
  }

  private static func varint(_ value: UInt64) -> Data {
    var bytes = Data()
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }
}
