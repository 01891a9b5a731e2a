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
  private let file: Descriptor
  private var end: Int
  /// Where stretches of one hash and length lie: nearly always one.
  private var places: [Key: [Int]] = [:]

  /// An open file.
  private final class Descriptor {
    let number: Int32

    init(_ path: String) throws {
      number = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
      guard number >= 0 else { throw BlobError(path) }
    }

    deinit { close(number) }
  }

  package struct BlobError: Error, CustomStringConvertible {
    package let description: String

    package init(_ path: String) {
      description = "\(path): \(String(cString: strerror(errno)))"
    }
  }

  /// Opens the file, and makes it where it isn't there. One process at a time.
  package init(_ path: String) throws {
    self.path = path
    file = try Descriptor(path)
    end = Int(lseek(file.number, 0, SEEK_END))
    let index = FileManager.default.contents(atPath: path + ".index") ?? Data()
    for line in index.split(separator: UInt8(ascii: "\n")) {
      let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
      guard fields.count == 3, let hash = UInt64(fields[0]), let length = Int(fields[1]), let offset = Int(fields[2]),
        offset + length <= end
      else { continue }
      places[Key(hash: hash, length: length), default: []].append(offset)
    }
  }

  /// Where these bytes lie in the file; they are appended if they aren't there.
  ///
  /// Cost: two reads of the bytes if they are there, else one and a write.
  package mutating func offset(of bytes: UnsafeRawBufferPointer, alignment: Int) throws -> Int {
    let key = Key(hash: ContentHash.of(bytes), length: bytes.count)
    for place in places[key] ?? [] where try holds(bytes, at: place) { return place }
    let start = (end + alignment - 1) / alignment * alignment
    var done = 0
    while done < bytes.count {
      let count = pwrite(file.number, bytes.baseAddress! + done, bytes.count - done, off_t(start + done))
      guard count > 0 else { throw BlobError(path) }
      done += count
    }
    end = start + bytes.count
    places[key, default: []].append(start)
    return start
  }

  /// Makes what was appended known to whoever opens the file next.
  package func writeIndex() throws {
    let lines = places.flatMap { key, offsets in offsets.map { "\(key.hash) \(key.length) \($0)\n" } }
    let draft = path + ".index.new"
    guard FileManager.default.createFile(atPath: draft, contents: Data(lines.sorted().joined().utf8)),
      rename(draft, path + ".index") == 0
    else { throw BlobError(path) }
  }

  private func holds(_ bytes: UnsafeRawBufferPointer, at place: Int) throws -> Bool {
    var block = [UInt8](repeating: 0, count: min(1 << 20, bytes.count))
    var done = 0
    while done < bytes.count {
      let count = block.withUnsafeMutableBytes {
        pread(file.number, $0.baseAddress, min($0.count, bytes.count - done), off_t(place + done))
      }
      guard count > 0 else { throw BlobError(path) }
      guard block.withUnsafeBytes({ memcmp($0.baseAddress!, bytes.baseAddress! + done, count) }) == 0 else { return false }
      done += count
    }
    return true
  }
}
