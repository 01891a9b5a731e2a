import ArgumentParser
import Distribution
import Files
import Reporting
import Scan

/// Shows a scan's progress on standard error.
final class ProgressDisplay {
  enum Style: String, ExpressibleByArgument, CaseIterable {
    /// A bar where a person watches, else a line a minute.
    case auto
    case bar, lines, json, none
  }

  private let style: Style
  private var lastShown = -Double.infinity
  private var shownPhase = ""

  init(_ style: Style) {
    self.style = style == .auto ? (Launcher.isWatched(2) ? .bar : .lines) : style
  }

  /// Takes note of a state and shows it if it is time to.
  func show(_ state: Progress.State) {
    let now = monotonicSeconds()
    let isNewPhase = state.phase != shownPhase
    guard isNewPhase || state.isLast || now - lastShown >= interval else { return }
    // A phase that is over at once leaves no line behind.
    if state.isLast && style == .lines && state.elapsed < 1 { return }
    if isNewPhase && style == .lines {
      shownPhase = state.phase
      lastShown = now
      return
    }
    lastShown = now
    shownPhase = state.phase
    switch style {
    case .bar: say(bar(state), terminator: state.isLast ? "\n" : "")
    case .lines: say("\(state.phase): \(text(state))", terminator: "\n")
    case .json: say(json(state), terminator: "\n")
    case .auto, .none: break
    }
  }

  private var interval: Double {
    switch style {
    case .bar: 0.1
    case .json: 1
    default: 60
    }
  }

  private func text(_ state: Progress.State) -> String {
    let percent = state.total > 0 ? 100 * state.completed / state.total : 100
    var text = "\(percent) % (\(state.completed) of \(state.total))"
    if state.rate > 0, state.completed > 0 {
      text += ", \(rate(state.rate)) a second"
      let left = Double(state.total - state.completed) / state.rate
      text += state.isLast ? ", took \(Number.duration(state.elapsed))" : ", \(Number.duration(left)) left"
    }
    if let widest = state.widest {
      text += ", widest interval ±\(Number.significant(widest.percent)) % (layer_\(widest.part))"
    }
    return text
  }

  private func bar(_ state: Progress.State) -> String {
    let width = 24
    let filled = state.total > 0 ? width * state.completed / state.total : width
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    // The line is cleared from the cursor on, so that a shorter text leaves nothing of a longer one.
    return "\r\(bar) \(state.phase) \(text(state))\u{1B}[K"
  }

  private func json(_ state: Progress.State) -> String {
    """
    {"phase": "\(state.phase)", "completed": \(state.completed), "total": \(state.total), \
    "elapsed_seconds": \(state.elapsed), "last": \(state.isLast), \
    "widest_interval": \(state.widest.map(json) ?? "null")}
    """
  }

  private func json(_ interval: Progress.Convergence) -> String {
    #"{"layer": "layer_\#(interval.part)", "percent_of_effect": \#(interval.percent), "stimuli": \#(interval.samples)}"#
  }

  private func say(_ text: String, terminator: String) {
    writeToStandardError(text + terminator)
  }

  private func rate(_ value: Double) -> String {
    Number.fixed(value, value >= 100 ? 0 : 1)
  }
}
