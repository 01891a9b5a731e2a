import ArgumentParser
import Reporting

/// When the summary has colours.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  /// Where a person sees it, unless `NO_COLOR` (https://no-color.org) or `TERM=dumb` says otherwise.
  case auto
  case always, never

  var style: TerminalStyle {
    switch self {
    case .always: .coloured
    case .never: .plain
    case .auto:
      Launcher.isWatched(1) && (Launcher.environment("NO_COLOR") ?? "").isEmpty
        && Launcher.environment("TERM") != "dumb" ? .coloured : .plain
    }
  }
}
