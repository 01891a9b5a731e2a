/// What lesioned units are replaced by. A new kind is a case here with its properties; everything else asks those.
package enum LesionKind: String, Sendable, Codable, CaseIterable {
  /// 0.
  case zero
  /// The unit's mean over the stimuli.
  case mean
  /// The mean of the unit's channel over its places and the stimuli, so that nothing is left of where the stimuli have what.
  case channelMean = "channel-mean"
  /// The unit's activation under another stimulus, the donor, drawn with the design.
  case resample

  /// Where the replacement of a unit comes from.
  package enum Source: Sendable {
    /// It is 0.
    case nothing
    /// A value a unit, the same for all stimuli: `LesionedNetwork.Configuration.restingActivations`.
    case resting
    /// Other stimuli, one for each coalition.
    case donors
  }

  package var source: Source {
    switch self {
    case .zero: .nothing
    case .mean, .channelMean: .resting
    case .resample: .donors
    }
  }

  /// Whether v of a coalition depends on a draw, so that measuring all coalitions gives no exact ζ.
  package var isDrawn: Bool { source == .donors }

  /// What a resting value is the mean over, beside the stimuli.
  package enum Rest: Sendable {
    /// Nothing: each unit has its own.
    case unit
    /// The places of the unit's channel: all units of a channel have the same.
    case channel
  }

  /// How units are averaged over before anything is lesioned; `nil` where nothing is.
  package var rest: Rest? {
    switch self {
    case .zero, .resample: nil
    case .mean: .unit
    case .channelMean: .channel
    }
  }

  /// Why fewer than two stimuli are too few, as the end of a sentence; `nil` where one will do.
  package var reasonForSeveralStimuli: String? {
    switch self {
    case .zero: nil
    case .mean, .channelMean: "needs more than one stimulus, since the mean of one is its own activation"
    case .resample: "takes replacements from other stimuli, and there is only one"
    }
  }

  /// What happens to lesioned units, for a report.
  package var phrase: String {
    switch self {
    case .zero: "replaced by zeros"
    case .mean: "replaced by their means over the stimuli"
    case .channelMean: "replaced by their channels' means over places and stimuli"
    case .resample: "replaced by another stimulus's activations"
    }
  }
}
