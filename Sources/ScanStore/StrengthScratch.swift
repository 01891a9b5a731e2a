import Arrays
import Files

/// Connection strengths of every link and stimulus, on disk while a scan needs them: there may be more than memory is
/// for. The file has no name, so nothing is left of it whatever ends the scan.
package final class StrengthScratch {
  private let file: ScratchFile
  /// By link: where its records begin, and their length in bytes.
  private let places: [(start: Int, length: Int)]

  /// - Parameter edgeCounts: by link, numbers of a record.
  /// - Throws: `FileError` (`cannotWrite`).
  package init(folder: String, edgeCounts: [Int], stimulusCount: Int) throws {
    file = try ScratchFile(at: folder + "/connections.tmp")
    var start = 0
    places = edgeCounts.map { count in
      let length = count * MemoryLayout<Float>.stride
      defer { start += length * stimulusCount }
      return (start, length)
    }
  }

  /// - Throws: `FileError` (`cannotWrite`).
  package func write(_ strengths: [Float], link: Int, stimulus: Int) throws {
    let (start, length) = places[link]
    precondition(strengths.count * MemoryLayout<Float>.stride == length)
    try strengths.withUnsafeBytes { try file.write($0, at: start + stimulus * length) }
  }

  /// - Throws: `FileError` (`badInput`) if it can't be read.
  package func read(link: Int, stimulus: Int) throws -> [Float] {
    let (start, length) = places[link]
    var strengths = [Float](repeating: 0, count: length / MemoryLayout<Float>.stride)
    try strengths.withUnsafeMutableBytes { try file.read(into: $0, at: start + stimulus * length) }
    return strengths
  }
}
