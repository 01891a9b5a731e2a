package import Files

extension NumericArray {
  /// Reads an `.npy` file. Large files are mapped, not copied.
  ///
  /// - Throws: `missingInput` if it is not there, `badInput` if it is damaged.
  package init(contentsOfNPY path: String) throws(FileError) {
    let bytes = try FileBytes(contentsOf: path)
    try self.init(npy: bytes, 0..<bytes.count, place: path)
  }

  /// The elements of a range of the flattened array, rounded to nearest. Memory: a copy of them.
  package func floats(_ range: Range<Int>? = nil) -> [Float] {
    let range = range ?? 0..<elementCount
    var result = [Float](repeating: 0, count: range.count)
    unsafe result.withUnsafeMutableBytes { destination in
      unsafe withStoredBytes(range) { source in
        unsafe ScalarConversion.floats(source, scalarType, swapped: isBigEndian, into: destination)
      }
    }
    return result
  }

  /// The elements of a range of the flattened array. Memory: a copy of them.
  package func doubles(_ range: Range<Int>? = nil) -> [Double] {
    let range = range ?? 0..<elementCount
    var result = [Double](repeating: 0, count: range.count)
    unsafe result.withUnsafeMutableBytes { destination in
      unsafe withStoredBytes(range) { source in
        unsafe ScalarConversion.doubles(source, scalarType, swapped: isBigEndian, into: destination)
      }
    }
    return result
  }

  private func withStoredBytes(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
    precondition(range.lowerBound >= 0 && range.upperBound <= elementCount, "a range of the array's elements")
    let size = scalarType.byteCount
    unsafe bytes.withBytes(offset + range.lowerBound * size..<offset + range.upperBound * size, body)
  }
}
