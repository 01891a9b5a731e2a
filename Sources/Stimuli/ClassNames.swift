import Files

/// Names of classes from a text file, one a line in the order of their numbers.
///
/// - Throws: `missingInput`; `badInput` if there are none, a line is empty, or the text is no UTF-8.
package func readClassNames(_ path: String) throws(StimuliError) -> [String] {
  let bytes = try FileBytes(contentsOf: path)
  guard var text = String(validating: bytes[0..<bytes.count], as: UTF8.self) else {
    throw StimuliError(.badInput, "\(path) is no UTF-8 text: give the classes' names, one a line")
  }
  if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
  var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  while lines.last?.allSatisfy(\.isWhitespace) ?? false { lines.removeLast() }
  guard !lines.isEmpty else {
    throw StimuliError(.badInput, "\(path) is empty: give the classes' names, one a line")
  }
  if let number = lines.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
    throw StimuliError(
      .badInput, "\(path): line \(number + 1) is empty, and the names count the classes: give one on each line")
  }
  return lines.map { line in
    let start = line.drop(while: \.isWhitespace)
    return String(start[...start.lastIndex { !$0.isWhitespace }!])
  }
}
