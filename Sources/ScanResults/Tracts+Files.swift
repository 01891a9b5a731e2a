import Arrays
import Files
internal import FoundationEssentials
internal import Glibc
package import ScanStore
import Stimuli
import UserErrors

/// Stored in `connections/`: `tracts.json`, and for each traced link a matrix of its own, `layer_0_to_1.npy`, float32
/// [2 x sources x targets]: mean strengths, then their standard errors.
extension Tracts {
  private static func file(_ folder: String) -> String { folder + "/tracts.json" }

  /// - Throws: `Failure` or `StimuliError` (`cannotWrite`).
  package func write(to folder: String) throws {
    try makeFolder(folder)
    for (link, strengths) in zip(links, strengths) where link.reason == nil {
      try NumericArray(
        shape: [2, link.sourceCount, link.targetCount], floats: strengths.mean + strengths.standardError
      ).writeNPY(to: "\(folder)/\(link.name).npy")
    }
    do {
      try Data(try JSONEncoder.withNonFinite.encode(self)).write(to: URL(filePath: Self.file(folder)), options: .atomic)
    } catch {
      throw FileError.cannotWrite(Self.file(folder))
    }
  }

  /// - Throws: `Failure` (`missingInput`) if the files are not there, (`badInput`) if they are not whole.
  package init(contentsOf folder: String) throws {
    let path = Self.file(folder)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.missingInput, "\(path) is not there: it comes with a scan's connections")
    }
    guard var tracts = try? JSONDecoder.withNonFinite.decode(Tracts.self, from: data) else {
      throw Failure(.badInput, "\(path) can't be read: it is damaged, or of another version of this program")
    }
    tracts.strengths = try tracts.links.map { link in
      guard link.reason == nil else { return Strengths(mean: [], standardError: []) }
      let matrix = "\(folder)/\(link.name).npy"
      let array = try NumericArray(contentsOfNPY: matrix)
      guard array.shape == [2, link.sourceCount, link.targetCount] else {
        throw Failure(.badInput, "\(matrix) has shape \(array.shape) and doesn't fit \(path): one of them is another scan's")
      }
      let size = link.sourceCount * link.targetCount
      return Strengths(mean: array.floats(0..<size), standardError: array.floats(size..<2 * size))
    }
    self = tracts
  }

  /// Removes what an earlier scan left in its folder. Fails in silence where there is nothing.
  package static func remove(from output: OutputFolder) {
    for name in ["connections.json", "pathways.tsv"] { unlink("\(output.path)/\(name)") }
    let folder = output.connections
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name == "tracts.json" || name.hasPrefix("layer_") && name.hasSuffix(".npy") {
      unlink("\(folder)/\(name)")
    }
    rmdir(folder)
  }
}
