package import Files
internal import FoundationEssentials
internal import Glibc
package import ScanPlan
import UserErrors

/// A scan's folder of results.
package struct OutputFolder: Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  /// The file that says what the folder is, and that the scan is complete.
  package var summary: String { path + "/scan.json" }
  private var draftOfSummary: String { summary + ".new" }
  /// The folder of measured values.
  package var acquisition: String { path + "/acquisition" }
  /// The folder of connection strengths and pathways.
  package var connections: String { path + "/connections" }

  /// What was measured so far, while a scan isn't complete.
  package var checkpoint: String { path + "/checkpoint.bin" }

  /// Makes the folder where it isn't there, and keeps other processes that ask from writing into it, until what is returned
  /// ends. Nothing is kept from them on file systems that can't lock a folder (NFS).
  ///
  /// - Parameter patience: in seconds; what was killed a moment ago may take as long to end.
  /// - Throws: `Failure` (`cannotWrite`) if another writes into it.
  package func hold(patience: Double = 5) throws -> FileLock? {
    try makeFolder(path)
    guard let lock = FileLock(folder: path) else { return nil }
    let end = monotonicSeconds() + patience
    while lock.isTaken() {
      guard monotonicSeconds() < end else {
        throw Failure(
          .cannotWrite, "another nnfmri-mpi is writing into \(path); wait until it ends, or choose another folder with --out")
      }
      usleep(100_000)
    }
    if mark != nil { removeDrafts() }
    return lock
  }

  /// Removes files that processes which were killed hadn't renamed yet.
  private func removeDrafts() {
    for file in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
      if let name = file.split(separator: "/").last, isAbandonedDraft(String(name)) { unlink(path + "/" + file) }
    }
  }

  /// Makes the folder, or takes one that an earlier scan wrote, and marks it as a scan that is not complete.
  ///
  /// - Parameter resumes: an unfinished scan in it is to be gone on with, and not in the way.
  /// - Throws: `Failure` (`cannotWrite`) if it can't be written, or if it holds something that would be lost.
  package func claim(resumes: Bool) throws {
    try check(resumes: resumes)
    if mark?.complete != false || isMeasured { try markIncomplete() }
  }

  /// Makes the folder, or finds one that an earlier scan wrote, and leaves what it holds as it is.
  ///
  /// - Throws: as `claim`.
  package func check(resumes: Bool) throws {
    try makeFolder(path)
    let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    // A process that was killed as it wrote the first mark leaves no more than its draft.
    guard content.allSatisfy({ path + "/" + $0 == draftOfSummary }) || mark != nil else {
      throw Failure(
        .cannotWrite, "\(path) exists and isn't the folder of a scan; choose another with --out, or remove it")
    }
    guard resumes || !isBegun else {
      throw Failure(
        .cannotWrite,
        "\(path) holds a scan that ended early, or a part of one; go on with it by --resume, choose another folder with --out, or remove it"
      )
    }
  }

  /// Marks the folder as that of a scan that isn't whole.
  ///
  /// - Throws: `cannotWrite` with the system's reason.
  package func markIncomplete() throws {
    try writeMark(#"{"program": "nnfmri-mpi", "complete": false}"#)
  }

  /// Marks the folder as that of a part that has been measured.
  ///
  /// - Throws: `cannotWrite` with the system's reason.
  package func markFinished(_ part: ScanPart, _ summary: RunSummary) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let mark = FinishedPart(program: "nnfmri-mpi", complete: false, part: part.description, summary: summary)
    try writeMark(String(decoding: try encoder.encode(mark), as: UTF8.self))
  }

  /// Written beside and renamed: without the mark, what a scan has measured would be taken for a stranger's files.
  private func writeMark(_ text: String) throws {
    guard let file = fopen(draftOfSummary, "w") else { throw FileError.cannotWrite(summary) }
    let isWritten = fputs(text + "\n", file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0
    guard fclose(file) == 0, isWritten, rename(draftOfSummary, summary) == 0 else { throw FileError.cannotWrite(summary) }
  }

  /// Whether the folder holds all that a scan measured, whose results may have to be made anew.
  package var isMeasured: Bool { mark?.complete == true || mark?.measured == true }

  /// Whether the folder holds the whole result of a scan.
  package var isComplete: Bool { mark?.complete == true }

  /// Whether the folder holds something that a scan has measured and can go on with.
  package var isBegun: Bool { !Checkpoint.files(checkpoint).isEmpty }

  /// Whether the folder holds a part of a scan that has been measured.
  package var isFinishedPart: Bool { mark?.part != nil }

  /// Removes what only an unfinished scan needs.
  package func removeCheckpoint() {
    for file in Checkpoint.files(checkpoint) { unlink(file) }
    removeStop()
  }

  /// Removes the wish to end early.
  package func removeStop() { unlink(path + "/STOP") }

  /// What `scan.json` says of itself.
  private struct Mark: Decodable {
    package var program: String
    package var complete: Bool
    /// Whether all is measured, complete or not.
    package var measured: Bool?
    /// Of a part that has been measured.
    package var part: String?
  }

  private struct FinishedPart: Encodable {
    package enum Key: CodingKey { case program, complete, part }

    package let program: String
    package let complete: Bool
    package let part: String
    package let summary: RunSummary

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(program, forKey: .program)
      try container.encode(complete, forKey: .complete)
      try container.encode(part, forKey: .part)
      try summary.encode(to: encoder)
    }
  }

  private var mark: Mark? {
    guard let data = FileManager.default.contents(atPath: summary),
      let mark = try? JSONDecoder().decode(Mark.self, from: data), mark.program == "nnfmri-mpi"
    else { return nil }
    return mark
  }
}
