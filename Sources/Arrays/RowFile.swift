internal import Glibc
import Files

/// An `.npy` file of float32 [rows x columns] that is written row by row, in any order.
package final class RowFile {
  package let path: String
  private let columns: Int
  private let header: Int
  private let descriptor: Int32

  /// Makes the file, in place of any that is there, with NaN in every place.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package init(_ path: String, rows: Int, columns: Int) throws {
    self.path = path
    self.columns = columns
    descriptor = open(path, O_CREAT | O_TRUNC | O_RDWR, 0o644)
    let head = NumericArray.npyHeaderOfFloats(shape: [rows, columns])
    header = head.count
    guard descriptor >= 0 else { throw FileError.cannotWrite(path) }
    try write(head, at: 0)
    let empty = [Float](repeating: .nan, count: columns)
    for row in 0..<rows { try write(empty, row: row) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes a row. - Parameter values: [columns].
  package func write(_ values: [Float], row: Int) throws {
    precondition(values.count == columns)
    try write(values.withUnsafeBytes { Array($0) }, at: header + row * columns * MemoryLayout<Float>.stride)
  }

  /// Reads a row back, [columns].
  package func read(row: Int) throws -> [Float] {
    var values = [Float](repeating: .nan, count: columns)
    let size = columns * MemoryLayout<Float>.stride
    let count = values.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, size, off_t(header + row * size)) }
    guard count == size else { throw FileError.cannotRead(path) }
    return values
  }

  /// Makes everything written durable.
  package func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw FileError.cannotWrite(path) }
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
      guard count > 0 else { throw FileError.cannotWrite(path) }
      done += count
    }
  }
}
