internal import FoundationEssentials
internal import Glibc
package import Scan

/// Writes a scan's results into its folder; `Docs/files.md` describes every field.
///
/// All files but `scan.json` depend on the plan alone: any number of ranks writes the same bytes. `scan.json` is written
/// last, and its `complete` says that the others are whole.
package struct ScanFiles: Sendable {
  private let result: ScanResult

  package init(_ result: ScanResult) {
    self.result = result
  }

  /// - Throws: `ScanError` (`cannotWrite`) with the file's name.
  package func write(to folder: String) throws {
    try Self.write(DensityFile.content(result), to: folder + "/density.json")
    try Self.write(ImpactFile.content(result), to: folder + "/impact.json")
    try Self.write(Array(RegionTable.text(result).utf8), to: folder + "/regions.tsv")
    if let timeCourse = result.timeCourse {
      let content = ConsistencyFile.content(timeCourse, layers: result.layers.map(\.plan))
      try Self.write(content, to: folder + "/consistency.json")
      if SignalFile.reasonForNone(timeCourse) == nil {
        try SignalFile.write(timeCourse, layers: result.layers.map(\.plan), to: folder + "/eeg")
      }
    }
    if result.request.keepsAcquisition {
      try Self.write(DesignFile.content(result), to: OutputFolder(folder).acquisition + "/design.json")
    }
    try Self.write(SummaryFile.content(result), to: OutputFolder(folder).summary)
  }

  static func write(_ value: JSONValue, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")], to: path)
  }

  /// Writes beside the file and renames, so that a reader never sees half of one.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw ScanError(.cannotWrite, "\(path): \(String(cString: strerror(errno))); mend that and run the scan again")
    }
  }
}
