import Files
import NIOConcurrencyHelpers

/// A request that waits for a pass.
struct InferenceJob: Sendable {
  let content: RequestContent
  let reply: @Sendable (ServedResponse) -> Void
}

/// Requests that wait, in the order in which they came, bounded. Safe to use from any thread.
final class JobQueue: @unchecked Sendable {
  private enum Content { case nothing, something }

  /// Guards everything below; its value says whether a worker has a reason to look.
  private let lock = ConditionLock(value: Content.nothing)
  private var jobs: [InferenceJob] = []
  private var isClosed = false
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var count: Int {
    lock.lock()
    defer { lock.unlock() }
    return jobs.count
  }

  /// - Returns: whether there was room.
  func put(_ job: InferenceJob) -> Bool {
    lock.lock()
    let fits = !isClosed && jobs.count < limit
    if fits { jobs.append(job) }
    lock.unlock(withValue: content)
    return fits
  }

  /// Lets workers finish what waits, and then end.
  func close() {
    lock.lock()
    isClosed = true
    lock.unlock(withValue: content)
  }

  /// Waits for jobs.
  ///
  /// - Parameters:
  ///   - most: how many are taken at once.
  ///   - delay: seconds to wait for more once there is one; 0 takes what there is.
  ///   - patience: seconds to wait for the first.
  /// - Returns: nothing where none came; `nil` where none will.
  func take(most: Int, delay: Double, patience: Double) -> [InferenceJob]? {
    guard var taken = take(most, waiting: patience) else { return nil }
    guard !taken.isEmpty, delay > 0 else { return taken }
    let end = monotonicSeconds() + delay
    while taken.count < most {
      let left = end - monotonicSeconds()
      guard left > 0, let more = take(most - taken.count, waiting: left), !more.isEmpty else { break }
      taken += more
    }
    return taken
  }

  private func take(_ most: Int, waiting seconds: Double) -> [InferenceJob]? {
    guard lock.lock(whenValue: .something, timeoutSeconds: seconds) else { return [] }
    let taken = Array(jobs.prefix(most))
    jobs.removeFirst(taken.count)
    let isOver = isClosed && taken.isEmpty
    lock.unlock(withValue: content)
    return isOver ? nil : taken
  }

  private var content: Content { jobs.isEmpty && !isClosed ? .nothing : .something }
}
