import Arrays
import Files

/// Labels from a file of their own: `.npy` or IDX with one integer a stimulus, or text with one on each line.
///
/// - Throws: `missingInput`, or `badInput` if a label is not a whole number.
func readLabels(_ path: String) throws(StimuliError) -> [Int] {
  var bytes = try FileBytes(contentsOf: path)
  if bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B { bytes = try inflateGzip(path) }
  if bytes.count >= 6, bytes[0..<6] == NPYHeader.magic {
    return try labels(in: NumericArray(npy: bytes, 0..<bytes.count, place: path), place: path)
  }
  if NumericArray.isIDX(bytes) {
    return try labels(in: NumericArray(idx: bytes, place: path), place: path)
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

/// The labels in an array of shape [stimuli] or [stimuli, 1].
func labels(in array: NumericArray, place: String) throws(StimuliError) -> [Int] {
  guard array.shape.count == 1 || array.shape.count == 2 && array.shape[1] == 1 else {
    throw StimuliError(
      .badInput, "\(place) holds labels of shape \(array.shape): give one class number a stimulus, of shape [stimuli]")
  }
  guard let labels = array.integers() else {
    throw StimuliError(.badInput, "\(place) holds labels that are no whole numbers: give class numbers")
  }
  return labels
}
