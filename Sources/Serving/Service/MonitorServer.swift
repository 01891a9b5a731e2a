package import Distribution
package import Files
internal import Glibc
package import Monitoring
internal import NIOConcurrencyHelpers
internal import NIOPosix

/// A monitored network behind HTTP, from the first connection to the last answer.
package final class MonitorServer {
  /// A thread's work on its way to the thread.
  private struct Handover: @unchecked Sendable {
    let worker: Worker
  }

  /// Seconds between self-tests.
  private static let selfTestInterval = 60.0
  /// Seconds that a worker waits for requests before it looks whether a self-test is due.
  private static let patience = 1.0
  /// Between looks at whether the server is to end, and at whether it has.
  private static let lookSeconds = 0.05
  private static let lastLookSeconds = 0.01

  private let service: MonitorService
  private let server: HTTPServer
  private let pool: NIOThreadPool
  /// Its value: threads that have ended, workers first.
  private let ended: ConditionLock<Int>
  private let workerCount: Int
  private let threadCount: Int
  private let others: OtherRanks?

  /// Listens, and answers from then on: on a thread for each runner, and on one for each other rank. The live page's events
  /// and verdicts' lines have a thread each.
  ///
  /// - Parameters:
  ///   - runners: at least one.
  ///   - wire: to ranks that make passes too (`PassRunner.serve`); `nil` where this process is alone.
  /// - Throws: `Failure` where the address can't be listened on; `FileError` where verdicts' lines can't be written.
  package init(_ runners: [PassRunner], judge: Judge, options: ServingOptions, wire: (any Transport)? = nil) throws {
    let signature = runners[0].signature
    let service = try MonitorService(signature, judge: judge, options: options)
    let server = try HTTPServer(
      options.address, limits: options.limits, bodyLimit: ServerLimits.body(elements: signature.elements), token: options.token,
      service: service)
    let others = wire.map { OtherRanks($0, patience: options.patience) }
    var makers: [any PassMaking] = runners
    if let others { makers += others.numbers.map { RankPasses(ranks: others, rank: $0) } }
    var threads: [@Sendable () -> Void] = makers.enumerated().map { number, maker in
      let handover = Handover(worker: Worker(maker, service))
      return { Self.work(handover.worker, number, service) }
    }
    threads.append { service.feed.work { service.trace } }
    if let lines = service.lines { threads.append { lines.work() } }
    let ended = ConditionLock(value: 0)
    pool = NIOThreadPool(numberOfThreads: threads.count)
    pool.start()
    for (number, work) in threads.enumerated() {
      pool.submit { _ in
        work()
        // Queues are closed for all workers, and then for the others, so that threads end in the order of their numbers, or wait here
        // for it.
        ended.lock(whenValue: number)
        ended.unlock(withValue: number + 1)
      }
    }
    (workerCount, threadCount) = (makers.count, threads.count)
    (self.service, self.server, self.ended, self.others) = (service, server, ended, others)
  }

  /// Where it listens.
  package var address: ServerAddress { server.address }

  /// Waits until the server is to end; then takes no more requests, answers those that it has, and ends. Messages of other ranks
  /// are carried by the thread that calls it.
  ///
  /// - Returns: whether all that were accepted were answered, and what was judged.
  /// - Throws: the transport's errors; `LostRank` where one hasn't answered for too long: nothing is left but to end the job.
  package func run(until isStopped: () -> Bool) throws -> (isComplete: Bool, summary: Summary) {
    while !isStopped(), others?.isStopWished != true { try rest(Self.lookSeconds) }
    let isComplete = try server.drain { try rest(Self.lastLookSeconds) }
    service.queue.close()
    try wait(for: workerCount)
    service.feed.close()
    service.lines?.close(within: service.options.limits.lineSeconds)
    try wait(for: threadCount)
    server.stop()
    try? pool.syncShutdownGracefully()
    return (isComplete, Summary(service.trace, lost: service.lines?.lost))
  }

  /// Waits until so many threads have ended.
  private func wait(for threads: Int) throws {
    while !ended.lock(whenValue: threads, timeoutSeconds: Self.lastLookSeconds) { try others?.carry(patience: 0) }
    ended.unlock()
  }

  private func rest(_ seconds: Double) throws {
    if let others { try others.carry(patience: seconds) } else { usleep(UInt32(1e6 * seconds)) }
  }

  private static func work(_ worker: Worker, _ number: Int, _ service: MonitorService) {
    let options = service.options
    var nextTest = 0.0
    while true {
      if options.runsSelfTests, monotonicSeconds() >= nextTest {
        nextTest = monotonicSeconds() + selfTestInterval
        service.takeSelfTest(worker: number, passed: worker.passesSelfTest())
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

    init(_ trace: StreamTrace, lost: (count: Int, reason: FileError)?) {
      (stimuli, outliers, failedSelfTests, hasAlarm) = (trace.count, trace.outliers, trace.failedSelfTests, trace.hasAlarm)
      (drift, self.lost) = (trace.drift, lost)
    }
  }
}
