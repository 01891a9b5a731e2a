internal import FoundationEssentials
internal import Glibc

/// A scan's folder of results.
package struct OutputFolder: Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  /// The file that says what the folder is, and that the scan is complete.
  package var summary: String { path + "/scan.json" }
  /// The folder of measured values.
  package var acquisition: String { path + "/acquisition" }

  /// Makes the folder, or takes one that an earlier scan wrote, and marks it as a scan that is not complete.
  ///
  /// - Throws: `ScanError` (`cannotWrite`) if it can't be written, or if it holds something else.
  package func claim() throws(ScanError) {
    try makeFolder(path)
    let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if !content.isEmpty && !isOurs {
      throw ScanError(
        .cannotWrite, "\(path) exists and isn't the folder of a scan; choose another with --out, or remove it")
    }
    let mark = #"{"program": "nnfmri-mpi", "complete": false}"# + "\n"
    guard let file = fopen(summary, "w") else { throw ScanError.cannotWrite(summary) }
    defer { fclose(file) }
    guard fputs(mark, file) >= 0, fflush(file) == 0 else { throw ScanError.cannotWrite(summary) }
  }

  private var isOurs: Bool {
    guard let data = FileManager.default.contents(atPath: summary) else { return false }
    struct Mark: Decodable {
      var program: String
    }
    return (try? JSONDecoder().decode(Mark.self, from: data))?.program == "nnfmri-mpi"
  }
}
