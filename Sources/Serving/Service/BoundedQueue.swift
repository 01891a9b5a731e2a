import Files
import NIOConcurrencyHelpers

/// What waits for a thread, in the order in which it came, bounded. Safe to use from any thread; to put something in never waits for
/// what is done with it.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  private enum Content { case nothing, something }

  /// Guards everything below; its value says whether a thread has a reason to look.
  private let lock = ConditionLock(value: Content.nothing)
  private var elements: [(element: Element, size: Int)] = []
  private var size = 0
  private var isClosed = false
  private let limit: Int

  /// - Parameter limit: of all sizes together.
  init(limit: Int) { self.limit = limit }

  var count: Int {
    lock.lock()
    defer { lock.unlock() }
    return elements.count
  }

  /// - Returns: whether there was room.
  func put(_ element: Element, size: Int = 1) -> Bool {
    lock.lock()
    let fits = !isClosed && size <= limit - self.size
    if fits {
      elements.append((element, size))
      self.size += size
    }
    lock.unlock(withValue: content)
    return fits
  }

  /// Lets those who take finish what waits, and then end.
  func close() {
    lock.lock()
    isClosed = true
    lock.unlock(withValue: content)
  }

  /// Waits for elements.
  ///
  /// - Parameters:
  ///   - most: how many are taken at once.
  ///   - delay: seconds to wait for more once there is one; 0 takes what there is.
  ///   - patience: seconds to wait for the first.
  /// - Returns: nothing where none came; `nil` where none will.
  func take(most: Int, delay: Double, patience: Double) -> [Element]? {
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

  private func take(_ most: Int, waiting seconds: Double) -> [Element]? {
    guard lock.lock(whenValue: .something, timeoutSeconds: seconds) else { return [] }
    let taken = Array(elements.prefix(most))
    elements.removeFirst(taken.count)
    size -= taken.reduce(0) { $0 + $1.size }
    let isOver = isClosed && taken.isEmpty
    lock.unlock(withValue: content)
    return isOver ? nil : taken.map(\.element)
  }

  private var content: Content { elements.isEmpty && !isClosed ? .nothing : .something }
}
