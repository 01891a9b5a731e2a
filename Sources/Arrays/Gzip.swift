internal import CZip
package import Files

/// Inflates a `.gz` file into memory.
///
/// - Throws: `badInput` if it is damaged or cut short.
package func inflateGzip(_ path: String) throws(FileError) -> FileBytes {
  let damaged = FileError(.badInput, "\(path) is damaged or cut short: copy it anew, or check it with gzip -t")
  guard let file = unsafe gzopen(path, "rb") else { throw FileBytes.cannotOpen(path) }
  var result: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 18)
  while true {
    let received = unsafe gzread(file, &chunk, UInt32(chunk.count))
    guard received >= 0 else {
      unsafe gzclose_r(file)
      throw damaged
    }
    if received == 0 { break }
    result += chunk[..<Int(received)]
  }
  // A stream that stops early is told apart only on closing.
  guard unsafe gzclose_r(file) == Z_OK else { throw damaged }
  return FileBytes(result)
}
