extension LesionTrials.Layer {
  /// What happened in a trial, over the stimuli.
  package struct Outcome: Sendable, Hashable {
    package var trial: LesionTrials.Trial
    /// Stimuli that it was made with, but for those that it gave no numbers.
    package var stimuli: Int
    /// Those whose answer changed.
    package var changed: Int
    /// Those that were answered wrongly before, where labels are known, and how many of them were answered rightly then.
    package var wrong: Int
    package var mended: Int
    /// The mean loss of v.
    package var loss: Double
  }

  /// By trial, all but the first, which lesions nothing.
  package func outcomes(labels: [Int]?) -> [Outcome] {
    trials.indices.dropFirst().map { number in
      var outcome = Outcome(trial: trials[number], stimuli: 0, changed: 0, wrong: 0, mended: 0, loss: 0)
      for (stimulus, answers) in answers.enumerated() where !answers.isEmpty {
        let (before, after) = (answers[0], answers[number])
        guard before.isFinite, after.isFinite else { continue }
        outcome.stimuli += 1
        outcome.loss += Double(before.value - after.value)
        if after.predicted != before.predicted { outcome.changed += 1 }
        guard let label = labels?[stimulus], label >= 0, before.predicted != label else { continue }
        outcome.wrong += 1
        if after.predicted == label { outcome.mended += 1 }
      }
      outcome.loss /= Double(max(1, outcome.stimuli))
      return outcome
    }
  }

  /// What the network says with everything of the layer lesioned.
  package struct Empty: Sendable, Hashable {
    /// From here on the network is sure of itself, though it knows nothing.
    package static let confident = 0.8

    /// The class that most stimuli get, and their share.
    package var predicted: Int
    package var share: Double
    /// The mean probability of the answers.
    package var confidence: Double

    package var isConfident: Bool { confidence >= Self.confident }

    /// `nil` without answers; those that are no numbers don't count.
    init?(_ all: [Answer]) {
      let answers = all.filter(\.isFinite)
      guard !answers.isEmpty else { return nil }
      let counts = Dictionary(grouping: answers, by: \.predicted).mapValues(\.count)
      let most = counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }!
      (predicted, share) = (most.key, Double(most.value) / Double(answers.count))
      confidence = answers.reduce(0) { $0 + Double($1.probability) } / Double(answers.count)
    }
  }

  /// By the scan's lesion.
  package var empty: Empty? {
    guard let place = trials.firstIndex(where: { $0.choice == .all }) else { return nil }
    return Empty(answers.compactMap { $0.isEmpty ? nil : $0[place] })
  }

  /// By the other lesion.
  package var otherEmptyAnswer: Empty? { Empty(otherEmpty) }
}
