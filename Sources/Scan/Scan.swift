import Anatomy
import Lesion
package import MPI
import ModelGraph
import OnnxRuntime
import Shapley
import Stimuli

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
  ///   - note: called on rank 0 with a sentence that the user should read.
  ///   - report: called on rank 0 with the result: writes the files.
  ///   - fail: called on rank 0 with the reason, if the scan can't be done.
  /// - Returns: the exit code, the same on all ranks: 0, or that of the error.
  /// - Throws: `MPIError`, on which the job can only be aborted.
  package static func run(
    _ request: ScanRequest, program version: String, world: Communicator, progress: Progress,
    announce: (ScanPlan) -> Void, note: (String) -> Void, report: (ScanResult) throws -> Void, fail: (ScanError) -> Void
  ) throws -> Int {
    // Rank 0 speaks first: what is wrong for everyone is said once.
    var message = MessageWriter()
    var inputs: Inputs?
    let folder = OutputFolder(request.output)
    if world.isRoot {
      do {
        guard !request.resumes || !folder.isComplete else { throw AlreadyComplete() }
        let opened = try Inputs(request)
        try folder.claim(resumes: request.resumes)
        let plan = try opened.planner(request).makePlan()
        message.append(0)
        message.append(String(decoding: try plan.encoded(), as: UTF8.self))
        inputs = opened
      } catch is AlreadyComplete {
        note("\(request.output) holds the whole result of a scan already; there is nothing to go on with.")
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

    // Then every rank says whether it can take part.
    var worker: Worker?
    var objection = ""
    do {
      let opened = try inputs ?? Inputs(request)
      objection = try opened.objection(to: plan, request: request) ?? ""
      if objection.isEmpty {
        worker = try Worker(
          request: request, plan: plan, model: opened.model, stimuli: opened.stimuli, runtime: opened.runtime)
      }
      inputs = opened
    } catch {
      objection = ScanError(error).message
    }
    let objections = try world.gather(Array(objection.utf8), tag: setUpTag)
    var verdict = MessageWriter()
    verdict.append(objections.contains { !$0.isEmpty } ? ScanError.Code.badInput.rawValue : 0)
    if let rank = objections.firstIndex(where: { !$0.isEmpty }) {
      fail(ScanError(.badInput, "rank \(rank) can't take part: \(String(decoding: objections[rank], as: UTF8.self))"))
    }
    var answer = MessageReader(try world.broadcast(verdict.bytes))
    let agreed = answer.readInt()
    guard agreed == 0, let worker, let inputs else { return agreed }

    guard world.isRoot else { return try worker.serve(world) }
    announce(plan)
    let stop = StopRequest(folder: request.output, deadline: request.deadline)
    let versions = ScanResult.Versions(
      program: version, onnxRuntime: inputs.runtime.version, mpi: MPI.libraryVersion())
    var exitCode = 0
    do {
      let earlier = try request.resumes ? Checkpoint.read(folder.checkpoint) : nil
      if let earlier {
        note("Going on with \(earlier.shards.count) of \(plan.shardCount) shards measured.")
        if earlier.isPrevious {
          note("\(folder.checkpoint) is damaged; going on with the one before it, \(Checkpoint.previous(folder.checkpoint)).")
        }
        if earlier.lostBytes > 0 {
          note("\(folder.checkpoint): \(earlier.lostBytes) bytes are damaged; what they held is measured again.")
        }
      }
      let conductor = Conductor(
        request: request, labels: inputs.stimuli.labels, thumbnails: try inputs.stimuli.thumbnails(), world: world, worker: worker, progress: progress,
        versions: versions, stop: stop, earlier: earlier)
      try report(conductor.scan(plan))
      folder.removeCheckpoint()
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
    for rank in 1..<max(world.size, 1) { try world.send(ending.bytes, to: rank, tag: Tag.stop) }
    return exitCode
  }

  /// What a rank opens before it can do anything.
  struct Inputs {
    let model: Model
    let stimuli: StimulusSet
    let runtime: Runtime

    init(_ request: ScanRequest) throws {
      model = try Model(contentsOf: request.model)
      try model.checkExternalFiles()
      var stimuli = try StimulusSet(contentsOf: request.data, labels: request.labels)
      try stimuli.setPreprocessing(
        Preprocessing(
          scale: request.scale, mean: request.mean, standardDeviation: request.standardDeviation,
          channelAxis: request.layout == .nhwc ? .last : .first))
      self.stimuli = stimuli.prefix(request.stimulusLimit)
      runtime = try Runtime()
    }

    func planner(_ request: ScanRequest) -> Planner {
      Planner(request: request, model: model, stimuli: stimuli, runtime: runtime)
    }

    /// Why this rank would measure something else than the plan says, if it would.
    func objection(to plan: ScanPlan, request: ScanRequest) throws -> String? {
      if request.digest != plan.requestDigest {
        return "it was started with other options than rank 0; start all ranks with the same command"
      }
      let model = try Planner.modelDigest(request, model)
      if model != plan.modelDigest {
        return "its model file \(request.model) has SHA-256 \(model.prefix(12))…, and rank 0's has \(plan.modelDigest.prefix(12))…; give all ranks the same file"
      }
      let data = try Digest.ofFiles(stimuli.files)
      if data != plan.dataDigest {
        return "its stimuli \(request.data) have SHA-256 \(data.prefix(12))…, and rank 0's have \(plan.dataDigest.prefix(12))…; give all ranks the same files"
      }
      return nil
    }
  }
}
