import Monitoring

/// What followers of the live page are told: one text for each of what was new, whoever asks for it.
struct LiveEvents {
  /// What was new between two traces.
  private struct News {
    /// `StreamTrace.changes` of both.
    let before: Int
    let after: Int
    let text: String
  }

  /// Nothing is new: a comment, so that a connection that has gone is found.
  static let silence = ":\n\n"
  /// News that are kept for those who have missed some.
  private static let kept = 8

  private let reference: MonitorReference
  private let opening: String
  private var latest: StreamTrace
  /// The last ones, each of which begins where the one before ends.
  private var news: [News] = []
  /// All that is known, for those who have heard of nothing; `nil` until one asks.
  private var whole: String?

  /// - Parameters:
  ///   - opening: the event that comes first (`LivePage.opening`).
  ///   - trace: the stream until now.
  init(opening: String, _ reference: MonitorReference, _ trace: StreamTrace) {
    (self.opening, self.reference, latest) = (opening, reference, trace)
  }

  /// Makes the text of what is new.
  mutating func take(_ trace: StreamTrace) {
    guard trace.changes != latest.changes else { return }
    let text = LivePage.news(trace, after: latest.count, reference)
    news = news.suffix(Self.kept - 1) + [News(before: latest.changes, after: trace.changes, text: text)]
    (latest, whole) = (trace, nil)
  }

  /// What a follower is told.
  ///
  /// - Parameter told: what came with its last text; `nil` for one that has had none.
  /// - Returns: all from the start, where it has missed more than is kept.
  mutating func text(after told: Int?) -> (text: String, told: Int) {
    if told == latest.changes { return (Self.silence, latest.changes) }
    if let first = news.firstIndex(where: { $0.before == told }) {
      return (news[first...].map(\.text).joined(), latest.changes)
    }
    let text = whole ?? opening + LivePage.news(latest, after: 0, reference)
    whole = text
    return (text, latest.changes)
  }
}
