import Files
internal import FoundationEssentials

/// The strings of a tokenizer's tokens, by their numbers.
struct Vocabulary {
  let path: String
  private let tokens: [Int: String]

  /// Reads a list of tokens, one a line from 0 on (`vocab.txt`), an object of numbers by token (`vocab.json`), or a tokenizer
  /// with one of these in its model (`tokenizer.json`).
  ///
  /// - Throws: `FileError` where the file can't be read or holds none of these.
  init(_ path: String) throws(FileError) {
    self.path = path
    let bytes = try FileBytes(contentsOf: path)
    if path.hasSuffix(".json") {
      let data = Data(bytes[0..<bytes.count])
      guard let tokens = Self.object(data) else {
        throw FileError(.badInput, "\(path) holds no vocabulary: give a tokenizer's vocab.json, tokenizer.json or vocab.txt")
      }
      self.tokens = tokens
      return
    }
    guard let text = String(validating: bytes[0..<bytes.count], as: UTF8.self), !text.isEmpty else {
      throw FileError(.badInput, "\(path) is empty or no UTF-8 text: give a tokenizer's tokens, one a line")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
    tokens = Dictionary(uniqueKeysWithValues: lines.map { ($0.offset, String($0.element)) })
  }

  private static func object(_ data: Data) -> [Int: String]? {
    struct Tokenizer: Decodable {
      struct Model: Decodable {
        var vocab: [String: Int]?
      }
      var model: Model
    }
    let decoder = JSONDecoder()
    let numbers =
      (try? decoder.decode([String: Int].self, from: data))
      ?? (try? decoder.decode(Tokenizer.self, from: data))?.model.vocab
    return numbers.map { Dictionary($0.map { ($0.value, $0.key) }, uniquingKeysWith: min) }
  }

  /// - Throws: `FileError` (`badInput`) where no token has the number.
  func token(_ number: Int) throws(FileError) -> String {
    guard let token = tokens[number] else {
      throw FileError(
        .badInput,
        "\(path) has no token \(number), which the stimuli have: give the vocabulary of the model's own tokenizer, of \((tokens.keys.max() ?? 0) + 1) tokens or more"
      )
    }
    return String(token.map { $0 == "\t" || $0.isNewline ? " " : $0 })
  }
}
