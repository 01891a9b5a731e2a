internal import CZip
package import Files

/// A zip archive that is read member by member, through minizip.
@safe package struct ZipReader: ~Copyable {
  private let handle: unzFile
  private let path: String
  /// The archive's own bytes, where stored members lie as they are.
  private let bytes: FileBytes

  /// - Throws: `badInput` if it is no zip archive; `missingInput` if it cannot be opened.
  package init(_ path: String) throws(FileError) {
    let bytes = try FileBytes(contentsOf: path)
    if bytes.count >= 4, bytes[0..<4] == Self.closing {
      throw FileError(.badInput, "\(path) has nothing in it: write arrays with numpy.savez")
    }
    guard Self.endsWhole(bytes), let handle = unsafe unzOpen64(path) else {
      throw FileError(.badInput, "\(path) is no complete .npz archive: copy it anew or write it with numpy.savez")
    }
    unsafe self.handle = unsafe handle
    self.path = path
    self.bytes = bytes
  }

  deinit {
    unsafe unzClose(handle)
  }

  /// Calls the body with the name and the contents of each member, in the archive's order.
  ///
  /// Stored members stay in the mapped archive; deflated ones are inflated into memory. Both are checked against their CRC.
  ///
  /// - Throws: `FileError` where the archive is damaged, and whatever the body throws.
  package func forEachMember(
    _ body: (_ name: String, _ bytes: FileBytes, _ range: Range<Int>) throws(FileError) -> Void
  ) throws(FileError) {
    var status = unsafe unzGoToFirstFile(handle)
    while status == UNZ_OK {
      var information = unz_file_info64()
      var name = [CChar](repeating: 0, count: 65_536)
      guard
        unsafe unzGetCurrentFileInfo64(handle, &information, &name, UInt(name.count - 1), nil, 0, nil, 0) == UNZ_OK
      else { throw damaged("its directory") }
      let memberName = String(
        decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      let (memberBytes, range) = try contents(of: memberName, information)
      try body(memberName, memberBytes, range)
      status = unsafe unzGoToNextFile(handle)
    }
    guard status == UNZ_END_OF_LIST_OF_FILE else { throw damaged("its directory") }
  }

  /// How the closing record begins, with which an archive of nothing begins, too.
  private static let closing: [UInt8] = [0x50, 0x4B, 5, 6]

  /// True if the archive's closing record, 22 bytes and a comment, is all there; minizip forgives a few missing bytes.
  private static func endsWhole(_ bytes: FileBytes) -> Bool {
    let recordLength = 22
    var start = bytes.count - recordLength
    let first = max(0, start - Int(UInt16.max))
    while start >= first {
      if bytes[start] == 0x50, bytes[start..<start + 4] == closing {
        let commentLength = Int(bytes[start + 20]) | Int(bytes[start + 21]) << 8
        return start + recordLength + commentLength == bytes.count
      }
      start -= 1
    }
    return false
  }

  private func contents(
    of name: String, _ information: unz_file_info64
  ) throws(FileError) -> (FileBytes, Range<Int>) {
    let count = Int(information.uncompressed_size)
    guard information.compression_method == 0 || information.compression_method == UInt(Z_DEFLATED) else {
      throw FileError(
        .badInput,
        "\(path): member \"\(name)\" is packed by zip method \(information.compression_method), and stored or deflated ones are read: write it with numpy.savez_compressed"
      )
    }
    // A damaged directory may claim any size; deflate packs at most 1,032 to 1.
    guard information.compressed_size <= UInt64(bytes.count), count / 1_040 <= bytes.count,
      information.flag & 1 == 0, unsafe unzOpenCurrentFile(handle) == UNZ_OK
    else { throw damaged("member \"\(name)\"") }

    if information.compression_method == 0 {
      let start = unsafe Int(unzGetCurrentFileZStreamPos64(handle))
      unsafe unzCloseCurrentFile(handle)
      guard start >= 0, count <= bytes.count - start else { throw damaged("member \"\(name)\"") }
      let sum = unsafe bytes.withBytes(start..<start + count) { unsafe crc32_z(0, $0.baseAddress, $0.count) }
      guard sum == information.crc else { throw damaged("member \"\(name)\"") }
      bytes.releasePages()
      return (bytes, start..<start + count)
    }

    var isComplete = false
    let inflated = try unsafe FileBytes(count: count) { buffer throws(FileError) in
      var filled = 0
      while filled < count {
        let received = unsafe unzReadCurrentFile(
          handle, buffer.baseAddress! + filled, UInt32(min(count - filled, 1 << 30)))
        guard received > 0 else { break }
        filled += Int(received)
      }
      isComplete = filled == count
    }
    let closing = unsafe unzCloseCurrentFile(handle)
    guard isComplete, closing == UNZ_OK else { throw damaged("member \"\(name)\"") }
    return (inflated, 0..<count)
  }

  private func damaged(_ part: String) -> FileError {
    FileError(.badInput, "\(path): \(part) is damaged or cut short: copy it anew or write it with numpy.savez")
  }
}
