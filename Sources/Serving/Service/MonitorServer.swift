package import Files
internal import Glibc
package import Monitoring
internal import NIOConcurrencyHelpers
internal import NIOPosix
import UserErrors

/// A monitored network behind HTTP, from the first connection to the last answer.
package final class MonitorServer {
  /// A network on its way to the thread that will be its only user.
  private struct Handover: @unchecked Sendable {
    let worker: Worker
  }

  /// Seconds between self-tests.
  private static let selfTestInterval = 60.0
  /// Seconds that a worker waits for requests before it looks whether a self-test is due.
  private static let patience = 1.0
  /// Between looks at whether the server is to end.
  private static let lookMicroseconds: UInt32 = 50_000

  private let service: MonitorService
  private let server: HTTPServer
  private let pool: NIOThreadPool
  /// Its value: workers that have ended.
  private let ended: ConditionLock<Int>

  /// Opens the network once a worker, listens, and answers from then on.
  ///
  /// - Parameter model: the network's file; `nil` for where the reference found it.
  /// - Throws: `Failure`, or what a module throws, if the network can't be opened, or the address not listened on.
  package init(_ reference: MonitorReference, model: String?, judge: Judge, options: ServingOptions) throws {
    let models = try (0..<options.workers).map { _ in try MonitoredModel(reference, model: model, isServed: true) }
    note = models[0].note
    let signature: ModelSignature
    do {
      signature = try ModelSignature(name: options.modelName, models[0])
    } catch {
      throw Failure(.badInput, error.message)
    }
    guard !signature.outputs.isEmpty else { throw Failure(.badInput, "the model has no output that can be sent") }
    let service = try MonitorService(signature, judge: judge, options: options)
    let server = try HTTPServer(
      options.address, limits: options.limits, bodyLimit: ServerLimits.body(elements: signature.elements), token: options.token,
      service: service)
    let ended = ConditionLock(value: 0)
    pool = NIOThreadPool(numberOfThreads: options.workers)
    pool.start()
    for (number, model) in models.enumerated() {
      let handover = Handover(worker: Worker(model, service))
      pool.submit { _ in
        Self.work(handover.worker, number, service)
        // Queues are closed for all, so that the workers end in the order of their numbers, or wait here for it.
        ended.lock(whenValue: number)
        ended.unlock(withValue: number + 1)
      }
    }
    (self.service, self.server, self.ended) = (service, server, ended)
  }

  /// What a user should know of the machine.
  package let note: String?

  /// Where it listens.
  package var address: ServerAddress { server.address }

  /// Waits until the server is to end; then takes no more requests, answers those that it has, and ends.
  ///
  /// - Returns: whether all that were accepted were answered, and what was judged.
  package func run(until isStopped: () -> Bool) -> (isComplete: Bool, summary: Summary) {
    while !isStopped() { usleep(Self.lookMicroseconds) }
    let isComplete = server.drain()
    service.queue.close()
    ended.lock(whenValue: service.options.workers)
    ended.unlock()
    server.stop()
    try? pool.syncShutdownGracefully()
    return (isComplete, Summary(service.state))
  }

  private static func work(_ worker: Worker, _ number: Int, _ service: MonitorService) {
    let options = service.options
    var nextTest = 0.0
    while true {
      if options.runsSelfTests, monotonicSeconds() >= nextTest {
        nextTest = monotonicSeconds() + selfTestInterval
        let failed = try? worker.failedSelfTests()
        service.takeSelfTest(worker: number, passed: failed?.isEmpty ?? false)
      }
      // Nobody else can send what could share a pass with a lone connection's request.
      let delay = service.hasSeveralConnections ? options.delay : 0
      guard let jobs = service.queue.take(most: options.batch, delay: delay, patience: patience) else { return }
      if !jobs.isEmpty { worker.answer(jobs) }
    }
  }

  /// What a server has judged.
  package struct Summary {
    package let stimuli: Int
    package let outliers: Int
    /// The stimulus at which the drift test alarmed, and that since which things have probably changed.
    package let drift: (alarm: Int, since: Int)?
    package let failedSelfTests: Int
    /// Verdicts' lines that couldn't be written, and why the first of them couldn't.
    package let lost: (count: Int, reason: FileError)?
    /// Whether there was drift, an answer that wasn't finite, or a failed self-test.
    package let hasAlarm: Bool

    init(_ state: StreamState) {
      (stimuli, outliers, failedSelfTests, hasAlarm) = (state.count, state.outliers, state.failedSelfTests, state.hasAlarm)
      lost = state.lost
      drift = state.judge.drift.alarm.map { (alarm: $0, since: state.judge.drift.changePoint) }
    }
  }
}
