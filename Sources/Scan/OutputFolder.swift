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

  /// What was measured so far, while a scan isn't complete.
  package var checkpoint: String { path + "/checkpoint.bin" }

  /// Makes the folder, or takes one that an earlier scan wrote, and marks it as a scan that is not complete.
  ///
  /// - Parameter resumes: an unfinished scan in it is to be gone on with, and not in the way.
  /// - Throws: `ScanError` (`cannotWrite`) if it can't be written, or if it holds something that would be lost.
  package func claim(resumes: Bool) throws(ScanError) {
    try makeFolder(path)
    let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard content.isEmpty || mark != nil else {
      throw ScanError(
        .cannotWrite, "\(path) exists and isn't the folder of a scan; choose another with --out, or remove it")
    }
    guard resumes || access(checkpoint, F_OK) != 0 else {
      throw ScanError(
        .cannotWrite,
        "\(path) holds a scan that ended early; go on with it by --resume, choose another folder with --out, or remove it")
    }
    if mark?.complete != false { try markIncomplete() }
  }

  /// Written beside and renamed: without the mark, what a scan has measured would be taken for a stranger's files.
  private func markIncomplete() throws(ScanError) {
    let draft = summary + ".new"
    let text = #"{"program": "nnfmri-mpi", "complete": false}"# + "\n"
    guard let file = fopen(draft, "w") else { throw ScanError.cannotWrite(summary) }
    let isWritten = fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0
    guard fclose(file) == 0, isWritten, rename(draft, summary) == 0 else { throw ScanError.cannotWrite(summary) }
  }

  /// Whether the folder holds the whole result of a scan.
  package var isComplete: Bool { mark?.complete == true }

  /// Removes what only an unfinished scan needs.
  func removeCheckpoint() {
    unlink(checkpoint)
    unlink(Checkpoint.previous(checkpoint))
    unlink(path + "/STOP")
  }

  /// What `scan.json` says of itself.
  private struct Mark: Decodable {
    var program: String
    var complete: Bool
  }

  private var mark: Mark? {
    guard let data = FileManager.default.contents(atPath: summary),
      let mark = try? JSONDecoder().decode(Mark.self, from: data), mark.program == "nnfmri-mpi"
    else { return nil }
    return mark
  }
}
