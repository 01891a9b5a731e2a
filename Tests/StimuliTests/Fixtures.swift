/// Tiny files, byte by byte, as other programs write them.
enum Fixtures {
  static func npy(
    _ descriptor: String, _ shape: String, _ data: [UInt8], fortran: Bool = false, version: UInt8 = 1
  ) -> [UInt8] {
    let header = Array("{'descr': \(descriptor), 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n".utf8)
    let length: [UInt8] =
      version == 1 ? [UInt8(header.count), 0] : [UInt8(header.count), 0, 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + data
  }

  static func idx(_ type: UInt8, _ shape: [UInt8], _ data: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] } + data
  }

  /// One deflate block, stored.
  static func gzip(_ data: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    let block: [UInt8] = [1] + little(data.count, 2) + little(~data.count, 2) + data
    return header + block + little(Int(crc32(data)), 4) + little(data.count, 4)
  }

  /// A zip archive of stored members.
  static func storedZip(_ members: [(name: String, data: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in members {
      let start = file.count
      var common = little(0, 6) + little(0x21, 2)
      common += little(Int(crc32(data)), 4) + little(data.count, 4) + little(data.count, 4)
      common += little(name.utf8.count, 2) + little(0, 2)
      file += [0x50, 0x4B, 3, 4] + little(20, 2)
      file += common + Array(name.utf8) + data
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + little(20, 2)
      directory += common + little(0, 10) + little(start, 4) + Array(name.utf8)
    }
    var end: [UInt8] = [0x50, 0x4B, 5, 6] + little(0, 4)
    end += little(members.count, 2) + little(members.count, 2)
    end += little(directory.count, 4) + little(file.count, 4) + little(0, 2)
    return file + directory + end
  }

  static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { byte in UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }

  /// CRC-32 of ISO 3309, bit by bit.
  static func crc32(_ data: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in data {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let isOdd = sum & 1 == 1
        sum >>= 1
        if isOdd { sum ^= 0xEDB8_8320 }
      }
    }
    return ~sum
  }
}
