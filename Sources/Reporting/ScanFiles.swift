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
    if result.tracts == nil {
      // Those of an earlier scan into the same folder would be taken for this one's.
      for name in ["connections.json", "pathways.tsv"] { unlink("\(folder)/\(name)") }
    }
    try write(DensityFile.content(result), to: folder + "/density.json")
    try write(ImpactFile.content(result), to: folder + "/impact.json")
    try write(Array(RegionTable.text(result).utf8), to: folder + "/regions.tsv")
    if let tracts = result.tracts {
      try write(ConnectionsFile.content(result, tracts), to: folder + "/connections.json")
      try write(Array(PathwayTable.text(result, tracts).utf8), to: folder + "/pathways.tsv")
    }
    if result.request.keepsAcquisition {
      try write(DesignFile.content(result), to: OutputFolder(folder).acquisition + "/design.json")
    }
    try write(SummaryFile.content(result), to: OutputFolder(folder).summary)
  }

  private func write(_ value: JSONValue, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")], to: path)
  }

  /// Writes beside the file and renames, so that a reader never sees half of one.
  private func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw ScanError(.cannotWrite, "\(path): \(String(cString: strerror(errno))); mend that and run the scan again")
    }
  }
}
