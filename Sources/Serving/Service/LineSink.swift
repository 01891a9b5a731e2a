import Files
internal import Synchronization

/// Verdicts' lines on their way to a file, written by a thread of their own: who gives a line never waits for the file.
final class LineSink: Sendable {
  /// Lines that are taken from the queue at once.
  private static let batch = 64
  /// Seconds that the thread waits for lines before it looks again.
  private static let patience = 1.0

  private struct Content {
    var lost: (count: Int, reason: FileError)?
    /// The time at which what isn't written is given up.
    var end = Double.infinity
  }

  private let file: LineFile
  private let queue: BoundedQueue<String>
  private let content = Mutex(Content())

  /// - Parameters:
  ///   - path: lines go behind what the file has.
  ///   - limit: bytes of lines that may wait.
  /// - Throws: `FileError` where the file can't be opened.
  init(_ path: String, limit: Int) throws(FileError) {
    file = try LineFile(path, continues: true, waits: false)
    queue = BoundedQueue(limit: limit)
  }

  /// Lines that were left out, and why the first of them was.
  var lost: (count: Int, reason: FileError)? { content.withLock { $0.lost } }

  /// Gives a line, which is left out where too much waits.
  func put(_ line: String) {
    if !queue.put(line, size: line.utf8.count) { lose(file.overrun) }
  }

  /// Writes lines in their order until the sink is closed and what waits is written or given up.
  func work() {
    while let lines = queue.take(most: Self.batch, delay: 0, patience: Self.patience) {
      for line in lines { write(line) }
    }
  }

  /// Takes no more lines, and gives up those that aren't written in some seconds.
  func close(within seconds: Double) {
    content.withLock { $0.end = monotonicSeconds() + seconds }
    queue.close()
  }

  /// A disk that is full, or a reader that has stalled, is no reason to stop answering.
  private func write(_ line: String) {
    do throws(FileError) {
      guard isOpen else { throw file.overrun }
      try file.write(line) { isOpen }
    } catch {
      lose(error)
    }
  }

  private var isOpen: Bool { content.withLock { $0.end } > monotonicSeconds() }

  private func lose(_ reason: FileError) {
    content.withLock { $0.lost = (count: ($0.lost?.count ?? 0) + 1, reason: $0.lost?.reason ?? reason) }
  }
}
