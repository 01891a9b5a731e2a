import Arrays
import Files

/// Labels from a file of their own.
///
/// - Throws: `missingInput`, or `badInput` if a label is not a whole number.
func readLabels(_ path: String) throws(StimuliError) -> [Int] { try readIntegers(path, "labels") }

/// A whole number for each stimulus: `.npy` or IDX with one integer a stimulus, or text with one on each line.
///
/// - Parameter what: what the numbers are, for messages.
/// - Throws: `missingInput`, or `badInput` if one is not a whole number.
package func readIntegers(_ path: String, _ what: String) throws(StimuliError) -> [Int] {
  var bytes = try FileBytes(contentsOf: path)
  if bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B { bytes = try inflateGzip(path) }
  if bytes.count >= 6, bytes[0..<6] == NPYHeader.magic {
    return try integers(in: NumericArray(npy: bytes, 0..<bytes.count, place: path), what, place: path)
  }
  if NumericArray.isIDX(bytes) {
    return try integers(in: NumericArray(idx: bytes, place: path), what, place: path)
  }

  var result: [Int] = []
  var text = String(decoding: bytes[0..<bytes.count], as: UTF8.self)[...]
  if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
  for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
    let word = line.drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
    if word.isEmpty { continue }
    guard let label = Int(word) else {
      throw StimuliError(
        .badInput, "\(path): line \(index + 1) is \"\(word)\": give one whole number a line, or an .npy file of integers")
    }
    result.append(label)
  }
  return result
}

/// Why an array holds no labels, a clause; `nil` where it does.
func reasonAgainstLabels(in array: NumericArray, place: String) -> String? {
  if hasOneNumberEach(array) {
    return array.integers() == nil ? "\(place) holds labels that are no whole numbers" : nil
  }
  return "\(place) holds labels of shape \(array.shape), not one whole number a stimulus"
}

private func hasOneNumberEach(_ array: NumericArray) -> Bool {
  array.shape.count == 1 || array.shape.count == 2 && array.shape[1] == 1
}

private func integers(in array: NumericArray, _ what: String, place: String) throws(StimuliError) -> [Int] {
  guard hasOneNumberEach(array) else {
    throw StimuliError(
      .badInput, "\(place) holds \(what) of shape \(array.shape): give one whole number a stimulus, of shape [stimuli]")
  }
  guard let labels = array.integers() else {
    throw StimuliError(.badInput, "\(place) holds \(what) that are no whole numbers: give one whole number a stimulus")
  }
  return labels
}
