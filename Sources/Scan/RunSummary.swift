internal import FoundationEssentials
import UserErrors

/// What `scan.json` tells of how a scan was run, as it is read back.
struct RunSummary: Codable {
  struct Source: Codable {
    var file: String
    var sha256: String
  }

  var model: Source
  var stimuli: Source
  var ranks: Int
  var timings_seconds: [String: Double]
  var idle_share: [String: [Double]]
  var checkpoint_seconds: Double
  var instruction_sets: [String]
  var versions: [String: String]
  var decisive_options: [String: String]

  /// - Throws: `Failure` (`badInput`) if the file isn't there or can't be understood.
  init(contentsOf path: String) throws(Failure) {
    guard let data = FileManager.default.contents(atPath: path),
      let summary = try? JSONDecoder().decode(RunSummary.self, from: data)
    else { throw Failure(.badInput, "\(path) can't be read: it is damaged, or of another version of this program") }
    self = summary
  }

  init(_ run: ScanResult.Run, of request: ScanRequest, _ plan: ScanPlan) {
    model = Source(file: request.model, sha256: plan.modelDigest)
    stimuli = Source(file: request.data, sha256: plan.dataDigest)
    decisive_options = request.decisiveOptions
    ranks = run.ranks
    timings_seconds = Dictionary(run.timings.map { ($0.phase, $0.seconds) }, uniquingKeysWith: { first, _ in first })
    idle_share = run.idleShares
    checkpoint_seconds = run.checkpointSeconds
    instruction_sets = run.instructionSets
    versions = run.versions.byName
  }

  /// Of a whole scan.
  var origin: ScanOrigin {
    ScanOrigin(
      options: decisive_options, modelDigest: model.sha256, dataDigest: stimuli.sha256,
      program: versions["nnfmri-mpi"] ?? "", onnxRuntime: versions["onnxruntime"] ?? "", part: nil)
  }

  var run: ScanResult.Run {
    ScanResult.Run(
      ranks: ranks, timings: timings_seconds.sorted { $0.key < $1.key }.map { (phase: $0.key, seconds: $0.value) },
      idleShares: idle_share, checkpointSeconds: checkpoint_seconds, instructionSets: instruction_sets,
      versions: ScanResult.Versions(byName: versions))
  }
}
