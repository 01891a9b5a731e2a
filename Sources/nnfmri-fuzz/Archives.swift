/// Containers with sums in them, written and mended byte by byte.
enum Archives {
  /// CRC-32 of ISO 3309, by a table of 256.
  static func crc32(_ data: some Sequence<UInt8>) -> UInt32 {
    ~data.reduce(~UInt32(0)) { sums[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  private static let sums: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
  }

  /// A zip archive of stored members (APPNOTE 6.3.10, 4.3).
  static func zip(_ members: [(name: String, data: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in members {
      let start = file.count
      let common =
        little(0, 6) + little(0x21, 2) + little(Int(crc32(data)), 4) + little(data.count, 4) + little(data.count, 4)
        + little(name.utf8.count, 2) + little(0, 2)
      file += [0x50, 0x4B, 3, 4] + little(20, 2) + common + Array(name.utf8) + data
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + little(20, 2) + common + little(0, 10) + little(start, 4)
      directory += Array(name.utf8)
    }
    let end = [0x50, 0x4B, 5, 6] + little(0, 4) + little(members.count, 2) + little(members.count, 2)
    return file + directory + end + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
  }

  /// A gzip file of one stored block (RFC 1951 and 1952).
  static func gzip(_ data: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1]
    return header + little(data.count, 2) + little(~data.count, 2) + data + little(Int(crc32(data)), 4)
      + little(data.count, 4)
  }

  /// A PNG file with the sums of its chunks as they should be, as far as its lengths can be followed.
  static func mendedPNG(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { break }
      let sum = crc32(bytes[place + 4..<place + 8 + length])
      for byte in 0..<4 { bytes[place + 8 + length + byte] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(3 - byte))) }
      place += 12 + length
    }
    return bytes
  }

  private static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
