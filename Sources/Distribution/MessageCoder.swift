package import UserErrors

/// A value that travels between ranks, written and read by one function, so that the two can't differ.
package protocol Coded {
  /// What is read over.
  init()
  /// Passes every stored value to the coder, in a fixed order.
  ///
  /// - Throws: `MessageError` if a message that is read doesn't hold it.
  mutating func code(_ coder: inout MessageCoder) throws(MessageError)
}

extension Coded {
  /// The value as a message.
  package var message: [UInt8] {
    var coder = MessageCoder()
    var copy = self
    do { try copy.code(&coder) } catch { preconditionFailure("writing can't fail") }
    return coder.bytes
  }

  /// - Throws: `MessageError` if the message ends early or goes on.
  package init(message: [UInt8]) throws(MessageError) { try self.init(message: message[...]) }

  /// - Throws: `MessageError` if the message ends early or goes on.
  package init(message: ArraySlice<UInt8>) throws(MessageError) {
    var coder = MessageCoder(reading: message)
    self.init()
    try code(&coder)
    guard coder.isAtEnd else { throw MessageError() }
  }
}

/// A message that its reader can't make anything of. Both ends are one program, so that is a defect of it.
package struct MessageError: UserError {
  package init() {}

  package var exitStatus: ExitStatus { .defect }
  package var message: String { "a message between ranks is not what its reader expects; start all ranks with the same program" }
}

/// Writes values one after another, little-endian, or reads them back into the same variables.
package struct MessageCoder {
  /// What was written.
  package private(set) var bytes: [UInt8] = []
  /// What is still to be read.
  private var source: ArraySlice<UInt8> = []
  package let isReading: Bool

  /// Writes.
  package init() {
    isReading = false
  }

  /// Reads.
  package init(reading bytes: ArraySlice<UInt8>) {
    source = bytes
    isReading = true
  }

  package var isAtEnd: Bool { source.isEmpty }

  package mutating func code(_ number: inout UInt64) throws(MessageError) {
    if isReading {
      number = UInt64(littleEndian: try take(8) { $0.loadUnaligned(as: UInt64.self) })
    } else {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
  }

  package mutating func code(_ number: inout Int) throws(MessageError) {
    var bits = UInt64(bitPattern: Int64(number))
    try code(&bits)
    number = Int(Int64(bitPattern: bits))
  }

  package mutating func code(_ number: inout Double) throws(MessageError) {
    var bits = number.bitPattern
    try code(&bits)
    number = Double(bitPattern: bits)
  }

  package mutating func code(_ range: inout Range<Int>) throws(MessageError) {
    var (lower, upper) = (range.lowerBound, range.upperBound)
    try code(&lower)
    try code(&upper)
    guard lower <= upper else { throw MessageError() }
    range = lower..<upper
  }

  package mutating func code(_ text: inout String) throws(MessageError) {
    var utf8 = Array(text.utf8)
    try code(&utf8)
    text = String(decoding: utf8, as: UTF8.self)
  }

  package mutating func code(_ values: inout [UInt8]) throws(MessageError) { try codeNumbers(&values) }
  package mutating func code(_ values: inout [Float]) throws(MessageError) { try codeNumbers(&values) }
  package mutating func code(_ values: inout [Double]) throws(MessageError) { try codeNumbers(&values) }
  package mutating func code(_ values: inout [Int]) throws(MessageError) { try codeNumbers(&values) }

  /// Bytes, as of `[UInt8]`; those that are read stay where they are in the message.
  package mutating func code(_ values: inout ArraySlice<UInt8>) throws(MessageError) {
    var count = values.count
    try code(&count)
    guard isReading else {
      bytes += values
      return
    }
    guard count >= 0, count <= source.count else { throw MessageError() }
    values = source.prefix(count)
    source = source.dropFirst(count)
  }

  package mutating func code<Value: Coded>(_ value: inout Value) throws(MessageError) { try value.code(&self) }

  package mutating func code<Value: Coded>(_ values: inout [Value]) throws(MessageError) {
    try codeElements(&values, Value()) { coder, value throws(MessageError) in try value.code(&coder) }
  }

  package mutating func code(_ texts: inout [String]) throws(MessageError) {
    try codeElements(&texts, "") { coder, text throws(MessageError) in try coder.code(&text) }
  }

  package mutating func code(_ arrays: inout [[Double]]) throws(MessageError) {
    try codeElements(&arrays, []) { coder, array throws(MessageError) in try coder.code(&array) }
  }

  private mutating func codeElements<Value>(
    _ values: inout [Value], _ empty: Value,
    _ body: (inout MessageCoder, inout Value) throws(MessageError) -> Void
  ) throws(MessageError) {
    var count = values.count
    try code(&count)
    if isReading {
      // Every element takes a byte at least.
      guard count >= 0, count <= source.count else { throw MessageError() }
      values = Array(repeating: empty, count: count)
    }
    for index in 0..<count { try body(&self, &values[index]) }
  }

  private mutating func codeNumbers<Number: BitwiseCopyable>(
    _ values: inout [Number]
  ) throws(MessageError) {
    var count = values.count
    try code(&count)
    guard isReading else {
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
      return
    }
    guard count >= 0, count <= source.count / MemoryLayout<Number>.stride else { throw MessageError() }
    values = try take(count * MemoryLayout<Number>.stride) { source in
      [Number](unsafeUninitializedCapacity: count) { numbers, filled in
        UnsafeMutableRawBufferPointer(numbers).copyMemory(from: source)
        filled = count
      }
    }
  }

  private mutating func take<Result>(
    _ count: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(MessageError) -> Result {
    guard count >= 0, count <= source.count else { throw MessageError() }
    defer { source = source.dropFirst(count) }
    return source.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }
}
