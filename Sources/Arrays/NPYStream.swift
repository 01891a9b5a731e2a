package import Files
internal import Glibc

/// `.npy` arrays that follow each other in a pipe, as repeated calls of numpy.save write them.
package final class NPYStream {
  /// The most bytes of one array: more than any batch of stimuli, and less than a wrong header could ask for.
  private static let limit = 1 << 30

  private let descriptor: Int32
  private let place: String

  /// - Parameter place: what messages call it.
  package init(descriptor: Int32, place: String) {
    (self.descriptor, self.place) = (descriptor, place)
  }

  /// The next array; `nil` where the pipe has ended.
  ///
  /// - Throws: `FileError` (`badInput`) if what comes isn't an array, ends inside one, or is larger than a gigabyte.
  package func next() throws(FileError) -> NumericArray? {
    var bytes = try read(10, atStart: true)
    guard !bytes.isEmpty else { return nil }
    guard bytes.starts(with: NPYHeader.magic) else {
      throw FileError(.badInput, "\(place) holds something else than .npy arrays: write them with numpy.save")
    }
    if bytes[6] > 1 { bytes += try read(2) }
    var length = 0
    for byte in bytes[8...].reversed() { length = length << 8 | Int(byte) }
    guard length < 1 << 20 else { throw FileError(.badInput, "\(place) has a damaged .npy header: write it with numpy.save") }
    bytes += try read(length)
    let header = try NPYHeader(FileBytes(bytes), 0..<bytes.count, place: place)
    let (count, overflows) = header.shape.reduce(1, *).multipliedReportingOverflow(by: header.scalarType.byteCount)
    guard !overflows, count <= Self.limit else {
      throw FileError(
        .badInput, "\(place) has an array of shape \(header.shape), which takes more than a gigabyte: send fewer at once")
    }
    bytes += try read(count)
    return try NumericArray(npy: FileBytes(bytes), 0..<bytes.count, place: place)
  }

  private func read(_ count: Int, atStart: Bool = false) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let received = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + filled, count - filled) }
      if received < 0, errno == EINTR { continue }
      if received == 0, filled == 0, atStart { return [] }
      guard received > 0 else { throw FileError(.badInput, "\(place) ends inside an array") }
      filled += received
    }
    return bytes
  }
}
