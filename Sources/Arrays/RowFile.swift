internal import Files

/// An `.npy` file of float32 [rows x columns] that is written row by row, in any order.
package final class RowFile {
  private let file: OpenFile
  private let columns: Int
  private let header: Int

  /// Makes the file, in place of any that is there, with NaN in every place.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package init(_ path: String, rows: Int, columns: Int) throws {
    self.columns = columns
    file = try OpenFile(path)
    let head = NumericArray.npyHeaderOfFloats(shape: [rows, columns])
    header = head.count
    try head.withUnsafeBytes { try file.write($0, at: 0) }
    let empty = [Float](repeating: .nan, count: columns)
    for row in 0..<rows { try write(empty, row: row) }
  }

  /// Writes a row. - Parameter values: [columns].
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func write(_ values: [Float], row: Int) throws {
    precondition(values.count == columns)
    try values.withUnsafeBytes { try file.write($0, at: offset(row)) }
  }

  /// Reads a row back, [columns].
  ///
  /// - Throws: `FileError` (`badInput`) if it can't be read.
  package func read(row: Int) throws -> [Float] {
    var values = [Float](repeating: .nan, count: columns)
    try values.withUnsafeMutableBytes { try file.read(into: $0, at: offset(row)) }
    return values
  }

  /// Makes everything written durable.
  package func synchronize() throws { try file.synchronize() }

  private func offset(_ row: Int) -> Int { header + row * columns * MemoryLayout<Float>.stride }
}
