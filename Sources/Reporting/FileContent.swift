import Files
internal import FoundationEssentials
internal import Glibc

/// What a file of results holds.
enum FileContent {
  case bytes([UInt8])
  case text(String)
  /// Text whose parts are made one at a time, each being large.
  case parts([() -> String])
  case json(JSONValue)
  /// A JSON object whose members are made and encoded one at a time, each being large.
  case members([String: () -> JSONValue])

  /// Hands out the bytes in pieces, in their order. JSON has its keys in order, so that equal results give equal bytes.
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch self {
    case .bytes(let bytes): try bytes.withUnsafeBytes(body)
    case .text(var text): try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    case .parts(let parts):
      for make in parts {
        var part = make()
        try part.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
      }
    case .json(let value): try (Self.encode(value) + [UInt8(ascii: "\n")]).withUnsafeBytes(body)
    case .members(let members):
      var begin = "{\n"
      for (key, make) in members.sorted(by: { $0.key < $1.key }) {
        // An object of one member, less its braces, is a member as it stands in the whole object.
        let member = try Self.encode(.object([key: make()])).dropFirst(2).dropLast(2)
        try begin.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
        try member.withUnsafeBytes(body)
        begin = ",\n"
      }
      var end = members.isEmpty ? "{}\n" : "\n}\n"
      try end.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    }
  }

  /// Writes beside the file and renames, so that a reader never sees half of one.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  func write(to path: String) throws {
    let draft = draftPath(of: path)
    do {
      let file = try OpenFile(draft)
      var length = 0
      try forEachPiece { piece in
        try file.write(piece, at: length)
        length += piece.count
      }
      guard rename(draft, path) == 0 else { throw FileError.cannotWrite(draft) }
    } catch let error {
      let named = error is FileError ? FileError.cannotWrite(path, mend: "mend that and run the same command again") : error
      unlink(draft)
      throw named
    }
  }

  private static func encode(_ value: JSONValue) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}
