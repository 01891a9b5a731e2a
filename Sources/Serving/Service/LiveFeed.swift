import Files
import Monitoring

/// Answers those who follow the live page, by a thread of its own.
final class LiveFeed: Sendable {
  /// From any thread: a text, and what to ask with for the next one.
  typealias Reply = @Sendable (_ text: String, _ told: Int?) -> Void

  private struct Question {
    let told: Int?
    let reply: Reply
  }

  /// Seconds that the thread waits for questions before it looks again.
  private static let patience = 1.0

  private let questions: BoundedQueue<Question>
  private let interval: Double
  private let reference: MonitorReference
  private let opening: String

  /// - Parameters:
  ///   - followers: questions that may wait.
  ///   - interval: seconds between two looks at the stream, in which followers are told the same.
  init(_ model: String, _ judge: Judge, followers: Int, interval: Double = 0.2) {
    questions = BoundedQueue(limit: followers)
    self.interval = interval
    reference = judge.reference
    opening = LivePage.opening(model, judge)
  }

  /// Asks for what is new, without waiting for it.
  ///
  /// - Parameter told: what the last answer said; `nil` at first.
  func ask(after told: Int?, _ reply: @escaping Reply) {
    if !questions.put(Question(told: told, reply: reply)) { reply(LiveEvents.silence, told) }
  }

  /// Answers until the feed is closed.
  ///
  /// - Parameter stream: how it is now.
  func work(_ stream: () -> StreamTrace) {
    var events = LiveEvents(opening: opening, reference, stream())
    var next = monotonicSeconds() + interval
    while let asked = questions.take(most: .max, delay: 0, patience: Self.patience) {
      for question in asked {
        if monotonicSeconds() >= next {
          next = monotonicSeconds() + interval
          events.take(stream())
        }
        let (text, told) = events.text(after: question.told)
        question.reply(text, told)
      }
    }
  }

  func close() { questions.close() }
}
