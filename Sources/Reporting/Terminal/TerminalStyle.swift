/// How text is set off in a terminal.
package enum TerminalStyle: Sendable {
  case plain
  /// With the sixteen colours that every colour terminal has, on whatever ground it has.
  case coloured

  enum Face: Int {
    case bold = 1
    case dim = 2
    case red = 31
    case blue = 34
  }

  func set(_ text: String, _ face: Face) -> String {
    self == .plain || text.isEmpty ? text : "\u{1B}[\(face.rawValue)m\(text)\u{1B}[0m"
  }
}
