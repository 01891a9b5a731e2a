import Arrays
import Files

/// Names of classes from a text file, one a line in the order of their numbers.
///
/// - Throws: `missingInput`; `badInput` if there are none, a line is empty, or the text is no UTF-8.
package func readClassNames(_ path: String) throws(StimuliError) -> [String] {
  try names(in: FileBytes(contentsOf: path), path, of: "classes")
}

/// The name of each stimulus's cluster: a text file with one a line, or `.npy` with a whole number a stimulus.
///
/// - Throws: as `readClassNames`.
package func readClusters(_ path: String) throws(StimuliError) -> [String] {
  let bytes = try FileBytes(contentsOf: path)
  guard bytes.count < 6 || bytes[0..<6] != NPYHeader.magic else { return try readIntegers(path, "clusters").map(String.init) }
  return try names(in: bytes, path, of: "stimuli")
}

/// - Parameter what: what each line is of, in the plural, for messages.
private func names(in bytes: FileBytes, _ path: String, of what: String) throws(StimuliError) -> [String] {
  guard var text = String(validating: bytes[0..<bytes.count], as: UTF8.self) else {
    throw StimuliError(.badInput, "\(path) is no UTF-8 text: give the names of \(what), one a line")
  }
  if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
  var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  while lines.last?.allSatisfy(\.isWhitespace) ?? false { lines.removeLast() }
  guard !lines.isEmpty else {
    throw StimuliError(.badInput, "\(path) is empty: give the names of \(what), one a line")
  }
  if let number = lines.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
    throw StimuliError(
      .badInput, "\(path): line \(number + 1) is empty, and the names count the \(what): give one on each line")
  }
  return lines.map { line in
    let start = line.drop(while: \.isWhitespace)
    return String(start[...start.lastIndex { !$0.isWhitespace }!])
  }
}
