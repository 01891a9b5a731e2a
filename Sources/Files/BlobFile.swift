internal import FoundationEssentials
internal import Glibc

/// A file that only grows, of stretches of bytes of which each is stored once.
///
/// The index lies beside it. What was appended and didn't get into the index, since its writer was killed, is never used.
package struct BlobFile {
  private struct Key: Hashable {
    let hash: UInt64
    let length: Int
  }

  private let path: String
  private let file: OpenFile
  private var end: Int
  /// Where stretches of one hash and length lie: nearly always one.
  private var places: [Key: [Int]] = [:]

  /// Opens the file, and makes it where it isn't there. One process at a time.
  ///
  /// - Throws: `FileError` where it can't be opened for writing.
  package init(_ path: String) throws {
    self.path = path
    file = try OpenFile(path, truncates: false)
    end = Int(lseek(file.descriptor, 0, SEEK_END))
    let index = FileManager.default.contents(atPath: path + ".index") ?? Data()
    for line in index.split(separator: UInt8(ascii: "\n")) {
      let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
      guard fields.count == 3, let hash = UInt64(fields[0]), let length = Int(fields[1]), let offset = Int(fields[2]),
        length >= 0, (0...end).contains(offset), length <= end - offset
      else { continue }
      places[Key(hash: hash, length: length), default: []].append(offset)
    }
  }

  /// Where these bytes lie in the file; they are appended if they aren't there.
  ///
  /// Cost: two reads of the bytes if they are there, else one and a write.
  /// - Throws: `FileError` where the file can't be read or has no room.
  package mutating func offset(of bytes: UnsafeRawBufferPointer, alignment: Int) throws -> Int {
    let key = Key(hash: ContentHash.of(bytes), length: bytes.count)
    for place in places[key] ?? [] where try holds(bytes, at: place) { return place }
    let start = (end + alignment - 1) / alignment * alignment
    try file.write(bytes, at: start)
    end = start + bytes.count
    places[key, default: []].append(start)
    return start
  }

  /// Makes what was appended known to whoever opens the file next.
  ///
  /// - Throws: `FileError` where there is no room.
  package func writeIndex() throws {
    let lines = places.flatMap { key, offsets in offsets.map { "\(key.hash) \(key.length) \($0)\n" } }
    try replaceFile(Array(lines.sorted().joined().utf8), at: path + ".index")
  }

  private func holds(_ bytes: UnsafeRawBufferPointer, at place: Int) throws -> Bool {
    var block = [UInt8](repeating: 0, count: min(1 << 20, bytes.count))
    var done = 0
    while done < bytes.count {
      let count = min(block.count, bytes.count - done)
      try block.withUnsafeMutableBytes {
        try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]), at: place + done)
      }
      guard block.withUnsafeBytes({ memcmp($0.baseAddress!, bytes.baseAddress! + done, count) }) == 0 else { return false }
      done += count
    }
    return true
  }
}
