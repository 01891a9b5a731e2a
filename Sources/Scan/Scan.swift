package import Distribution
internal import Files
package import MPI
import ModelGraph
import OnnxRuntime
package import ScanPlan
package import ScanResults
import ScanStore
import Statistics
import Stimuli
package import UserErrors

/// A distributed lesion scan, from request to result.
///
/// Rank 0 looks at the model and makes the plan; all ranks get it and prove that they hold the same model, stimuli and
/// options; then rank 0 hands out tasks and takes in their results. What a task returns depends on the task alone, and
/// results are put together in the order of the plan, so any number of ranks gives the same bytes.
package enum Scan {
  /// What a run tells the person who started it, on rank 0.
  package struct Listener {
    /// Called with the plan, before the first task.
    package var announce: (ScanPlan) -> Void
    /// Called with a sentence that the user should read; on rank 0, but for what a rank alone knows.
    package var note: (String) -> Void
    /// Called with the result: writes the files. Not called for a part of a scan.
    package var report: (ScanResult) throws -> Void
    /// Called with the reason, if the scan can't be done.
    package var fail: (Failure) -> Void

    package init(
      announce: @escaping (ScanPlan) -> Void, note: @escaping (String) -> Void,
      report: @escaping (ScanResult) throws -> Void, fail: @escaping (Failure) -> Void
    ) {
      self.announce = announce
      self.note = note
      self.report = report
      self.fail = fail
    }
  }

  /// Scans. Collective: every rank calls it with the same request.
  ///
  /// - Parameters:
  ///   - asked: what to scan, and how.
  ///   - version: of the program.
  ///   - progress: shown on rank 0.
  /// - Returns: the exit code, the same on all ranks: 0, or that of the error.
  /// - Throws: `MPIError`, and `Failure` where a rank is lost: the job can only be aborted.
  package static func run(
    _ asked: ScanRequest, program version: ProgramVersion, world: Communicator, progress: Progress, listener: Listener
  ) throws -> Int {
    var request = asked
    request.resources.place = try world.placeOnThisMachine().place
    var opening: Opening?
    var verdict = OpeningMessage()
    // Rank 0 speaks first: what is wrong for everyone is said once.
    if world.isRoot {
      do {
        opening = try open(request, program: version.number, listener)
        verdict = try opening.map { try OpeningMessage($0.plan, request) } ?? OpeningMessage(isOver: true)
      } catch {
        let failure = Failure(error)
        listener.fail(failure)
        verdict.exitCode = failure.exitStatus.rawValue
      }
    }
    verdict = try OpeningMessage(message: world.broadcast(verdict.message))
    guard verdict.exitCode == 0, !verdict.isOver else { return verdict.exitCode }
    let plan = try ScanPlan(encoded: verdict.plan)

    // Then every rank says whether it can take part, and what it runs on.
    var member: Member?
    var introduction = Introduction(Machine.current)
    do {
      member = try Member(request, plan: plan, digest: verdict.requestDigest, inputs: opening?.inputs)
      introduction.device = member?.inputs.runtime.provider.map { Machine.Device($0) }
    } catch {
      introduction.refusal = FailureMessage(Failure(error))
    }
    let (code, machines) = try introduce(introduction, world, listener)
    guard code == 0, let member else { return code }
    let (inputs, worker) = (member.inputs, member.worker)
    worker.weights = try request.weightStore(
      of: inputs.model, digest: plan.modelDigest, runtime: inputs.runtime, world: world, complain: listener.note)

    let mailbox = Mailbox(world)
    guard let opening else {
      var loop = WorkerLoop(wire: mailbox, worker: worker, registry: Worker.registry)
      return try loop.run()
    }
    let exitCode = try lead(request, opening, worker, mailbox, machines, version, progress, listener)
    try mailbox.dismiss(exitCode: exitCode)
    return exitCode
  }

  /// What rank 0 begins with; `nil` where the folder holds the measurements already, and results are reported.
  private static func open(_ request: ScanRequest, program: String, _ listener: Listener) throws -> Opening? {
    do {
      return try Opening(request, program: program)
    } catch let done as AlreadyMeasured {
      guard done.differs else {
        listener.note("\(request.run.output) holds the whole result already; there is nothing to go on with.")
        return nil
      }
      listener.note("\(request.run.output) holds all measurements already; they are analysed anew.")
      let hold = try OutputFolder(request.run.output).hold()
      defer { withExtendedLifetime(hold) {} }
      let scan = try StoredScan(contentsOf: request.run.output)
      try listener.report(try scan.result { $0 = request.analysis })
      try scan.adopt(request.analysis)
      return nil
    }
  }

  /// Rank 0's share: the phases, and what comes of them. Returns the exit code.
  private static func lead(
    _ request: ScanRequest, _ opening: Opening, _ worker: Worker, _ mailbox: Mailbox, _ machines: [Machine],
    _ version: ProgramVersion, _ progress: Progress, _ listener: Listener
  ) throws -> Int {
    defer { withExtendedLifetime(opening.hold) {} }
    let inputs = opening.inputs
    let versions = RunRecord.Versions(
      program: version, onnxRuntime: inputs.runtime.version, mpi: MPI.libraryVersion(),
      linearAlgebra: linearAlgebraVersion())
    let header = RunHeader(
      machines: machines, threads: request.measurement.threads, provider: inputs.runtime.provider?.shortName,
      versions: versions)
    listener.note(try header.line(opening.plan))
    listener.announce(opening.plan)
    let instructionSets = header.instructionSets(with: opening.earlier?.identity.instructionSets ?? [])
    if let warning = RunRecord.warning(instructionSets) { listener.note(warning) }
    opening.sayWhatIsThere(listener.note)
    do {
      let conductor = Conductor(
        request: request, labels: opening.stimuli.labels, classNames: opening.stimuli.classNames,
        thumbnails: try opening.stimuli.thumbnails(), mailbox: mailbox, worker: worker, instructionSets: instructionSets,
        versions: versions, origin: inputs.origin(request, program: version.number), earlier: opening.earlier,
        extended: opening.extended, note: listener.note)
      var runner = PhaseRunner(
        coordinator: Coordinator(
          wire: mailbox,
          stop: StopRequest(
            folders: [request.run.output, request.run.folderOfAll].compactMap(\.self), deadline: request.run.deadline),
          patience: request.run.patience),
        progress: progress)
      switch try conductor.scan(opening.plan, &runner) {
      case .whole(let result):
        try listener.report(result)
        opening.folder.removeCheckpoint()
      case .part(let part, let summary):
        try opening.folder.markFinished(part, summary)
        listener.note("Part \(part) is measured. When all parts are, join them: nnfmri-mpi merge DIR... --out OUT")
      }
      return 0
    } catch let stop as EarlyStop {
      let failure = Failure(
        .stopped,
        opening.folder.isBegun
          ? "stopped early by \(stop.reason); what was measured is kept in \(request.run.output): run the same command with --resume"
          : "stopped early by \(stop.reason), before anything was measured: run the same command again, and give it more time")
      listener.fail(failure)
      return failure.exitStatus.rawValue
    } catch let lost as LostRank {
      // Nobody can end in an orderly way with a rank that doesn't answer.
      throw Failure(
        .stopped,
        """
        rank \(lost.rank) on \(machines[lost.rank].host) has not been heard of for \(Int(request.run.patience)) s, and is taken for \
        lost; what was measured is kept in \(request.run.output): run the same command with --resume, and a longer --lost-after \
        where a forward pass takes as long
        """)
    } catch let error where !(error is MPIError) {
      listener.fail(Failure(error))
      return Failure(error).exitStatus.rawValue
    }
  }

  /// Tells rank 0 whether this rank can take part, and what it runs on. Collective.
  ///
  /// - Returns: the exit code, the same on all ranks: 0 if all can take part; and the machines by rank on rank 0.
  private static func introduce(
    _ introduction: Introduction, _ world: Communicator, _ listener: Listener
  ) throws -> (code: Int, machines: [Machine]) {
    let introductions = try world.gather(introduction.message).map { try Introduction(message: $0) }
    var code = 0
    if let rank = introductions.firstIndex(where: { $0.refusal.status != 0 }) {
      let failure = introductions[rank].refusal.failure
      listener.fail(Failure(failure.exitStatus, "rank \(rank) can't take part: \(failure.message)"))
      code = failure.exitStatus.rawValue
    }
    let verdict = try OpeningMessage(message: world.broadcast(OpeningMessage(exitCode: code).message))
    return (verdict.exitCode, introductions.map(\.machine))
  }

  /// What a rank takes part with.
  private struct Member {
    let inputs: Inputs
    let worker: Worker

    /// - Parameters:
    ///   - digest: of rank 0's options.
    ///   - inputs: if they are open already.
    /// - Throws: why the rank can't take part.
    init(_ request: ScanRequest, plan: ScanPlan, digest: String, inputs: Inputs?) throws {
      guard request.digest == digest else {
        throw Failure(
          .badInput, "it was started with other options than rank 0; start all ranks with the same command")
      }
      self.inputs = try inputs ?? Inputs(request)
      try self.inputs.check(against: plan, request: request)
      worker = try Worker(
        request: request, plan: plan, model: self.inputs.model, stimuli: self.inputs.stimuli(of: plan),
        stream: self.inputs.stream?.stimuli, heldOut: self.inputs.heldOut(of: plan, request),
        lesionFile: self.inputs.lesionFile, runtime: self.inputs.runtime)
    }
  }
}

