import Files
import ScanPlan
package import ScanResults
import ScanStore
import UserErrors

/// Writes a scan's results into its folder; `Docs/files.md` describes every field.
///
/// All files but `scan.json` depend on the plan alone: any number of ranks writes the same bytes. `scan.json` is written
/// last, and its `complete` says that the others are whole.
package struct ScanFiles: Sendable {
  /// Kinds of files that can be asked for.
  package enum Kind: String, Sendable, CaseIterable {
    /// `impact.json`, `density.json`, `connections.json`, `consistency.json` of a stream, `lesions.json`, `stimuli/`, `groups/`,
    /// `acquisition/design.json`, `scan.json`.
    case json
    /// `regions.tsv`, `pathways.tsv`.
    case tsv
    /// `report.html`.
    case html
    /// `maps/`.
    case nifti
    /// `eeg/`, of a stream.
    case edf
    /// `connectome/` and `tracts/`, where the wiring was traced.
    case connectome
    /// `stimuli/regions.tsv`: as long as stimuli times regions, so only where it is asked for.
    case long

    /// What a scan writes.
    package static let standard = Set(allCases).subtracting([.long])
  }

  private let result: ScanResult

  package init(_ result: ScanResult) {
    self.result = result
  }

  /// - Throws: `FileError` (`cannotWrite`) with the file's name.
  package func write(_ kinds: Set<Kind> = Kind.standard, to folder: String) throws {
    // Ended between the first file and the last, a folder that was whole would be of two analyses.
    if kinds.contains(.json), OutputFolder(folder).isMeasured {
      try FileContent.json(SummaryFile.unfinishedContent(result)).write(to: folder + "/scan.json")
    }
    if kinds.contains(.edf), let timeCourse = result.timeCourse, SignalFile.reasonForNone(timeCourse) == nil {
      try SignalFile.write(timeCourse, layers: result.layers.map(\.plan), to: folder + "/eeg")
    }
    returnFreedMemory()
    for make in makers(kinds, of: folder) {
      for (path, content) in try make() {
        let path = folder + "/" + path
        if let end = path.lastIndex(of: "/") { try makeFolder(String(path[..<end])) }
        try content.write(to: path)
      }
      returnFreedMemory()
    }
  }

  /// Writes `scan.json` alone, which says that the folder is whole.
  ///
  /// - Throws: as `write`.
  package func writeSummary(to folder: String) throws {
    try FileContent.json(SummaryFile.content(result)).write(to: folder + "/scan.json")
  }

  /// Files that are in memory together, by path.
  typealias Made = [(path: String, content: FileContent)]

  /// In the order in which files are written: what makes one file, or several small ones, so that one after another is in memory.
  private func makers(_ kinds: Set<Kind>, of folder: String) -> [() throws -> Made] {
    let result = result
    var makers: [() throws -> Made] = []
    func add(_ path: String, _ content: @escaping () throws -> FileContent) { makers.append { [(path, try content())] } }
    if kinds.contains(.json) {
      add("density.json") { DensityFile.content(result) }
      add("impact.json") { ImpactFile.content(result) }
      if let timeCourse = result.timeCourse {
        add("consistency.json") { .json(ConsistencyFile.content(timeCourse, layers: result.layers.map(\.plan))) }
      }
      if let tracts = result.tracts { add("connections.json") { .json(ConnectionsFile.content(result, tracts)) } }
      makers.append { LesionFile.content(result).map { [("lesions.json", .json($0))] } ?? [] }
      makers += StimulusMaps.makers(result)
      makers.append { GroupFiles.files(result) }
      if result.request.run.keepsAcquisition { add("acquisition/design.json") { .json(DesignFile.content(result)) } }
    }
    if kinds.contains(.tsv) {
      add("regions.tsv") { .text(RegionTable.text(result)) }
      if let tracts = result.tracts { add("pathways.tsv") { .text(PathwayTable.text(result, tracts)) } }
    }
    if kinds.contains(.long) { add("stimuli/regions.tsv") { .text(StimulusTable.text(result)) } }
    if kinds.contains(.nifti) { makers += MapFiles(result).makers }
    if kinds.contains(.connectome), let tracts = result.tracts { makers += ConnectomeFiles.makers(result, tracts) }
    if kinds.contains(.html) {
      add("report.html") { .parts(ReportPage(result, truth: PhantomTruth(of: result, in: folder)).parts) }
    }
    if kinds.contains(.json) { add("scan.json") { .json(try SummaryFile.content(result)) } }
    return makers
  }
}
