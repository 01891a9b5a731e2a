import Files
internal import Glibc

/// How far the work is, for rank 0 to show. It takes note; showing is the caller's.
package final class Progress {
  /// How far what is estimated has converged: of the part that is worst.
  package struct Convergence: Sendable {
    /// The part's number: a layer's, say.
    package var part: Int
    /// Half the width of its widest interval, in percent of its effect.
    package var percent: Double
    /// Over how many samples.
    package var samples: Int

    package init(part: Int, percent: Double, samples: Int) {
      self.part = part
      self.percent = percent
      self.samples = samples
    }
  }

  /// What a caller may show at a moment.
  package struct State: Sendable {
    /// What is going on: "observing stimuli", "measuring".
    package var phase: String
    package var completed: Int
    package var total: Int
    /// Seconds since the phase began.
    package var elapsed: Double
    /// Whether this is the last state of the phase.
    package var isLast: Bool
    /// The widest interval so far; `nil` where nothing is estimated yet.
    package var widest: Convergence?

    /// Completed units a second; 0 at the start.
    package var rate: Double { elapsed > 0 ? Double(completed) / elapsed : 0 }
  }

  private let show: (State) -> Void
  private var state = State(phase: "", completed: 0, total: 0, elapsed: 0, isLast: true)
  private var start = 0.0
  /// Seconds for which what was noted is new enough.
  private static let noteInterval = 0.2
  private var noted = -Double.infinity

  /// - Parameter show: called often, some hundred times a second: it decides what is worth showing.
  package init(_ show: @escaping (State) -> Void) {
    self.show = show
  }

  package func begin(_ phase: String, total: Int) {
    start = monotonicSeconds()
    noted = -.infinity
    state = State(phase: phase, completed: 0, total: total, elapsed: 0, isLast: false)
    show(state)
  }

  package func advance(by count: Int) {
    state.completed += count
  }

  package func note(_ widest: Convergence?) {
    state.widest = widest
    noted = state.elapsed
  }

  /// Whether what was noted is so old that somebody may see it.
  package var isNoteOld: Bool { state.elapsed - noted > Self.noteInterval }

  /// Less is to be done than was said.
  package func shrink(by count: Int) {
    state.total -= count
  }

  package func tick() {
    state.elapsed = monotonicSeconds() - start
    show(state)
  }

  /// Ends the phase. Returns its seconds.
  @discardableResult
  package func end() -> Double {
    state.isLast = true
    tick()
    return state.elapsed
  }
}
