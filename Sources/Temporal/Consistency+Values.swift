internal import Glibc
internal import Statistics

extension Consistency {
  /// What both modalities say of a layer in a window.
  struct Point {
    /// The logarithm of γ's power; `nil` where γ isn't known or silent.
    var gamma: Double?
    /// γ's share of the power; `nil` likewise.
    var gammaShare: Double?
    var zeta: Double
    var temporalState: NetworkState
    var spatialState: NetworkState
    var isTemporalAnomaly: Bool
    var isSpatialAnomaly: Bool
    /// The logarithm of γ's power from either half of the window; `nil` where it isn't known.
    var gammaHalves: Halves?
    /// ζ from either half of the stimuli scanned; `nil` where fewer than two were.
    var zetaHalves: Halves?
  }

  /// The quantities for one way of pairing temporal with spatial windows.
  struct Values {
    var correlation: Double?
    var agreement: Double
    var kappa: Double?
    var matthews: Double
    /// Of γ's power and of ζ, 0...1; `nil` where halves aren't known, or never change.
    var rhythmReliability: Double?
    var placeReliability: Double?

    /// The correlation that pictures without noise would have; `nil` where one has no reliability.
    var disattenuated: Double? {
      guard let correlation, let rhythmReliability, let placeReliability, rhythmReliability > 0, placeReliability > 0 else {
        return nil
      }
      return correlation / (rhythmReliability * placeReliability).squareRoot()
    }

    /// The mean of ρ, agreement and coherence.
    var score: Double? {
      correlation.map { ($0 + agreement + (matthews + 1) / 2) / 3 }
    }

    /// - Parameters:
    ///   - points: `[layers][windows]`.
    ///   - temporal: `[pairs]`, the window whose temporal side is taken.
    ///   - spatial: `[pairs]`, the window whose spatial side is taken.
    init(_ points: [[Point]], temporal: [Int], spatial: [Int]) {
      let pairs = points.map { layer in
        zip(temporal, spatial).map { t, s -> Point in
          var point = layer[t]
          point.zeta = layer[s].zeta
          point.zetaHalves = layer[s].zetaHalves
          point.spatialState = layer[s].spatialState
          point.isSpatialAnomaly = layer[s].isSpatialAnomaly
          return point
        }
      }
      correlation = Self.correlation(pairs)
      let all = pairs.flatMap(\.self)
      let count = Double(all.count)
      let agreement = Double(all.count { $0.temporalState == $0.spatialState }) / count
      let byChance =
        NetworkState.allCases.reduce(0.0) { sum, state in
          sum + Double(all.count { $0.temporalState == state }) * Double(all.count { $0.spatialState == state })
        } / (count * count)
      self.agreement = agreement
      kappa = byChance < 1 ? (agreement - byChance) / (1 - byChance) : nil
      matthews = Self.matthews(all)
      rhythmReliability = Self.reliability(pairs, of: \.gammaHalves)
      placeReliability = Self.reliability(pairs, of: \.zetaHalves)
    }

    /// What halves say of the whole (Spearman 1910, Brown 1910): 2r/(1 + r), r the mean over groups of their correlation; 0
    /// where that is negative.
    private static func reliability(_ groups: [[Point]], of halves: (Point) -> Halves?) -> Double? {
      let correlation = correlation(groups) { halves($0).map { ($0.first, $0.second) } }
      return correlation.map { max(0, 2 * $0 / (1 + $0)) }
    }

    /// The mean over groups of Pearson's correlation, which is that of all points standardised within their group. A group
    /// in which either side never changes says nothing; `nil` where none says anything.
    static func correlation(_ groups: [[Point]], of rhythm: (Point) -> Double? = \.gamma) -> Double? {
      correlation(groups) { point in rhythm(point).map { ($0, point.zeta) } }
    }

    private static func correlation(_ groups: [[Point]], of sides: (Point) -> (Double, Double)?) -> Double? {
      let correlations = groups.compactMap { group -> Double? in
        let known = group.compactMap(sides)
        return known.count > 2 ? Correlation.pearson(known.map(\.0), known.map(\.1)) : nil
      }
      return correlations.isEmpty ? nil : correlations.reduce(0, +) / Double(correlations.count)
    }

    /// Matthews (1975), doi 10.1016/0005-2795(75)90109-9.
    private static func matthews(_ points: [Point]) -> Double {
      func count(_ temporal: Bool, _ spatial: Bool) -> Double {
        Double(points.count { $0.isTemporalAnomaly == temporal && $0.isSpatialAnomaly == spatial })
      }
      let (both, neither) = (count(true, true), count(false, false))
      let (temporalOnly, spatialOnly) = (count(true, false), count(false, true))
      let scale =
        (both + temporalOnly) * (both + spatialOnly) * (neither + temporalOnly) * (neither + spatialOnly)
      return scale > 0 ? (both * neither - temporalOnly * spatialOnly) / scale.squareRoot() : 0
    }
  }
}

extension Consistency.Point {
  /// `nil` where either modality doesn't know the window.
  init?(_ window: LayerTimeCourse.Window) {
    guard let zeta = window.zeta, let temporalState = window.temporalState, let spatialState = window.spatialState,
      let isTemporalAnomaly = window.isTemporalAnomaly, let isSpatialAnomaly = window.isSpatialAnomaly
    else { return nil }
    self.init(
      gamma: window.bands?.powers[.gamma].flatMap { $0 > 0 ? log($0) : nil }, gammaShare: window.bands?.share(.gamma),
      zeta: zeta, temporalState: temporalState, spatialState: spatialState, isTemporalAnomaly: isTemporalAnomaly,
      isSpatialAnomaly: isSpatialAnomaly,
      gammaHalves: window.gammaHalves.map { Halves(first: log($0.first), second: log($0.second)) },
      zetaHalves: window.zetaHalves)
  }
}
