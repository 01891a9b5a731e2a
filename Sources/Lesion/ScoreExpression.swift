/// A weighted sum of classes' scores: `logit[paris] - logit[rome]`, `2*logprob[3] - prob[target]`.
package struct ScoreExpression: Hashable, Sendable, Codable {
  /// What of a class is added up.
  package enum Quantity: String, Hashable, Sendable, Codable, CaseIterable {
    case logit
    case logProbability = "logprob"
    case probability = "prob"
  }

  /// Which class is meant.
  package enum Choice: Hashable, Sendable, Codable {
    /// The one that `--target` names.
    case target
    case number(Int)
    /// A class's name, or a column of the stimuli's file that has a class for each stimulus.
    case named(String)
  }

  package struct Term: Hashable, Sendable, Codable {
    package let factor: Double
    package let quantity: Quantity
    package let choice: Choice
  }

  package let terms: [Term]

  package init(terms: [Term]) {
    precondition(!terms.isEmpty, "a sum of something")
    self.terms = terms
  }

  /// Whether it is an affine function of the scores.
  package var isLinear: Bool { terms.allSatisfy { $0.quantity == .logit } }

  /// As it is written on the command line.
  package var text: String {
    terms.enumerated().map { number, term in
      let sign = term.factor < 0 ? (number == 0 ? "-" : " - ") : (number == 0 ? "" : " + ")
      let factor = abs(term.factor) == 1 ? "" : "\(abs(term.factor))*"
      let choice =
        switch term.choice {
        case .target: "target"
        case .number(let number): "\(number)"
        case .named(let name): name
        }
      return "\(sign)\(factor)\(term.quantity.rawValue)[\(choice)]"
    }.joined()
  }
}

extension ScoreExpression {
  /// Whether a text looks like an expression, so that what is wrong with it can be said.
  static func begins(_ text: String) -> Bool {
    let start = text.drop { "+-*. 0123456789".contains($0) }
    return Quantity.allCases.contains { start.hasPrefix($0.rawValue + "[") }
  }

  /// Reads terms `FACTOR*QUANTITY[CLASS]` that are joined by + and −.
  ///
  /// - Throws: `LesionError` (`badRequest`) with the place that isn't understood.
  package init(parsing text: String) throws(LesionError) {
    var reader = Reader(text)
    var terms: [Term] = []
    var sign = 1.0
    if reader.takes("-") { sign = -1 } else { _ = reader.takes("+") }
    while true {
      terms.append(try reader.term(sign))
      if reader.isAtEnd { break }
      if reader.takes("+") {
        sign = 1
      } else if reader.takes("-") {
        sign = -1
      } else {
        throw reader.failure("terms are joined by + and -")
      }
    }
    self.init(terms: terms)
  }

  private struct Reader {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
      self.text = text
      rest = text[...]
      skipSpaces()
    }

    var isAtEnd: Bool { rest.isEmpty }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }

    mutating func takes(_ word: String) -> Bool {
      guard rest.hasPrefix(word) else { return false }
      rest = rest.dropFirst(word.count)
      skipSpaces()
      return true
    }

    func failure(_ words: String) -> LesionError {
      let column = text.distance(from: text.startIndex, to: rest.startIndex) + 1
      let found = rest.isEmpty ? "at its end" : "at \"\(rest)\" (character \(column))"
      return LesionError(.badRequest, "\(text) can't be read \(found): \(words), as in logit[3] - logit[5]")
    }

    mutating func term(_ sign: Double) throws(LesionError) -> Term {
      var factor = sign
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      if !digits.isEmpty {
        guard let number = Double(digits), number.isFinite, number > 0 else { throw failure("a factor is a number above 0") }
        factor *= number
        rest = rest.dropFirst(digits.count)
        skipSpaces()
        guard takes("*") else { throw failure("a factor is followed by *") }
      }
      guard let quantity = Quantity.allCases.first(where: { rest.hasPrefix($0.rawValue + "[") }) else {
        throw failure("a term is logit, logprob or prob with a class in brackets")
      }
      rest = rest.dropFirst(quantity.rawValue.count + 1)
      guard let end = rest.firstIndex(of: "]") else { throw failure("a bracket is missing") }
      let name = rest[..<end].drop { $0 == " " }
      guard let last = name.lastIndex(where: { $0 != " " }) else { throw failure("a class is missing") }
      let word = String(name[...last])
      rest = rest[rest.index(after: end)...]
      skipSpaces()
      let choice: Choice = word == "target" ? .target : Int(word).map { .number($0) } ?? .named(word)
      return Term(factor: factor, quantity: quantity, choice: choice)
    }
  }
}
