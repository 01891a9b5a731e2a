internal import Files
import ScanPlan
import ScanStore
import Stimuli
import UserErrors

/// The output folder holds the measurements of the scan already.
struct AlreadyMeasured: Error {
  /// Whether results are asked for that it doesn't hold.
  let differs: Bool
}

/// What rank 0 finds, and what it plans, before it tells the others.
struct Opening {
  let folder: OutputFolder
  /// Keeps others from writing into the folder while the scan runs.
  let hold: FileLock?
  let inputs: Scan.Inputs
  /// What an earlier run measured, where this one goes on.
  let earlier: Checkpoint.Content?
  /// A finished scan that this one takes over.
  let extended: ScanExtension?
  let plan: ScanPlan
  let stimuli: StimulusSet
  private let shardCount: Int

  /// - Throws: `AlreadyMeasured`; `Failure` and the modules' errors.
  init(_ request: ScanRequest, program: String) throws {
    folder = OutputFolder(request.run.output)
    inputs = try Scan.Inputs(request)
    hold = try folder.hold()
    earlier =
      request.run.resumes ? try Self.earlier(in: folder, inputs.origin(request, program: program), request.analysis) : nil
    extended = try request.run.extended.map { [inputs] in
      try ScanExtension($0, by: request, inputs, program: program)
    }
    try folder.check(resumes: request.run.resumes)
    plan = try inputs.planner(request).makePlan()
    stimuli = try inputs.stimuli(of: plan)
    let units = IndependentUnits(plan, request)
    let (count, least) = (units.count, request.run.leastStimuli)
    guard count >= least else {
      throw Failure(
        .badInput,
        plan.streamCount == nil
          ? "effects are compared across \(least) \(units.name) or more, and \(count) would be scanned; give more"
          : "effects of a stream are compared across \(least) stretches of a window's length or more, and it has \(count); give a longer stream, or a shorter --window"
      )
    }
    if let part = request.run.part, plan.series(of: part).isEmpty {
      throw Failure(
        .usage, "--part \(part): the scan has only \(plan.series(of: nil).count) series; cut it into as many parts or fewer")
    }
    shardCount = plan.shardCount(of: request.run.part)
    // What is refused above leaves a finished scan as it is.
    try folder.claim(resumes: request.run.resumes)
  }

  /// What an earlier run left, as far as the user should know.
  func sayWhatIsThere(_ note: (String) -> Void) {
    guard let earlier else { return }
    let checkpoint = folder.checkpoint
    note("Going on with \(earlier.shards.count) of \(shardCount) shards measured.")
    if earlier.isPrevious {
      note("\(checkpoint) is damaged or gone; going on with the one before it, \(Checkpoint.previous(checkpoint)).")
    }
    if earlier.lostBytes > 0 {
      note("\(checkpoint): \(earlier.lostBytes) bytes are damaged; what they held is measured again.")
    }
  }

  /// What a folder holds of the same scan.
  ///
  /// - Throws: `AlreadyMeasured`; `Failure` (`usage`) if what it holds is another scan's.
  private static func earlier(
    in folder: OutputFolder, _ origin: ScanOrigin, _ analysis: AnalysisOptions
  ) throws -> Checkpoint.Content? {
    func refuse(_ kind: String, _ difference: String) -> Failure {
      Failure(
        .usage,
        "\(folder.path) holds \(kind): \(difference); give the same again, or choose another folder with --out")
    }
    if folder.isMeasured {
      let summary = try RunSummary(contentsOf: folder.summary)
      if let difference = origin.difference(from: summary.origin) {
        throw refuse("the result of another scan", difference)
      }
      throw AlreadyMeasured(differs: !folder.isComplete || summary.analysis != analysis.byName || !summary.isOfTodaysArithmetic)
    }
    guard let earlier = try Checkpoint.read(folder.checkpoint) else { return nil }
    if let difference = origin.difference(from: earlier.identity.origin) {
      throw refuse("an unfinished scan that can't be gone on with", difference)
    }
    if folder.isFinishedPart, earlier.missingShards.isEmpty { throw AlreadyMeasured(differs: false) }
    return earlier
  }
}
