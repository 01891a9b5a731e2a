import Foundation
import Grids
import ModelGraph
import Monitoring
import Serving
import Stimuli
import Synchronization
import TestSupport

/// A small network that is served on a port of this machine until the bench is let go of.
final class ServedBench {
  /// What a server that has ended says.
  private final class Ending: Sendable {
    let isWished = Atomic(false)
    let result = Mutex<(isComplete: Bool, stimuli: Int, lostLines: Int)?>(nil)
  }

  private struct Handover: @unchecked Sendable { let server: MonitorServer }

  /// What most tests serve.
  let network = SmallNetwork.residual
  let folder = TemporaryFolder()
  let reference: MonitorReference
  let address: ServerAddress
  private let ending = Ending()
  private let thread: Thread

  /// - Parameter other: writes another network and at least 120 of its stimuli into a folder.
  init(
    _ change: (inout ServingOptions) throws -> Void = { _ in },
    other: ((TemporaryFolder) throws -> (model: String, data: String))? = nil
  ) throws {
    // Held while tests run, since runtimes that come and go at once fail.
    _ = try TestRuntime.make()
    let files: (model: String, data: String)
    if let other {
      files = try other(folder)
    } else {
      let written = try network.write(to: folder, stimuli: 120)
      files = (written.model, written.data)
    }
    var request = LearningRequest(model: files.model, data: files.data)
    request.grid = GridSize(height: 3, width: 3, channels: 2)
    request.selfTests = 2
    let learner = try MonitorLearner(request)
    reference = try learner.reference([try learner.observe(rank: 0, of: 1) { _, _ in }], program: "test")
    var options = ServingOptions(
      address: try ServerAddress(parsing: "127.0.0.1:0"), modelName: other == nil ? "residual" : "other", programVersion: "test")
    try change(&options)
    let learnt = reference
    let runners = try (0..<options.workers).map { _ in try PassRunner(learnt, model: nil, options: options) }
    let server = try MonitorServer(
      runners, judge: Judge(reference, outlierRate: 0.01, driftRate: 0.01), options: options)
    address = server.address
    let (handover, ending) = (Handover(server: server), ending)
    thread = Thread {
      // Alone it has no wire that could fail.
      let result = try? handover.server.run(until: { ending.isWished.load(ordering: .relaxed) })
      ending.result.withLock {
        $0 = result.map { ($0.isComplete, $0.summary.stimuli, $0.summary.lost?.count ?? 0) } ?? (false, 0, 0)
      }
    }
    thread.start()
  }

  deinit { _ = finish() }

  /// Wishes the server to end, without waiting for it.
  func beginToEnd() { ending.isWished.store(true, ordering: .relaxed) }

  /// Ends the server. - Returns: whether all that was accepted was answered, and how many stimuli were judged.
  func finish() -> (isComplete: Bool, stimuli: Int) {
    beginToEnd()
    while true {
      if let result = ending.result.withLock({ $0 }) { return (result.isComplete, result.stimuli) }
      usleep(5_000)
    }
  }

  /// Lines that a server which has ended has left out.
  var lostLines: Int? { ending.result.withLock { $0?.lostLines } }

  func connect() throws -> RawConnection { try RawConnection(port: address.port) }

  /// Stimuli that weren't learnt from, one after another.
  func values(_ count: Int) throws -> [Float] {
    let stimuli = try network.stimuli(120 + count)
    return try (120..<120 + count).flatMap { try stimuli.floats(stimulus: $0) }
  }

  /// What the network alone says to them.
  func answers(_ count: Int) throws -> [[Float]] {
    let opened = try MonitoredModel(reference, model: nil)
    let feed = try opened.feed(network.stimuli(120 + count).select(Array(120..<120 + count)))
    return try (0..<count).map { try opened.network.observe(feed, rows: [$0])[0].output }
  }
}
