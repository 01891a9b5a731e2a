/// A layer's tokens in reading order, each with its colour.
struct TokenStrip {
  /// By token.
  let names: [String]
  let classes: [String]
  let critical: [Bool]
  let tips: [String]

  /// What the template wants.
  var context: [[String: Any]] {
    let words = names.map(Self.word)
    // Where a sign begins words, tokens without one go on with the word before.
    let hasMarks = words.contains { $0.text.first.map(Self.marks.contains) ?? false }
    return words.indices.map { token in
      var text = words[token].text
      var isJoined = false
      if text.hasPrefix("##") {
        (text, isJoined) = (String(text.dropFirst(2)), true)
      } else if let first = text.first, Self.marks.contains(first) {
        text = String(text.dropFirst())
      } else if hasMarks, token > 0, words[token].isKnown {
        isJoined = true
      }
      return [
        "text": text.isEmpty ? "␣" : text, "class": classes[token], "critical": critical[token], "joined": isJoined,
        "tip": tips[token],
      ]
    }
  }

  /// What byte-pair encodings and SentencePiece put in place of a space.
  private static let marks: [Character] = ["Ġ", "▁"]

  /// The token of a region named `token N TEXT`; its position where the text isn't known.
  private static func word(_ name: String) -> (text: String, isKnown: Bool) {
    let parts = name.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? (String(parts[2]), true) : (parts.last.map(String.init) ?? name, false)
  }
}
