/// How what was found in a layer's windows compares with what was planted.
///
/// Windows that lie in several segments have no truth and don't count. Frequencies and bands count over all windows with
/// flicker; states and anomalies over those behind the reference, which thresholds come from.
package struct MovieVerdict: Sendable, Hashable {
  /// One window of one layer, by the names of `consistency.json`.
  package struct Window: Sendable, Decodable {
    package let start: Int
    package let end: Int
    package let dominantFrequency: Double?
    package let dominantBand: String?
    package let temporalState: String?
    package let spatialState: String?
    package let temporalScore: Double?
    package let spatialScore: Double?

    private enum CodingKeys: String, CodingKey {
      case start, end
      case dominantFrequency = "dominant_frequency"
      case dominantBand = "dominant_band"
      case temporalState = "temporal_state"
      case spatialState = "spatial_state"
      case temporalScore = "temporal_anomaly_score"
      case spatialScore = "spatial_anomaly_score"
    }
  }

  /// A share of windows.
  package struct Share: Sendable, Hashable {
    package private(set) var right = 0
    package private(set) var count = 0

    package init() {}

    package var value: Double { count == 0 ? 0 : Double(right) / Double(count) }

    mutating func note(_ isRight: Bool) {
      right += isRight ? 1 : 0
      count += 1
    }

    package static func + (a: Share, b: Share) -> Share {
      var sum = a
      sum.right += b.right
      sum.count += b.count
      return sum
    }
  }

  /// Windows whose dominant frequency is at most a bin from the planted one.
  package private(set) var frequencies = Share()
  /// Windows whose dominant band is the planted one.
  package private(set) var bands = Share()
  package private(set) var temporalStates = Share()
  package private(set) var spatialStates = Share()
  /// The probability that a corrupted window's score is above a normal one's, ties half (area under the ROC curve).
  package let temporalDetection: Double
  package let spatialDetection: Double

  /// - Parameters:
  ///   - windows: of one layer.
  ///   - resolution: Hz between the frequencies of their spectra.
  package init(_ windows: [Window], truth: MovieTruth, resolution: Double) {
    var (temporal, spatial) = ([Bool: [Double]](), [Bool: [Double]]())
    for window in windows {
      guard let segment = truth.segment(of: window.start..<window.end) else { continue }
      if let frequency = segment.frequency {
        frequencies.note(window.dominantFrequency.map { abs($0 - frequency) <= resolution } ?? false)
        bands.note(window.dominantBand == segment.band)
      }
      guard window.start >= truth.reference else { continue }
      temporalStates.note(window.temporalState == segment.state)
      spatialStates.note(window.spatialState == segment.state)
      // A score that is infinite is written as null.
      temporal[segment.isCorrupted, default: []].append(window.temporalScore ?? .infinity)
      spatial[segment.isCorrupted, default: []].append(window.spatialScore ?? .infinity)
    }
    temporalDetection = Self.area(corrupted: temporal[true] ?? [], normal: temporal[false] ?? [])
    spatialDetection = Self.area(corrupted: spatial[true] ?? [], normal: spatial[false] ?? [])
  }

  private static func area(corrupted: [Double], normal: [Double]) -> Double {
    guard !corrupted.isEmpty, !normal.isEmpty else { return 0 }
    let won = corrupted.reduce(0.0) { sum, score in
      normal.reduce(sum) { $0 + (score > $1 ? 1 : score == $1 ? 0.5 : 0) }
    }
    return won / Double(corrupted.count * normal.count)
  }
}
