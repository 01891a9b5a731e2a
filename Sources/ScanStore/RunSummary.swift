internal import FoundationEssentials
package import ScanPlan
package import UserErrors

/// What `scan.json` tells of how a scan was run, as it is read back.
package struct RunSummary: Codable {
  package struct Source: Codable {
    package var file: String
    package var sha256: String
  }

  package var model: Source
  package var stimuli: Source
  /// What lesions took something from; `nil` where they took nothing from a file.
  package var lesion_file: Source?
  /// What the value took something from; `nil` likewise.
  package var value_file: Source?
  package var ranks: Int
  package var timings_seconds: [String: Double]
  package var idle_share: [String: [Double]]
  package var checkpoint_seconds: Double
  /// Files of older versions don't have it.
  package var earlier_passes: Int?
  package var instruction_sets: [String]
  var versions: [String: String]
  var options: [String: [String: String]]
  var arithmetic: ArithmeticVersions?

  /// - Throws: `Failure` (`badInput`) if the file isn't there or can't be understood.
  package init(contentsOf path: String) throws(Failure) {
    guard let data = FileManager.default.contents(atPath: path),
      let summary = try? JSONDecoder().decode(RunSummary.self, from: data)
    else { throw Failure(.badInput, "\(path) can't be read: it is damaged, or of another version of this program") }
    self = summary
  }

  package init(_ run: RunRecord, of request: ScanRequest, _ plan: ScanPlan) {
    model = Source(file: request.subject.model, sha256: plan.modelDigest)
    stimuli = Source(file: request.subject.data, sha256: plan.dataDigest)
    lesion_file = plan.lesionDigest.map { Source(file: request.measurement.lesionFile ?? "", sha256: $0) }
    value_file = plan.valueDigest.map { Source(file: request.measurement.valueFile ?? "", sha256: $0) }
    options = ["measurement": request.decisiveOptions, "analysis": request.analysis.byName]
    ranks = run.ranks
    timings_seconds = Dictionary(run.timings.map { ($0.phase, $0.seconds) }, uniquingKeysWith: { first, _ in first })
    idle_share = run.idleShares
    checkpoint_seconds = run.checkpointSeconds
    earlier_passes = run.earlierPasses
    instruction_sets = run.instructionSets
    versions = run.versions.byName
  }

  /// The options that decide what is made of the values, as text.
  package var analysis: [String: String] { options["analysis"] ?? [:] }

  /// Whether results are those that the same values would give today.
  package var isOfTodaysArithmetic: Bool { arithmetic?.isCurrent ?? false }

  /// Of a whole scan.
  package var origin: ScanOrigin {
    var origin = ScanOrigin(
      options: options["measurement"] ?? [:], modelDigest: model.sha256, dataDigest: stimuli.sha256,
      lesionDigest: lesion_file?.sha256, valueDigest: value_file?.sha256, program: versions["nnfmri-mpi"] ?? "",
      onnxRuntime: versions["onnxruntime"] ?? "",
      part: nil)
    if let designs = arithmetic?.designs { origin.designVersion = designs }
    return origin
  }

  package var run: RunRecord {
    RunRecord(
      ranks: ranks, timings: timings_seconds.sorted { $0.key < $1.key }.map { (phase: $0.key, seconds: $0.value) },
      idleShares: idle_share, checkpointSeconds: checkpoint_seconds, earlierPasses: earlier_passes ?? 0,
      instructionSets: instruction_sets,
      versions: RunRecord.Versions(byName: versions))
  }
}
