internal import Mustache

/// What names that others chose may hold, in the formats that they are written in: models name tensors, users classes and groups.
///
/// Scalars are looked at, not characters: a quote with an accent upon it is one character, and none that a format knows.
enum TextFormats {
  /// A line of a table. What would end a field or a line is written as a space, since the format has no other way.
  static func tableLine(_ fields: [String]) -> String { fields.map(tableField).joined(separator: "\t") + "\n" }

  private static func tableField(_ field: String) -> String {
    guard field.utf8.contains(where: { $0 < 0x20 }) else { return field }
    var scalars = String.UnicodeScalarView()
    for scalar in field.unicodeScalars { scalars.append("\t\n\r".unicodeScalars.contains(scalar) ? " " : scalar) }
    return String(scalars)
  }

  /// Text or an attribute in quotes, of HTML.
  static func html(_ text: String) -> String {
    guard text.utf8.contains(where: "&<>\"'".utf8.contains) else { return text }
    return escaped(text)
  }

  /// The same of XML, which has neither control characters nor U+FFFE and U+FFFF.
  static func xml(_ text: String) -> String {
    // Most are numbers, of which there are many.
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0xEF || "&<>\"'".utf8.contains($0) }) else { return text }
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      scalars.append(scalar.value < 0x20 || [0xFFFE, 0xFFFF].contains(scalar.value) ? "\u{FFFD}" : scalar)
    }
    return escaped(String(scalars))
  }

  private static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// A field of CSV, as RFC 4180 has it: in quotes where it holds a comma, a quote or the end of a line.
  static func csvField(_ field: String) -> String {
    guard field.utf8.contains(where: ",\"\n\r".utf8.contains) else { return field }
    var quoted = String.UnicodeScalarView()
    for scalar in field.unicodeScalars { quoted.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
    return "\"\(String(quoted))\""
  }
}

/// How Mustache escapes what it puts into a page.
struct PageText: MustacheContentType {
  func escapeText(_ text: String) -> String { TextFormats.html(text) }
}
