/// What an axis of a tensor counts.
package enum AxisRole: String, Hashable, Sendable, Codable {
  case batch, channel, feature, height, width, depth, time, token, position, head, window, direction

  /// Whether the axis counts features, of which a unit's place says nothing about the stimulus.
  package var isChannel: Bool { self == .channel || self == .feature }

  /// What the axis counts, for messages.
  package var entries: String {
    switch self {
    case .batch: "stimuli"
    case .height: "rows"
    case .width: "columns"
    case .depth: "slices"
    case .time: "steps of time"
    case .channel, .feature, .token, .position, .head, .window, .direction: "\(rawValue)s"
    }
  }

  /// As layouts abbreviate it: N, C, H, W, D, T; spelled out where there is no such letter.
  package var letter: String {
    switch self {
    case .batch: "N"
    case .channel, .feature: "C"
    case .height: "H"
    case .width: "W"
    case .depth: "D"
    case .time, .token: "T"
    case .position, .head, .window, .direction: rawValue
    }
  }
}
