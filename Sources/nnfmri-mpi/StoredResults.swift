import ArgumentParser
import Distribution
internal import Glibc
import MPI
import Scan
import ScanResults
import UserErrors

/// Computes results from measured values on all ranks that the command was started on, one or many.
enum StoredResults {
  /// How estimates reach the ranks.
  struct Ranks {
    let runner: PhaseRunner<Mailbox>
    let spread: (EstimationNotice) throws -> Void
  }

  /// - Parameter body: runs on rank 0; computes, writes and prints the result.
  /// - Throws: `ExitCode`, the same on all ranks, if it fails.
  static func compute(_ body: (Ranks) throws -> Void) throws {
    let code = try withEnvironment(onFailure: ScanCommand.abort) { world -> Int in
      let mailbox = Mailbox(world)
      guard world.isRoot else {
        var loop = WorkerLoop(wire: mailbox, worker: EstimationWorker(), registry: EstimationWorker.registry)
        return try loop.run()
      }
      var code = 0
      do {
        let runner = PhaseRunner(
          coordinator: Coordinator(wire: mailbox, stop: StopRequest()),
          progress: Progress { _ in })
        try body(Ranks(runner: runner, spread: { try mailbox.spread($0) }))
      } catch let error where !(error is MPIError) {
        complain(Failure(error).message)
        code = Failure(error).exitStatus.rawValue
      }
      try mailbox.dismiss(exitCode: code)
      return code
    }
    if code != 0 { throw ExitCode(Int32(code)) }
  }
}
