import Files
internal import Glibc

/// Connection strengths of every link and stimulus, on disk while a scan needs them: there may be more than memory is
/// for. The file has no name, so nothing is left of it whatever ends the scan.
final class StrengthSpool {
  private let descriptor: Int32
  private let folder: String
  /// By link: where its records begin, and their length in bytes.
  private let places: [(start: Int, length: Int)]

  /// - Parameter edgeCounts: by link, numbers of a record.
  /// - Throws: `Failure` (`cannotWrite`).
  init(folder: String, edgeCounts: [Int], stimulusCount: Int) throws {
    self.folder = folder
    let path = folder + "/connections.tmp"
    descriptor = open(path, O_CREAT | O_TRUNC | O_RDWR, 0o644)
    guard descriptor >= 0 else { throw FileError.cannotWrite(path) }
    unlink(path)
    var start = 0
    places = edgeCounts.map { count in
      let length = count * MemoryLayout<Float>.stride
      defer { start += length * stimulusCount }
      return (start, length)
    }
  }

  deinit {
    close(descriptor)
  }

  func write(_ strengths: [Float], link: Int, stimulus: Int) throws {
    let (start, length) = places[link]
    try strengths.withUnsafeBytes { bytes in
      precondition(bytes.count == length)
      var done = 0
      while done < length {
        let count = pwrite(descriptor, bytes.baseAddress! + done, length - done, off_t(start + stimulus * length + done))
        guard count > 0 else { throw FileError.cannotWrite(folder) }
        done += count
      }
    }
  }

  func read(link: Int, stimulus: Int) throws -> [Float] {
    let (start, length) = places[link]
    var strengths = [Float](repeating: 0, count: length / MemoryLayout<Float>.stride)
    try strengths.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < length {
        let count = pread(descriptor, bytes.baseAddress! + done, length - done, off_t(start + stimulus * length + done))
        guard count > 0 else { throw FileError.cannotWrite(folder) }
        done += count
      }
    }
    return strengths
  }
}
