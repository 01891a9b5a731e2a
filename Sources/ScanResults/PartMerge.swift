package import Distribution
import ScanPlan
import ScanStore
import Shapley
import UserErrors

/// The parts of a scan, joined into what a single run would have given.
///
/// Needs neither the network nor the stimuli: each part's folder holds what it measured, and what the intact network did.
package struct PartMerge {
  /// One part, from its folder.
  private struct Part {
    let folder: OutputFolder
    let number: ScanPart
    let content: Checkpoint.Content
  }

  private let parts: [Part]
  private var plan: ScanPlan { parts[0].content.identity.plan }

  /// Reads the parts.
  ///
  /// - Throws: `Failure`: `missingInput` if a part is missing, names of folders and parts included; `badInput` if a
  ///   folder holds no part, or one of another scan, or one that another folder holds too.
  package init(_ paths: [String]) throws {
    var parts: [Part] = []
    for path in paths {
      let folder = OutputFolder(path)
      guard !folder.isComplete else {
        throw Failure(.badInput, "\(path) holds a whole scan, and not a part of one; give the folders of parts")
      }
      guard let content = try Checkpoint.read(folder.checkpoint) else {
        throw Failure(.missingInput, "\(path) holds no part of a scan: \(folder.checkpoint) is not there")
      }
      guard let number = content.identity.origin.part else {
        throw Failure(.badInput, "\(path) holds an unfinished scan that is no part of one; finish it with --resume")
      }
      if let first = parts.first, let difference = Self.difference(content.identity, first.content.identity) {
        throw Failure(
          .badInput, "\(path) holds a part of another scan than \(first.folder.path): there \(difference)")
      }
      if let twin = parts.first(where: { $0.number == number }) {
        throw Failure(.badInput, "\(twin.folder.path) and \(path) both hold part \(number); give each part once")
      }
      parts.append(Part(folder: folder, number: number, content: content))
    }
    guard let count = parts.first?.number.count else { throw Failure(.usage, "no parts are given") }
    let given = Set(parts.map(\.number.number))
    let missing = (1...count).filter { !given.contains($0) }
    guard missing.isEmpty else {
      let most = 8
      let names = missing.prefix(most).map { "\($0)/\(count)" }.joined(separator: ", ") + (missing.count > most ? ", ..." : "")
      throw Failure(
        .missingInput,
        "part\(missing.count == 1 ? "" : "s") \(names) of the scan \(missing.count == 1 ? "is" : "are") missing; give all \(count) folders"
      )
    }
    for part in parts {
      let missing = part.content.missingShards.count
      guard missing == 0, part.folder.isFinishedPart else {
        throw Failure(
          .missingInput,
          "\(part.folder.path): part \(part.number) isn't finished, \(missing) of its \(part.content.identity.plan.shardCount(of: part.number)) shards are missing; run it again with --resume"
        )
      }
    }
    self.parts = parts.sorted { $0.number.number < $1.number.number }
  }

  /// What tells two parts' scans apart, in words, besides the number of the part.
  private static func difference(_ identity: ScanIdentity, _ first: ScanIdentity) -> String? {
    var (one, other) = (identity, first)
    if let a = one.origin.part, let b = other.origin.part, a.count != b.count {
      return "the scan is cut into \(a.count) parts, and not into \(b.count)"
    }
    one.origin.part = nil
    other.origin.part = nil
    return one.difference(from: other)
  }

  /// What a user should know of parts that were to be analysed otherwise; `nil` where they were to be alike.
  private static func note(_ first: AnalysisOptions, _ one: Part, _ second: AnalysisOptions, _ other: Part) -> String? {
    let differences = zip(first.entries, second.entries).filter { $0.text != $1.text }
    guard !differences.isEmpty else { return nil }
    func list(_ entries: [(name: String, text: String)]) -> String {
      entries.map { "--\($0.name) \($0.text)" }.joined(separator: " ")
    }
    return """
      \(one.folder.path) was to be analysed with \(list(differences.map(\.0))) and \(other.folder.path) with \
      \(list(differences.map(\.1))); all parts are analysed as the first, and 'nnfmri-mpi report' changes it.
      """
  }

  /// Writes the tables of values into a folder, and computes the result.
  ///
  /// Cost: that of the estimates, about 2 ms for a series of 256 regions at K = 16, and of information, 10 µs a region and stimulus, spread
  /// over the ranks of the runner.
  /// - Parameters:
  ///   - runner: runs the phases.
  ///   - output: the folder; it is made.
  ///   - spread: tells the other ranks what is estimated, where there are any.
  ///   - keepsAcquisition: whether the tables stay there.
  ///   - note: called with a sentence that the user should read.
  /// - Throws: `Failure`.
  package func result<Wire: Transport>(
    _ runner: PhaseRunner<Wire>, in output: String, keepsAcquisition: Bool,
    spread: (EstimationNotice) throws -> Void, note: (String) -> Void
  ) throws -> ScanResult {
    let summaries = try parts.map { try RunSummary(contentsOf: $0.folder.summary) }
    var measurements = try Measurements(contentsOf: parts[0].folder.acquisition)
    var otherwise: String?
    for part in parts.dropFirst() {
      let other = try Measurements(contentsOf: part.folder.acquisition)
      otherwise = otherwise ?? Self.note(measurements.request.analysis, parts[0], other.request.analysis, part)
      guard other.targets == measurements.targets else {
        throw Failure(
          .badInput,
          "\(part.folder.path) measured other target classes than \(parts[0].folder.path), on another kind of machine perhaps; measure it again where the others were measured"
        )
      }
    }
    if let otherwise { note(otherwise) }
    measurements.request.subject.model = summaries[0].model.file
    measurements.request.subject.data = summaries[0].stimuli.file
    measurements.request.run.output = output
    measurements.request.run.keepsAcquisition = keepsAcquisition
    let folder = OutputFolder(output)
    try folder.claim(resumes: false)
    let store = keepsAcquisition ? try AcquisitionStore(folder: folder.acquisition, plan: plan) : nil
    if keepsAcquisition { try measurements.write(to: folder.acquisition) }

    for series in plan.series(of: nil) {
      let (layer, stimulus) = (plan.layer(ofSeries: series), series % plan.stimulusCount)
      try store?.write(values(of: series, layer), layer: layer.number, stimulus: stimulus)
    }
    try store?.synchronize()
    // The first part traced the wiring of the whole.
    var tracts: Tracts?
    if measurements.request.measurement.tracesConnections {
      tracts = try Tracts(contentsOf: parts[0].folder.connections)
      try tracts?.write(to: folder.connections)
    }
    let run = run(summaries)
    if let warning = run.instructionSetWarning { note(warning) }
    let estimation = try measurements.estimation()
    try spread(EstimationNotice(estimation))
    var pipeline = ResultPipeline(runner: runner, estimation: estimation) { layer, stimulus in
      values(of: layer * plan.stimulusCount + stimulus, plan.layers[layer])
    }
    let estimates = try pipeline.estimates()
    return try pipeline.result(
      measurements, estimates: estimates, tracts: tracts, withInteractions: keepsAcquisition
    ) { _ in run }
  }

  /// The values of a series, [rows].
  private func values(of series: Int, _ layer: ScanPlan.Layer) -> [Float] {
    let part = parts.first { $0.number.contains(series: series) }!
    return (0..<plan.shardCount(layer)).flatMap { shard in
      part.content.shards[
        Checkpoint.Shard(layer: layer.number, stimulus: series % plan.stimulusCount, shard: shard)]!
    }
  }

  /// How the parts were run, as if side by side.
  private func run(_ summaries: [RunSummary]) -> RunRecord {
    let phases = summaries[0].timings_seconds.keys.sorted()
    return RunRecord(
      ranks: summaries.reduce(0) { $0 + $1.ranks },
      timings: phases.map { phase in (phase, summaries.compactMap { $0.timings_seconds[phase] }.max() ?? 0) },
      idleShares: Dictionary(
        uniqueKeysWithValues: phases.map { phase in (phase, summaries.flatMap { $0.idle_share[phase] ?? [] }) }),
      checkpointSeconds: summaries.reduce(0) { $0 + $1.checkpoint_seconds },
      earlierPasses: summaries.reduce(0) { $0 + ($1.earlier_passes ?? 0) },
      instructionSets: Set(summaries.flatMap(\.instruction_sets)).sorted(), versions: summaries[0].run.versions)
  }
}
