package import MPI
import ModelGraph
import OnnxRuntime
import Shapley
import Statistics
import Stimuli
package import UserErrors

/// A distributed lesion scan, from request to result.
///
/// Rank 0 looks at the model and makes the plan; all ranks get it and prove that they hold the same model, stimuli and
/// options; then rank 0 hands out tasks and takes in their results. What a task returns depends on the task alone, and
/// results are put together in the order of the plan, so any number of ranks gives the same bytes.
package enum Scan {
  /// The phase that takes the evaluations.
  static let measuring = "measuring"
  /// How far prefix and suffix with nothing lesioned may be from the whole model, as a share of the largest score. A
  /// right cut of a float32 network stays below 1e-5; a wrong one is off by the size of the score itself.
  static let cutTolerance = 1e-3
  /// The tag of a rank's words on its set-up.
  private static let setUpTag: Int32 = 10
  /// Told to all ranks instead of a plan, where the result is there already.
  private static let nothingToDo = -1

  private struct AlreadyComplete: Error {}

  /// Scans. Collective: every rank calls it with the same request.
  ///
  /// - Parameters:
  ///   - progress: shown on rank 0.
  ///   - announce: called on rank 0 with the plan, before the first task.
  ///   - note: called with a sentence that the user should read; on rank 0, but for what a rank alone knows.
  ///   - report: called on rank 0 with the result: writes the files. Not called for a part of a scan.
  ///   - fail: called on rank 0 with the reason, if the scan can't be done.
  /// - Returns: the exit code, the same on all ranks: 0, or that of the error.
  /// - Throws: `MPIError`, on which the job can only be aborted.
  package static func run(
    _ request: ScanRequest, program version: String, world: Communicator, progress: Progress,
    announce: (ScanPlan) -> Void, note: @escaping (String) -> Void, report: (ScanResult) throws -> Void, fail: (Failure) -> Void
  ) throws -> Int {
    var code = 0
    func end(with error: Failure) {
      fail(error)
      code = error.exitStatus.rawValue
    }
    // Rank 0 speaks first: what is wrong for everyone is said once.
    var opening: Opening?
    if world.isRoot {
      do {
        opening = try Opening(request, program: version)
      } catch is AlreadyComplete {
        note("\(request.output) holds the whole result already; there is nothing to go on with.")
        code = nothingToDo
      } catch {
        end(with: Failure(error))
      }
    }
    var message = MessageWriter()
    message.append(code)
    if let opening { message.append(String(decoding: try opening.plan.encoded(), as: UTF8.self)) }
    var reader = MessageReader(try world.broadcast(message.bytes))
    code = reader.readInt()
    guard code == 0 else { return code == nothingToDo ? 0 : code }
    let plan = try ScanPlan(encoded: Array(reader.readString().utf8))

    // Then every rank says whether it can take part, and what it runs on.
    var member: Member?
    var objection = ""
    do {
      member = try Member(request, plan: plan, inputs: opening?.inputs)
    } catch {
      objection = Failure(error).message
    }
    let machines = try introduce(objection: objection, world, fail: fail)
    guard let member, let machines else { return ExitStatus.badInput.rawValue }
    let (inputs, worker) = (member.inputs, member.worker)
    worker.weights = try request.weightStore(
      of: inputs.model, digest: plan.modelDigest, runtime: inputs.runtime, world: world, complain: note)

    let mailbox = Mailbox(world)
    guard let opening else { return try worker.serve(mailbox) }
    let versions = ScanResult.Versions(
      program: version, onnxRuntime: inputs.runtime.version, mpi: MPI.libraryVersion(),
      linearAlgebra: linearAlgebraVersion())
    let header = RunHeader(machines: machines, threads: request.threads, versions: versions)
    note(try header.line(plan))
    announce(plan)
    let instructionSets = header.instructionSets(with: opening.earlier?.identity.instructionSets ?? [])
    if let warning = RunHeader.warning(instructionSets) { note(warning) }
    opening.sayWhatIsThere(note)

    do {
      let conductor = Conductor(
        request: request, labels: inputs.stimuli.labels, thumbnails: try inputs.stimuli.thumbnails(), mailbox: mailbox,
        worker: worker, progress: progress, versions: versions, instructionSets: instructionSets,
        stop: StopRequest(folder: request.output, deadline: request.deadline),
        origin: inputs.origin(request, program: version), earlier: opening.earlier)
      switch try conductor.scan(plan) {
      case .whole(let result):
        try report(result)
        opening.folder.removeCheckpoint()
      case .part(let part, let summary):
        try opening.folder.markFinished(part, summary)
        note("Part \(part) is measured. When all parts are, join them: nnfmri-mpi merge DIR... --out OUT")
      }
    } catch let stop as EarlyStop {
      end(
        with: Failure(
          .stopped, "stopped early by \(stop.reason); what was measured is kept in \(request.output): run the same command with --resume"))
    } catch let error where !(error is MPIError) {
      end(with: Failure(error))
    }
    var ending = MessageWriter()
    ending.append(code)
    for rank in 1..<max(world.size, 1) { try mailbox.post(ending.bytes, to: rank, tag: Tag.stop) }
    try mailbox.finish()
    return code
  }

  /// Tells rank 0 whether this rank can take part, and what it runs on. Collective.
  ///
  /// - Parameters:
  ///   - objection: why it can't; empty if it can.
  ///   - fail: called on rank 0, if one can't.
  /// - Returns: the machines by rank on rank 0, and none elsewhere; `nil`, on all ranks, if one can't take part.
  private static func introduce(
    objection: String, _ world: Communicator, fail: (Failure) -> Void
  ) throws(MPIError) -> [Machine]? {
    var introduction = MessageWriter()
    introduction.append(objection)
    introduction.append(Machine.current.host)
    introduction.append(Machine.current.instructionSet)
    let introductions = try world.gather(introduction.bytes, tag: setUpTag).map { bytes in
      var reader = MessageReader(bytes)
      return (
        objection: reader.readString(), machine: Machine(host: reader.readString(), instructionSet: reader.readString())
      )
    }
    let odd = introductions.firstIndex { !$0.objection.isEmpty }
    if let odd { fail(Failure(.badInput, "rank \(odd) can't take part: \(introductions[odd].objection)")) }
    let verdict = try world.broadcast([odd == nil ? 1 : 0])
    return verdict == [1] ? introductions.map(\.machine) : nil
  }

  /// What a rank takes part with.
  private struct Member {
    let inputs: Inputs
    let worker: Worker

    /// - Parameter inputs: if they are open already.
    /// - Throws: why the rank can't take part.
    init(_ request: ScanRequest, plan: ScanPlan, inputs: Inputs?) throws {
      self.inputs = try inputs ?? Inputs(request)
      if let objection = self.inputs.objection(to: plan, request: request) { throw Failure(.badInput, objection) }
      worker = try Worker(
        request: request, plan: plan, model: self.inputs.model, stimuli: self.inputs.stimuli,
        stream: self.inputs.stream?.stimuli, runtime: self.inputs.runtime)
    }
  }

  /// What rank 0 finds, and what it plans, before it tells the others.
  private struct Opening {
    let folder: OutputFolder
    let inputs: Inputs
    /// What an earlier run measured, where this one goes on.
    let earlier: Checkpoint.Content?
    let plan: ScanPlan
    private let shardCount: Int

    /// - Throws: `AlreadyComplete`; `Failure` and the modules' errors.
    init(_ request: ScanRequest, program: String) throws {
      folder = OutputFolder(request.output)
      inputs = try Inputs(request)
      earlier = request.resumes ? try Self.earlier(in: folder, inputs.origin(request, program: program)) : nil
      try folder.claim(resumes: request.resumes)
      plan = try inputs.planner(request).makePlan()
      if let part = request.part, plan.series(of: part).isEmpty {
        throw Failure(
          .usage, "--part \(part): the scan has only \(plan.series(of: nil).count) series; cut it into as many parts or fewer")
      }
      shardCount = plan.shardCount(of: request.part)
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
    /// - Throws: `AlreadyComplete`; `Failure` (`usage`) if what it holds is another scan's.
    private static func earlier(in folder: OutputFolder, _ origin: ScanOrigin) throws -> Checkpoint.Content? {
      func refuse(_ kind: String, _ difference: String) -> Failure {
        Failure(
          .usage,
          "\(folder.path) holds \(kind): \(difference); give the same again, or choose another folder with --out")
      }
      if folder.isComplete {
        if let difference = origin.difference(from: try RunSummary(contentsOf: folder.summary).origin) {
          throw refuse("the result of another scan", difference)
        }
        throw AlreadyComplete()
      }
      guard let earlier = try Checkpoint.read(folder.checkpoint) else { return nil }
      if let difference = origin.difference(from: earlier.identity.origin) {
        throw refuse("an unfinished scan that can't be gone on with", difference)
      }
      if folder.isFinishedPart, earlier.missingShards.isEmpty { throw AlreadyComplete() }
      return earlier
    }
  }
}
