internal import CZip
package import Files

/// Writes an `.npz` archive: each array deflated, as `NAME.npy`. The bytes depend on the arrays alone: all dates are 1980-01-01.
///
/// - Throws: `cannotWrite`.
package func writeNPZ(_ arrays: [(name: String, array: NumericArray)], to path: String) throws(FileError) {
  let failure = FileError(
    .cannotWrite, "\(path) cannot be written: check that its folder exists, is writable and has room")
  guard let archive = unsafe zipOpen64(path, APPEND_STATUS_CREATE) else { throw failure }
  var isWritten = true
  for (name, array) in arrays where isWritten {
    isWritten = unsafe writeMember("\(name).npy", array.npyBytes(), to: archive)
  }
  let closing = unsafe zipClose(archive, nil)
  guard isWritten, closing == ZIP_OK else { throw failure }
}

private func writeMember(_ name: String, _ bytes: [UInt8], to archive: zipFile) -> Bool {
  var information = zip_fileinfo()
  // The first day that a zip archive can name: day 1 in bits 16-20, month 1 in bits 21-24, year 0 after 1980.
  information.dosDate = 1 << 16 | 1 << 21
  let isLarge: Int32 = bytes.count >= Int(UInt32.max) ? 1 : 0
  guard
    unsafe zipOpenNewFileInZip64(
      archive, name, &information, nil, 0, nil, 0, nil, Z_DEFLATED, Z_DEFAULT_COMPRESSION, isLarge) == ZIP_OK
  else { return false }
  var start = 0
  while start < bytes.count {
    let count = min(bytes.count - start, 1 << 30)
    let status = unsafe bytes.withUnsafeBytes { buffer in
      unsafe zipWriteInFileInZip(archive, buffer.baseAddress! + start, UInt32(count))
    }
    guard status == ZIP_OK else { return false }
    start += count
  }
  return unsafe zipCloseFileInZip(archive) == ZIP_OK
}
