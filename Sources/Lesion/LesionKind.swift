/// What lesioned units are replaced by. A new kind is a case here with its properties; everything else asks those.
package enum LesionKind: String, Sendable, Codable, CaseIterable {
  /// 0.
  case zero
  /// The unit's mean over the stimuli.
  case mean
  /// The mean of the unit's channel over its places and the stimuli, so that nothing is left of where the stimuli have what.
  case channelMean = "channel-mean"
  /// The unit's mean over the stimuli of the same label, so that what makes the class stays.
  case meanOfClass = "mean-of-class"
  /// A normal draw with the unit's mean and standard deviation over the stimuli, one for each stimulus.
  case gaussian
  /// The unit's activation under another stimulus, the donor, drawn with the design.
  case resample
  /// The unit's activation under the stimulus's pair: activation patching of the intact network, *noising*.
  case patch
  /// The same in a pass of the pair, so that intact units are what is put back: *denoising*.
  case restore
  /// An activation that a file has, or that an input in a file gives.
  case baseline

  /// Where the replacement of a unit comes from.
  package enum Source: Sendable {
    /// It is 0.
    case nothing
    /// A value a unit, the same for all stimuli: `LesionedNetwork.Configuration.restingActivations`.
    case resting
    /// A draw for each stimulus, by a mean and a standard deviation a unit.
    case noise
    /// Other stimuli, one for each coalition.
    case donors
    /// One other stimulus.
    case partner
    /// The mean over some of the stimuli.
    case peers
  }

  package var source: Source {
    switch self {
    case .zero: .nothing
    case .mean, .channelMean, .baseline: .resting
    case .gaussian: .noise
    case .resample: .donors
    case .patch, .restore: .partner
    case .meanOfClass: .peers
    }
  }

  /// Whether v of a coalition depends on which of several draws it meets, so that measuring all coalitions gives no exact ζ.
  package var isDrawn: Bool { source == .donors }

  /// Whether a replacement is known for stimuli that aren't the scan's.
  package var servesOtherStimuli: Bool {
    switch source {
    case .nothing, .resting, .noise: true
    case .donors, .partner, .peers: false
    }
  }

  /// Whether what is put in makes an answer of its own, so that a network may well be sure of one with everything lesioned.
  package var bringsAnAnswer: Bool { !servesOtherStimuli }

  /// Whether a replacement follows from which stimuli are scanned.
  package var dependsOnStimuli: Bool {
    switch self {
    case .zero, .patch, .restore, .baseline: false
    case .mean, .channelMean, .meanOfClass, .gaussian, .resample: true
    }
  }

  /// Whether a file gives each stimulus its pair.
  package var takesPairs: Bool { source == .partner }

  /// Whether what isn't the layer's is as in the pair's pass.
  package var runsInPair: Bool { self == .restore }

  /// What is known of a layer before anything is lesioned.
  package enum Rest: Sendable {
    /// Each unit's mean over the stimuli.
    case unit
    /// The mean over the places of the unit's channel too: all units of a channel have the same.
    case channel
    /// Each unit's mean over the stimuli, and then each one's standard deviation.
    case spread
    /// What a file says.
    case file
  }

  /// What has to be known of units before anything is lesioned; `nil` where nothing has.
  package var rest: Rest? {
    switch self {
    case .zero, .resample, .patch, .restore, .meanOfClass: nil
    case .mean: .unit
    case .channelMean: .channel
    case .gaussian: .spread
    case .baseline: .file
    }
  }

  /// Why fewer than two stimuli are too few, as the end of a sentence; `nil` where one will do.
  package var reasonForSeveralStimuli: String? {
    switch self {
    // A channel has a mean over the places of one stimulus.
    case .zero, .patch, .restore, .baseline, .channelMean: nil
    case .mean, .meanOfClass: "needs more than one stimulus, since the mean of one is its own activation"
    case .gaussian: "needs more than one stimulus, since one has no standard deviation"
    case .resample: "takes replacements from other stimuli, and there is only one"
    }
  }

  /// What happens to lesioned units, for a report.
  package var phrase: String {
    switch self {
    case .zero: "replaced by zeros"
    case .mean: "replaced by their means over the stimuli"
    case .channelMean: "replaced by their channels' means over places and stimuli"
    case .meanOfClass: "replaced by their means over the stimuli of the same label"
    case .gaussian: "replaced by normal draws with their means and standard deviations over the stimuli"
    case .resample: "replaced by another stimulus's activations"
    case .patch: "replaced by their activations under the stimulus's pair"
    case .restore: "left as they are in a pass of the stimulus's pair, in which intact regions have the stimulus's activations"
    case .baseline: "replaced by a given baseline's activations"
    }
  }
}
