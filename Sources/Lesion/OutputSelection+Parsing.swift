extension OutputSelection {
  /// Reads what follows `output:` on the command line.
  ///
  /// - Throws: `LesionError` (`badRequest`) with the place that isn't understood.
  package init(parsing text: String) throws(LesionError) {
    func failure(_ place: String.Index, _ words: String) -> LesionError {
      let rest = text[place...]
      let column = text.distance(from: text.startIndex, to: place) + 1
      let found = rest.isEmpty ? "at its end" : "at \"\(rest)\" (character \(column))"
      return LesionError(.badRequest, "output:\(text) can't be read \(found): \(words), as in output:boxes[4,:]:max")
    }
    guard let open = text.lastIndex(of: "[") else {
      // A name alone is an output of one element; what follows its last colon may be part of it.
      let end = Reduction.allCases.first { text.hasSuffix(":\($0.rawValue)") }
      let name = text.dropLast(end.map { $0.rawValue.count + 1 } ?? 0)
      guard name.contains(where: { !$0.isNumber && $0 != "-" }), !name.contains("]") else {
        throw failure(text.endIndex, "it needs an index for each axis in brackets")
      }
      self.init(output: String(name), indices: [], reduction: end)
      return
    }
    guard let close = text[open...].firstIndex(of: "]") else {
      throw failure(text.endIndex, "a bracket is missing")
    }
    var indices: [Index] = []
    let inside = text[text.index(after: open)..<close]
    for part in inside.trimmed.isEmpty ? [] : inside.split(separator: ",", omittingEmptySubsequences: false) {
      func number(_ digits: Substring) throws(LesionError) -> Int {
        guard let number = Int(digits.trimmed) else {
          throw failure(digits.startIndex, "an index is a number, a range a:b, or :")
        }
        return number
      }
      let ends = part.split(separator: ":", omittingEmptySubsequences: false)
      switch ends.count {
      case 1:
        indices.append(.at(try number(ends[0])))
      case 2:
        let start = ends[0].trimmed.isEmpty ? nil : try number(ends[0])
        let end = ends[1].trimmed.isEmpty ? nil : try number(ends[1])
        indices.append(.range(start, end))
      default:
        throw failure(ends[2].startIndex, "a range has two ends")
      }
    }
    let rest = text[text.index(after: close)...]
    var reduction: Reduction?
    if !rest.isEmpty {
      guard rest.hasPrefix(":"), let known = Reduction(rawValue: String(rest.dropFirst())) else {
        throw failure(close == text.endIndex ? close : text.index(after: close), "elements are reduced by :sum, :mean or :max")
      }
      reduction = known
    }
    self.init(output: String(text[..<open]), indices: indices, reduction: reduction)
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
