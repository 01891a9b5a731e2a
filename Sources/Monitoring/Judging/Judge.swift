import Grids
import Lesion

/// Holds observations against a reference, and keeps the test of the stream.
package struct Judge: Sendable {
  package let reference: MonitorReference
  /// The rate of false alarms of single stimuli that are finite.
  package let outlierRate: Double
  package private(set) var drift: DriftTest
  package private(set) var rhythm: StreamRhythm
  /// Names of the watched layers. [layers]
  let tensors: [String]
  private let grids: [Grid]
  private let placesShown: Int
  private let saysClasses: Bool

  /// - Parameters:
  ///   - outlierRate: a stimulus whose combined p-value is at most this is an outlier (`OutlierRate`).
  ///   - driftRate: the probability of a false alarm over the whole stream.
  ///   - placesShown: how many channels and regions are named.
  /// - Throws: `GridError` where the reference's layers can't be laid out.
  package init(_ reference: MonitorReference, outlierRate: Double, driftRate: Double, placesShown: Int = 3) throws {
    self.reference = reference
    self.outlierRate = outlierRate
    self.placesShown = placesShown
    saysClasses = try OutputReader(reference.origin.readout).saysClasses
    drift = DriftTest(reference.calibration(.combined), falseAlarms: driftRate, seed: reference.origin.seed)
    rhythm = StreamRhythm(reference.signals)
    tensors = reference.layers.map(\.layer.tensor)
    grids = try reference.layers.map { layer in try layer.layer.grid() }
  }

  /// Judges the stream's next stimulus.
  package mutating func judge(_ observation: WatchedNetwork.Observation) -> Verdict {
    // Held once: to change `drift` beside it, each use would copy it.
    let reference = reference
    let findings = reference.findings(observation)
    let combined = findings.scores[.combined] ?? .infinity
    drift.take(combined)
    let window = rhythm.take(observation.layers.map(\.mean))
    let p = Dictionary(
      uniqueKeysWithValues: findings.scores.compactMap { score, value in
        reference.pValue(score, value).map { (score, $0) }
      })
    let worst = findings.strangeness.indices.max { findings.strangeness[$0] < findings.strangeness[$1] } ?? 0
    return Verdict(
      pValues: p, scores: findings.scores, saysClasses: saysClasses, answer: observation.answer, isFinite: observation.isFinite,
      isOutlier: !observation.isFinite || (p[.combined] ?? 1) <= outlierRate, strangeness: findings.strangeness,
      worst: layer(worst, of: reference, findings, observation), window: window)
  }

  private func layer(
    _ number: Int, of reference: MonitorReference, _ findings: MonitorReference.Findings,
    _ observation: WatchedNetwork.Observation
  ) -> Verdict.Layer {
    let groups = reference.layouts[number].channelsOfGroup
    return Verdict.Layer(
      tensor: tensors[number], strangeness: findings.strangeness[number],
      channels: reference.largestChannels(placesShown, observation, layer: number).map { place, z in
        let channels = groups[place]
        return Verdict.Place(
          name: channels.count == 1 ? "\(channels.lowerBound)" : "\(channels.lowerBound)-\(channels.upperBound)", z: z)
      },
      regions: reference.largestRegions(placesShown, observation, layer: number).map {
        Verdict.Place(name: grids[number].name(of: $0), z: $1)
      })
  }
}
