internal import FoundationEssentials

/// What a file of results holds.
enum FileContent {
  case bytes([UInt8])
  case text(String)
  case json(JSONValue)

  /// JSON with its keys in order, so that equal results give equal bytes.
  func encoded() throws -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .text(let text): return Array(text.utf8)
    case .json(let value):
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
  }
}
