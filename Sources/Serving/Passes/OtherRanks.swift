import Distribution
internal import NIOConcurrencyHelpers
import UserErrors

/// The ranks that make passes for the server's.
///
/// Any thread may ask, and waits for its answer. One thread carries messages: the only one that touches the transport, since MPI is
/// initialised for one.
final class OtherRanks: @unchecked Sendable {
  /// A task that a thread waits for.
  private final class Question {
    let rank: Int
    let message: [UInt8]
    /// Its value: whether the result is there.
    let answered = ConditionLock(value: false)
    var result = Result<[UInt8], Failure>.success([])

    init(_ message: [UInt8], of rank: Int) { (self.message, self.rank) = (message, rank) }

    func answer(_ result: Result<[UInt8], Failure>) {
      answered.lock()
      self.result = result
      answered.unlock(withValue: true)
    }
  }

  private let wire: any Transport
  /// Guards what is unsent; its value says whether anything is.
  private let lock = ConditionLock(value: false)
  private var unsent: [Question] = []
  // Of the thread that carries:
  /// By rank that has any, the oldest first.
  private var sent: [Int: [Question]] = [:]
  private var watch: SilenceWatch
  /// Whether a rank was asked to stop.
  private(set) var isStopWished = false

  /// - Parameter patience: seconds after which a rank that doesn't answer is lost.
  init(_ wire: any Transport, patience: Double) {
    self.wire = wire
    watch = SilenceWatch(ranks: wire.size, patience: patience)
  }

  var numbers: Range<Int> { 1..<max(wire.size, 1) }

  /// Lets a rank do a task. Waits until it has; not for the thread that carries.
  ///
  /// - Throws: `Failure` of the task, `MessageError`.
  func ask<Task: RankTask>(_ task: Task, of rank: Int) throws -> Task.Output {
    let question = Question(task.posted, of: rank)
    lock.lock()
    unsent.append(question)
    lock.unlock(withValue: true)
    question.answered.lock(whenValue: true)
    defer { question.answered.unlock() }
    return try Task.Output(message: question.result.get())
  }

  /// Sends what is asked, and hands on what is answered.
  ///
  /// - Parameter patience: seconds to wait where nothing is under way.
  /// - Throws: the transport's errors; `LostRank`.
  func carry(patience: Double) throws {
    if lock.lock(whenValue: true, timeoutSeconds: sent.isEmpty ? patience : 0) {
      let questions = unsent
      unsent = []
      lock.unlock(withValue: false)
      for question in questions {
        try wire.post(question.message, to: question.rank, kind: .task)
        if sent[question.rank] == nil { watch.hear(from: question.rank, at: wire.now) }
        sent[question.rank, default: []].append(question)
      }
    }
    var hasHeard = false
    while let message = try wire.receive(nil) {
      try take(message)
      hasHeard = true
    }
    if let rank = watch.lost(at: wire.now, isAwaited: { sent[$0] != nil }) { throw LostRank(rank: rank) }
    if !sent.isEmpty, !hasHeard { try wire.rest() }
  }

  private func take(_ message: Message) throws {
    watch.hear(from: message.source, at: wire.now)
    switch message.kind {
    case .output: try answer(of: message.source).answer(.success(Array(TaskAnswer(message: message.bytes).output)))
    case .failure: try answer(of: message.source).answer(.failure(FailureMessage(message: message.bytes).failure))
    case .stopWish: isStopWished = true
    case .alive: break
    case .task, .notice, .interrupt, .abandoned, .stop: throw MessageError()
    }
  }

  /// The question that a rank's answer belongs to: its oldest.
  private func answer(of rank: Int) throws(MessageError) -> Question {
    guard var questions = sent.removeValue(forKey: rank) else { throw MessageError() }
    let oldest = questions.removeFirst()
    if !questions.isEmpty { sent[rank] = questions }
    return oldest
  }
}
