import Random
package import ScanPlan
import Shapley
import Statistics

/// What a network answers when some regions of a layer are lesioned.
package struct Answer: Codable, Sendable, Hashable {
  /// The class with the largest score.
  package var predicted: Int
  /// Its probability.
  package var probability: Float
  /// v of the series' target.
  package var value: Float

  package init(predicted: Int, probability: Float, value: Float) {
    (self.predicted, self.probability, self.value) = (predicted, probability, value)
  }

  /// Whether the network gave numbers; without them no class is its answer.
  package var isFinite: Bool { probability.isFinite && value.isFinite }
}

/// What the network answered, stimulus by stimulus, with nothing, some and all of each layer lesioned.
///
/// Lesions of regions that were ranked are a test of the ranking, beside the same number of regions taken at random. They are
/// measured after all values, on the same stimuli, and no ζ is made of them.
package struct LesionTrials: Codable, Sendable, Hashable {
  /// Which regions are lesioned in a trial.
  package enum Choice: String, Codable, Sendable, Hashable {
    /// None.
    case none
    /// All of them.
    case all
    /// Those with the largest ζ in the stimulus's own map.
    case strongest
    /// Those with the most negative ζ in the stimulus's own map.
    case mostNegative = "most_negative"
    /// Those with the largest mean ζ over the stimuli.
    case strongestMean = "strongest_mean"
    /// Drawn by chance.
    case random
  }

  /// A trial of every stimulus.
  package struct Trial: Codable, Sendable, Hashable {
    package var choice: Choice
    /// How many regions are lesioned, at most: negative ζ may be fewer.
    package var count: Int
  }

  package struct Layer: Codable, Sendable, Hashable {
    package var trials: [Trial]
    /// By stimulus, by trial; empty for a series that was skipped.
    package var answers: [[Answer]]
    /// Everything lesioned in another way than the scan's, by stimulus, without those whose series was skipped; empty where there is
    /// no other way.
    package var otherEmpty: [Answer]

    package init(trials: [Trial], answers: [[Answer]], otherEmpty: [Answer]) {
      (self.trials, self.answers, self.otherEmpty) = (trials, answers, otherEmpty)
    }
  }

  /// The scan's lesion, and the one that `otherEmpty` was measured by.
  package var lesion: String
  package var otherLesion: String?
  package var layers: [Layer]

  package init(lesion: String, otherLesion: String?, layers: [Layer]) {
    (self.lesion, self.otherLesion, self.layers) = (lesion, otherLesion, layers)
  }
}

extension LesionTrials {
  /// How many of the strongest are lesioned, one after another.
  private static let strongest = [1, 3, 10, 30]
  /// How many at random, by the mean map, and of the negative ones.
  private static let compared = 10

  /// The trials of a layer: no more regions than half of it.
  package static func trials(regions: Int) -> [Trial] {
    let most = regions / 2
    let compared = [Trial(choice: .strongestMean, count: Self.compared), Trial(choice: .random, count: Self.compared)]
    let own =
      strongest.map { Trial(choice: .strongest, count: $0) } + [3, Self.compared].map { Trial(choice: .mostNegative, count: $0) }
    return [Trial(choice: .none, count: 0), Trial(choice: .all, count: regions)] + (own + compared).filter { $0.count <= most }
  }

  /// The regions that each trial of a stimulus lesions.
  ///
  /// - Parameters:
  ///   - zeta: `[regions]`, the stimulus's own.
  ///   - mean: `[regions]`, over the stimuli.
  ///   - all: every region, in memory that the stimuli share.
  package static func lesioned(
    _ trials: [Trial], zeta: [Double], mean: [Double], all: [Int], seed: UInt64, layer: Int, stimulus: Int
  ) -> [[Int]] {
    let (own, pooled) = (Ranking.order(zeta), Ranking.order(mean))
    var random = CounterRandom(seed: seed, domain: .lesionedRegions, index: UInt64(layer) << 32 | UInt64(stimulus))
    var drawn = all
    random.shuffle(&drawn)
    return trials.map { trial in
      switch trial.choice {
      case .none: []
      case .all: all
      case .strongest: Array(own.prefix(trial.count))
      case .mostNegative: own.suffix(trial.count).reversed().filter { zeta[$0] < 0 }
      case .strongestMean: Array(pooled.prefix(trial.count))
      case .random: Array(drawn.prefix(trial.count))
      }
    }
  }

}

extension LesionTrials: AcquisitionRecord {
  package static let fileName = "answers.json"

  package func fits(_ plan: ScanPlan) -> Bool {
    layers.count == plan.layers.count
      && layers.allSatisfy { layer in
        layer.answers.count == plan.stimulusCount && layer.answers.allSatisfy { [0, layer.trials.count].contains($0.count) }
          && layer.otherEmpty.count <= plan.stimulusCount
      }
  }
}
