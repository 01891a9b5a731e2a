import Anatomy
import Lesion
package import MPI
import ModelGraph
import OnnxRuntime
import Shapley
import Stimuli
import Temporal

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
    announce: (ScanPlan) -> Void, note: @escaping (String) -> Void, report: (ScanResult) throws -> Void, fail: (ScanError) -> Void
  ) throws -> Int {
    // Rank 0 speaks first: what is wrong for everyone is said once.
    var message = MessageWriter()
    var inputs: Inputs?
    var earlier: Checkpoint.Content?
    let folder = OutputFolder(request.output)
    if world.isRoot {
      do {
        let opened = try Inputs(request)
        earlier = try lookForEarlier(request, opened.origin(request, program: version))
        try folder.claim(resumes: request.resumes)
        let plan = try opened.planner(request).makePlan()
        if let part = request.part, plan.series(of: part).isEmpty {
          throw ScanError(
            .usage, "--part \(part): the scan has only \(plan.series(of: nil).count) series; cut it into as many parts or fewer")
        }
        message.append(0)
        message.append(String(decoding: try plan.encoded(), as: UTF8.self))
        inputs = opened
      } catch is AlreadyComplete {
        note("\(request.output) holds the whole result already; there is nothing to go on with.")
        message.append(nothingToDo)
      } catch {
        let error = ScanError(error)
        fail(error)
        message.append(error.code.rawValue)
      }
    }
    var reader = MessageReader(try world.broadcast(message.bytes))
    let code = reader.readInt()
    guard code == 0 else { return code == nothingToDo ? 0 : code }
    let plan = try ScanPlan(encoded: Array(reader.readString().utf8))

    // Then every rank says whether it can take part, and what it runs on.
    var worker: Worker?
    var objection = ""
    do {
      let opened = try inputs ?? Inputs(request)
      objection = opened.objection(to: plan, request: request) ?? ""
      if objection.isEmpty {
        worker = try Worker(
          request: request, plan: plan, model: opened.model, stimuli: opened.stimuli, stream: opened.stream?.stimuli,
          runtime: opened.runtime)
      }
      inputs = opened
    } catch {
      objection = ScanError(error).message
    }
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
    var verdict = MessageWriter()
    let odd = introductions.firstIndex { !$0.objection.isEmpty }
    verdict.append(odd == nil ? 0 : ScanError.Code.badInput.rawValue)
    if let odd { fail(ScanError(.badInput, "rank \(odd) can't take part: \(introductions[odd].objection)")) }
    var answer = MessageReader(try world.broadcast(verdict.bytes))
    let agreed = answer.readInt()
    guard agreed == 0, let worker, let inputs else { return agreed }
    worker.weights = try request.weightStore(
      of: inputs.model, digest: plan.modelDigest, runtime: inputs.runtime, world: world, complain: note)

    let mailbox = Mailbox(world)
    guard world.isRoot else { return try worker.serve(mailbox) }
    let versions = ScanResult.Versions(
      program: version, onnxRuntime: inputs.runtime.version, mpi: MPI.libraryVersion(),
      linearAlgebra: Shapley.linearAlgebraVersion())
    let header = RunHeader(machines: introductions.map(\.machine), threads: request.threads, versions: versions)
    note(try header.line(plan))
    announce(plan)
    let instructionSets = header.instructionSets(with: earlier?.identity.instructionSets ?? [])
    if let warning = RunHeader.warning(instructionSets) { note(warning) }
    var exitCode = 0
    do {
      if let earlier {
        note("Going on with \(earlier.shards.count) of \(plan.shardCount(of: request.part)) shards measured.")
        if earlier.isPrevious {
          note("\(folder.checkpoint) is damaged or gone; going on with the one before it, \(Checkpoint.previous(folder.checkpoint)).")
        }
        if earlier.lostBytes > 0 {
          note("\(folder.checkpoint): \(earlier.lostBytes) bytes are damaged; what they held is measured again.")
        }
      }
      let conductor = Conductor(
        request: request, labels: inputs.stimuli.labels, thumbnails: try inputs.stimuli.thumbnails(), mailbox: mailbox,
        worker: worker, progress: progress, versions: versions, instructionSets: instructionSets,
        stop: StopRequest(folder: request.output, deadline: request.deadline),
        origin: inputs.origin(request, program: version), earlier: earlier)
      switch try conductor.scan(plan) {
      case .whole(let result):
        try report(result)
        folder.removeCheckpoint()
      case .part(let part, let summary):
        try folder.markFinished(part, summary)
        note("Part \(part) is measured. When all parts are, join them: nnfmri-mpi merge DIR... --out OUT")
      }
    } catch let stop as EarlyStop {
      fail(
        ScanError(
          .stopped, "stopped early by \(stop.reason); what was measured is kept in \(request.output): run the same command with --resume"))
      exitCode = ScanError.Code.stopped.rawValue
    } catch let error where !(error is MPIError) {
      let error = ScanError(error)
      fail(error)
      exitCode = error.code.rawValue
    }
    var ending = MessageWriter()
    ending.append(exitCode)
    for rank in 1..<max(world.size, 1) { try mailbox.post(ending.bytes, to: rank, tag: Tag.stop) }
    try mailbox.finish()
    return exitCode
  }

  /// A stream of stimuli.
  struct Stream {
    let stimuli: StimulusSet
    /// Which of them are scanned.
    let scanned: [Int]

    /// - Throws: `ScanError` (`usage`) if it is shorter than a window.
    init(_ request: StreamRequest, of all: StimulusSet, seed: UInt64) throws(ScanError) {
      stimuli = all.prefix(request.length ?? all.count)
      guard request.temporal.windows(samples: stimuli.count).count > 0 else {
        throw ScanError(
          .usage,
          "--window \(request.temporal.window) is longer than the stream of \(stimuli.count) stimuli; give more stimuli, or a shorter window")
      }
      scanned = request.scannedStimuli(of: stimuli.count, seed: seed)
    }
  }

  /// What the output folder holds of the same scan, if it is to be gone on with.
  ///
  /// - Throws: `AlreadyComplete`; `ScanError` (`usage`) if what it holds is another scan's.
  private static func lookForEarlier(_ request: ScanRequest, _ origin: ScanOrigin) throws -> Checkpoint.Content? {
    guard request.resumes else { return nil }
    let folder = OutputFolder(request.output)
    func refuse(_ kind: String, _ difference: String) -> ScanError {
      ScanError(
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

  /// What a rank opens before it can do anything.
  struct Inputs {
    let model: Model
    /// Those that are scanned.
    let stimuli: StimulusSet
    let stream: Stream?
    let runtime: Runtime
    /// SHA-256 of the model file and its files of weights.
    let modelDigest: String
    /// SHA-256 of the files of stimuli and labels.
    let dataDigest: String

    init(_ request: ScanRequest) throws {
      model = try Model(contentsOf: request.model)
      try model.checkExternalFiles()
      var stimuli = try StimulusSet(contentsOf: request.data, labels: request.labels)
      try stimuli.setPreprocessing(
        Preprocessing(
          scale: request.scale, mean: request.mean, standardDeviation: request.standardDeviation,
          channelAxis: request.layout == .nhwc ? .last : .first))
      if let wanted = request.stream {
        let stream = try Stream(wanted, of: stimuli, seed: request.seed)
        self.stream = stream
        self.stimuli = try stream.stimuli.select(stream.scanned)
      } else {
        stream = nil
        self.stimuli = stimuli.prefix(request.stimulusLimit)
      }
      let folder = model.folder ?? "."
      modelDigest = try Digest.ofFiles([request.model] + model.externalFiles.map { "\(folder)/\($0)" })
      dataDigest = try Digest.ofFiles(stimuli.files)
      runtime = try Runtime()
    }

    func origin(_ request: ScanRequest, program: String) -> ScanOrigin {
      ScanOrigin(
        options: request.decisiveOptions, modelDigest: modelDigest, dataDigest: dataDigest, program: program,
        onnxRuntime: runtime.version, part: request.part)
    }

    func planner(_ request: ScanRequest) -> Planner {
      Planner(
        request: request, model: model, stimuli: stimuli, stream: stream, runtime: runtime, modelDigest: modelDigest,
        dataDigest: dataDigest)
    }

    /// Why this rank would measure something else than the plan says, if it would.
    func objection(to plan: ScanPlan, request: ScanRequest) -> String? {
      if request.digest != plan.requestDigest {
        return "it was started with other options than rank 0; start all ranks with the same command"
      }
      if modelDigest != plan.modelDigest {
        return "its model file \(request.model) has SHA-256 \(modelDigest.prefix(12))…, and rank 0's has \(plan.modelDigest.prefix(12))…; give all ranks the same file"
      }
      if dataDigest != plan.dataDigest {
        return "its stimuli \(request.data) have SHA-256 \(dataDigest.prefix(12))…, and rank 0's have \(plan.dataDigest.prefix(12))…; give all ranks the same files"
      }
      return nil
    }
  }
}
