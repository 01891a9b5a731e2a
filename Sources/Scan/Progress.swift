import Files
internal import Glibc

/// How far a scan is, for rank 0 to show. It takes note; showing is the caller's.
package final class Progress {
  /// The widest confidence interval of a layer's ζ.
  package struct Interval: Sendable {
    /// The layer's number.
    package var layer: Int
    /// Half its width, in percent of the layer's effect.
    package var percent: Double
    /// Over how many stimuli.
    package var series: Int
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
    /// The widest interval so far, from the second stimulus of a layer on; `nil` where no ζ is measured.
    package var widest: Interval?

    /// Completed units a second; 0 at the start.
    package var rate: Double { elapsed > 0 ? Double(completed) / elapsed : 0 }
  }

  private let show: (State) -> Void
  private var state = State(phase: "", completed: 0, total: 0, elapsed: 0, isLast: true)
  private var start = 0.0

  /// - Parameter show: called often, some hundred times a second: it decides what is worth showing.
  package init(_ show: @escaping (State) -> Void) {
    self.show = show
  }

  func begin(_ phase: String, total: Int) {
    start = monotonicSeconds()
    state = State(phase: phase, completed: 0, total: total, elapsed: 0, isLast: false)
    show(state)
  }

  func advance(by count: Int) {
    state.completed += count
  }

  func note(_ widest: Interval?) {
    state.widest = widest
  }

  /// Less is to be done than was said.
  func shrink(by count: Int) {
    state.total -= count
  }

  func tick() {
    state.elapsed = monotonicSeconds() - start
    show(state)
  }

  /// Ends the phase. Returns its seconds.
  @discardableResult
  func end() -> Double {
    state.isLast = true
    tick()
    return state.elapsed
  }
}
