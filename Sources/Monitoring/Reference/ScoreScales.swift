import Distribution
internal import Glibc
import Temporal

/// How what stimuli are held against the reference by usually lies, by stimuli that nothing was fitted to, and what is made of it.
struct ScoreScales: Sendable {
  /// What is read off a stimulus before it is held against what is usual.
  struct Raw {
    /// How far each layer is off. [layers]
    var strangeness: [Double]
    var neighbourDistance: Double
    /// The largest |z| of layers' smallest and largest cells and means.
    var largestBound: Double
    /// `nil` where the output isn't classes.
    var energy: Double?

    /// log of the mean of exp over layers: near their mean where all are alike, and near the largest where one stands out.
    var soft: Double {
      let largest = strangeness.max() ?? 0
      guard largest.isFinite else { return largest }
      return largest + log(strangeness.reduce(0) { $0 + exp($1 - largest) } / Double(strangeness.count))
    }
  }

  /// The share of the energy in the combined score, and how far it counts below and above what is usual: an answer that is surer than usual
  /// makes up for little, and one that is unsure says no more than that.
  private static let energyWeight = 0.5
  private static let energyRange = -1.0...4.0
  /// What the neighbours or the bands are off beyond this adds to the combined score.
  private static let excess = 4.0

  private var soft = RobustScale(centre: 0, deviation: 1)
  private var neighbours = RobustScale(centre: 0, deviation: 1)
  private var bounds = RobustScale(centre: 0, deviation: 1)
  private var energy: RobustScale?

  init() {}

  /// - Parameter usual: at least one.
  init(_ usual: [Raw]) {
    soft = RobustScale(usual.map(\.soft))
    neighbours = RobustScale(usual.map { logDistance($0.neighbourDistance) })
    bounds = RobustScale(usual.map { logDistance($0.largestBound) })
    let energies = usual.compactMap(\.energy)
    energy = energies.isEmpty ? nil : RobustScale(energies)
  }

  func scores(_ raw: Raw, critical: Double?) -> [Score: Double] {
    let mahalanobis = soft.boundedZ(raw.soft)
    let near = neighbours.boundedZ(logDistance(raw.neighbourDistance))
    let inside = bounds.boundedZ(logDistance(raw.largestBound))
    var scores: [Score: Double] = [.mahalanobis: mahalanobis, .neighbours: near, .bands: inside]
    var combined = mahalanobis + max(0, near - Self.excess) + max(0, inside - Self.excess)
    if let energy, let value = raw.energy {
      let z = energy.boundedZ(value)
      scores[.energy] = z
      combined += Self.energyWeight * min(max(z, Self.energyRange.lowerBound), Self.energyRange.upperBound)
    }
    scores[.combined] = combined
    scores[.critical] = critical
    return scores
  }

  var isSound: Bool {
    ([soft, neighbours, bounds] + (energy.map { [$0] } ?? [])).allSatisfy {
      $0.centre.isFinite && $0.deviation >= 0 && $0.deviation.isFinite
    }
  }
}

extension ScoreScales: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var numbers = ([soft, neighbours, bounds] + (energy.map { [$0] } ?? [])).flatMap { [$0.centre, $0.deviation] }
    try coder.code(&numbers)
    guard coder.isReading else { return }
    guard numbers.count == 6 || numbers.count == 8 else { throw MessageError() }
    let scales = stride(from: 0, to: numbers.count, by: 2).map { RobustScale(centre: numbers[$0], deviation: numbers[$0 + 1]) }
    (soft, neighbours, bounds) = (scales[0], scales[1], scales[2])
    energy = scales.count == 4 ? scales[3] : nil
  }
}
