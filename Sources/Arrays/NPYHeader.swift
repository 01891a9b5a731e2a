import Files

/// The header of an `.npy` file: magic `\x93NUMPY`, version, length, and a Python dictionary with `descr`, `fortran_order`
/// and `shape` (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
package struct NPYHeader: Equatable {
  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  let scalarType: ScalarType
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]
  /// Where the elements start.
  let dataOffset: Int

  /// - Parameter place: the file, and the array in it, for messages.
  /// - Throws: `badInput` if it is damaged, of an unknown version, or of elements that are no plain numbers.
  init(_ bytes: FileBytes, _ range: Range<Int>, place: String) throws(FileError) {
    let start = range.lowerBound
    guard range.count >= 10, bytes[start..<start + 6] == Self.magic else {
      throw FileError(.badInput, "\(place) does not start like an .npy file: write it with numpy.save")
    }
    let version = bytes[start + 6]
    guard (1...3).contains(version) else {
      throw FileError(
        .badInput, "\(place) is of .npy version \(version), and 1 to 3 are read: write it with a current numpy.save")
    }
    let lengthBytes = version == 1 ? 2 : 4
    guard range.count >= 8 + lengthBytes else { throw Self.truncated(place) }
    var length = 0
    for index in (0..<lengthBytes).reversed() { length = length << 8 | Int(bytes[start + 8 + index]) }
    let headerStart = start + 8 + lengthBytes
    guard length <= range.upperBound - headerStart else { throw Self.truncated(place) }
    dataOffset = headerStart + length

    let text = String(decoding: bytes[headerStart..<dataOffset], as: UTF8.self)
    guard let order = Self.value(of: "fortran_order", in: text), order == "True" || order == "False",
      let description = Self.value(of: "descr", in: text), let shapeText = Self.value(of: "shape", in: text),
      let shape = Self.tuple(shapeText)
    else {
      throw FileError(.badInput, "\(place) has a damaged .npy header: write it anew with numpy.save")
    }
    guard let (type, isBigEndian) = Self.elements(description) else {
      // "'<U3'", "'|S3'": text.
      let isText = description.drop { "'\"<>|=".contains($0) }.first.map { "USa".contains($0) } ?? false
      let mend =
        isText
        ? "give numbers that stand for the text, of labels the class numbers that numpy.unique(labels, return_inverse=True)[1] makes, of an input what the network's own reading of text makes of it"
        : "convert it with astype"
      throw FileError(
        .badInput,
        "\(place) has elements of type \(description), and bool, 8- to 64-bit integers and 16- to 64-bit floats are read: \(mend)"
      )
    }
    isFortranOrder = order == "True"
    scalarType = type
    self.isBigEndian = isBigEndian
    self.shape = shape
  }

  static func truncated(_ place: String) -> FileError {
    FileError(.badInput, "\(place) ends before its data do: copy or write it anew")
  }

  /// The text of a dictionary's value: a quoted string with its quotes, a word, or a bracketed list to its end.
  private static func value(of key: String, in text: String) -> Substring? {
    for quote: Character in ["'", "\""] {
      let quoted = "\(quote)\(key)\(quote)"
      guard let keyRange = text.firstRange(of: quoted) else { continue }
      var rest = text[keyRange.upperBound...].drop { $0 == " " }
      guard rest.first == ":" else { continue }
      rest = rest.dropFirst().drop { $0 == " " }
      switch rest.first {
      case "(":
        guard let end = rest.firstIndex(of: ")") else { return nil }
        return rest[...end]
      case "[":
        guard let end = rest.lastIndex(of: "]") else { return nil }
        return rest[...end]
      case let quote? where quote == "'" || quote == "\"":
        guard let end = rest.dropFirst().firstIndex(of: quote) else { return nil }
        return rest[...end]
      default:
        return rest.prefix { $0.isLetter }
      }
    }
    return nil
  }

  /// Lengths in round brackets; nil if they are none, or too many elements to count.
  private static func tuple(_ text: Substring) -> [Int]? {
    guard text.first == "(", text.last == ")" else { return nil }
    var shape: [Int] = []
    var product = 1
    for part in text.dropFirst().dropLast().split(separator: ",") {
      let digits = part.filter { $0 != " " && $0 != "L" }
      if digits.isEmpty { continue }
      guard let length = Int(digits), length >= 0 else { return nil }
      let (elements, overflowed) = product.multipliedReportingOverflow(by: max(length, 1))
      guard !overflowed, elements <= Int.max / 8 else { return nil }
      product = elements
      shape.append(length)
    }
    return shape
  }

  /// The type that a `descr` such as `'<f4'` names.
  private static func elements(_ description: Substring) -> (ScalarType, isBigEndian: Bool)? {
    guard description.first == "'" || description.first == "\"" else { return nil }
    let code = description.dropFirst().dropLast()
    let order = code.first
    guard order == "<" || order == ">" || order == "|" || order == "=" else { return nil }
    let type: ScalarType? =
      switch code.dropFirst() {
      case "b1": .bool
      case "u1": .uint8
      case "i1": .int8
      case "u2": .uint16
      case "i2": .int16
      case "u4": .uint32
      case "i4": .int32
      case "u8": .uint64
      case "i8": .int64
      case "f2": .float16
      case "f4": .float32
      case "f8": .float64
      default: nil
      }
    return type.map { ($0, order == ">" && $0.byteCount > 1) }
  }
}