/// What rank 0 tells all ranks first.
private struct OpeningMessage: Coded {
  var exitCode = 0
  /// There is nothing to be done by ranks.
  var isOver = false
  var requestDigest = ""
  var plan: [UInt8] = []

  init() {}
  init(exitCode: Int) { self.exitCode = exitCode }
  init(isOver: Bool) { self.isOver = isOver }

  init(_ plan: ScanPlan, _ request: ScanRequest) throws {
    self.plan = try plan.encoded()
    requestDigest = request.digest
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&exitCode)
    var over = isOver ? 1 : 0
    try coder.code(&over)
    isOver = over == 1
    try coder.code(&requestDigest)
    try coder.code(&plan)
  }
}

/// What a rank says of itself.
private struct Introduction: Coded {
  var refusal = FailureMessage.none
  private var host = ""
  private var instructionSet = ""
  var device: Machine.Device?

  init() {}

  init(_ machine: Machine) {
    host = machine.host
    instructionSet = machine.instructionSet
  }

  var machine: Machine { Machine(host: host, instructionSet: instructionSet, device: device) }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&refusal)
    try coder.code(&host)
    try coder.code(&instructionSet)
    var name = device?.name ?? ""
    var number = device?.number ?? -1
    try coder.code(&name)
    try coder.code(&number)
    device = number < 0 ? nil : Machine.Device(name: name, number: number)
  }
}
