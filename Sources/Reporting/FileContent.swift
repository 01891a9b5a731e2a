internal import FoundationEssentials

/// What a file of results holds.
enum FileContent {
  case bytes([UInt8])
  case text(String)
  case json(JSONValue)
  /// A JSON object whose members are made and encoded one at a time, each being large.
  case members([String: () -> JSONValue])

  /// JSON with its keys in order, so that equal results give equal bytes.
  func encoded() throws -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .text(let text): return Array(text.utf8)
    case .json(let value): return try Self.encode(value) + [UInt8(ascii: "\n")]
    case .members(let members):
      var bytes: [UInt8] = []
      for (key, make) in members.sorted(by: { $0.key < $1.key }) {
        // An object of one member, less its braces, is a member as it stands in the whole object.
        bytes += Array((bytes.isEmpty ? "{\n" : ",\n").utf8)
        bytes += try Self.encode(.object([key: make()])).dropFirst(2).dropLast(2)
      }
      return bytes + Array((bytes.isEmpty ? "{}\n" : "\n}\n").utf8)
    }
  }

  private static func encode(_ value: JSONValue) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}
