package import Distribution
package import MPI
import ScanPlan
package import ScanResults
import Shapley
package import UserErrors

extension Scan {
  /// What a comparison tells the person who started it, on rank 0.
  package struct ComparisonListener {
    /// Called with a sentence that the user should read.
    package var note: (String) -> Void
    /// Called with the result: writes the files.
    package var report: (ComparisonResult) throws -> Void
    /// Called with the reason, if there can be none.
    package var fail: (Failure) -> Void

    package init(
      note: @escaping (String) -> Void, report: @escaping (ComparisonResult) throws -> Void,
      fail: @escaping (Failure) -> Void
    ) {
      self.note = note
      self.report = report
      self.fail = fail
    }
  }

  /// Compares methods on the layers, regions and stimuli of a finished scan. Collective: every rank calls it.
  ///
  /// Cost: of each series K passes a region for the reference, about 8 more for the other maps and their randomised ones, and
  /// 72 passes a method for curves.
  /// - Returns: the exit code, the same on all ranks: 0, or that of the error.
  /// - Throws: `MPIError`, on which the job can only be aborted.
  package static func compare(
    _ asked: ComparisonRequest, world: Communicator, progress: Progress, listener: ComparisonListener
  ) throws -> Int {
    let place = try world.placeOnThisMachine().place
    var opening: ComparisonOpening?
    var message = ComparisonOpeningMessage()
    if world.isRoot {
      do {
        let opened = try ComparisonOpening(asked, place: place)
        message = try ComparisonOpeningMessage(opened)
        opening = opened
      } catch {
        listener.fail(Failure(error))
        message.exitCode = Failure(error).exitStatus.rawValue
      }
    }
    message = try ComparisonOpeningMessage(message: world.broadcast(message.message))
    guard message.exitCode == 0 else { return message.exitCode }

    var member: (inputs: Inputs, worker: Worker)?
    var refusal = FailureMessage.none
    do {
      member = try message.member(opening?.inputs, place: place)
    } catch {
      refusal = FailureMessage(Failure(error))
    }
    var verdict = ComparisonOpeningMessage()
    let refusals = try world.gather(refusal.message).map { try FailureMessage(message: $0) }
    if let rank = refusals.firstIndex(where: { $0.status != 0 }) {
      let failure = refusals[rank].failure
      listener.fail(Failure(failure.exitStatus, "rank \(rank) can't take part: \(failure.message)"))
      verdict.exitCode = failure.exitStatus.rawValue
    }
    verdict = try ComparisonOpeningMessage(message: world.broadcast(verdict.message))
    guard verdict.exitCode == 0, let (inputs, worker) = member else { return verdict.exitCode }
    worker.weights = try worker.request.weightStore(
      of: inputs.model, digest: worker.plan.modelDigest, runtime: inputs.runtime, world: world, complain: listener.note)

    let mailbox = Mailbox(world)
    guard let opening else {
      var loop = WorkerLoop(wire: mailbox, worker: worker, registry: Worker.registry)
      return try loop.run()
    }
    var exitCode = 0
    do {
      var runner = PhaseRunner(
        coordinator: Coordinator(wire: mailbox, stop: StopRequest()), progress: progress)
      try listener.report(
        ComparisonConductor(opening: opening, worker: worker, spread: mailbox.spread(_:)).result(&runner))
    } catch let error where !(error is MPIError) {
      listener.fail(Failure(error))
      exitCode = Failure(error).exitStatus.rawValue
    }
    try mailbox.dismiss(exitCode: exitCode)
    return exitCode
  }
}
