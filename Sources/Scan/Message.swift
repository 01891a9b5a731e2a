/// Writes numbers and texts one after another, little-endian: the body of a message between ranks.
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: Int) {
    append(UInt64(bitPattern: Int64(number)))
  }

  mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ number: Double) {
    append(number.bitPattern)
  }

  mutating func append(_ text: String) {
    append(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(_ bytes: [UInt8]) {
    append(bytes.count)
    self.bytes += bytes
  }

  mutating func append(_ values: [Float]) {
    append(values.count)
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ values: [Double]) {
    append(values.count)
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ values: [Int]) {
    append(values.count)
    for value in values { append(value) }
  }
}

/// Reads what `MessageWriter` wrote, in the same order. Both ends are this program, so a message that doesn't fit is a
/// defect and stops it.
struct MessageReader {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func readInt() -> Int {
    Int(Int64(bitPattern: readBits()))
  }

  mutating func readBits() -> UInt64 {
    UInt64(littleEndian: take(8) { $0.loadUnaligned(as: UInt64.self) })
  }

  mutating func readDouble() -> Double {
    Double(bitPattern: readBits())
  }

  mutating func readString() -> String {
    take(readInt()) { String(decoding: $0, as: UTF8.self) }
  }

  mutating func readBytes() -> [UInt8] {
    take(readInt()) { Array($0) }
  }

  mutating func readFloats() -> [Float] {
    readArray(of: 0 as Float)
  }

  mutating func readDoubles() -> [Double] {
    readArray(of: 0 as Double)
  }

  mutating func readInts() -> [Int] {
    (0..<readInt()).map { _ in readInt() }
  }

  private mutating func readArray<Element: BitwiseCopyable>(of zero: Element) -> [Element] {
    var values = [Element](repeating: zero, count: readInt())
    take(values.count * MemoryLayout<Element>.stride) { source in
      values.withUnsafeMutableBytes { $0.copyMemory(from: source) }
    }
    return values
  }

  private mutating func take<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    precondition(count >= 0 && offset + count <= bytes.count, "a message ended early")
    defer { offset += count }
    return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)])) }
  }
}
