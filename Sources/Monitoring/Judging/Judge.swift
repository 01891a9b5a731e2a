import Grids

/// Holds observations against a reference, and keeps the test of the stream.
package struct Judge: Sendable {
  package let reference: MonitorReference
  /// The rate of false alarms of single stimuli.
  package let outlierRate: Double
  package private(set) var drift: DriftTest
  private let layouts: [CellLayout]
  private let placesShown: Int

  /// - Parameters:
  ///   - outlierRate: a stimulus whose combined p-value is at most this is an outlier.
  ///   - driftRate: the probability of a false alarm over the whole stream.
  ///   - placesShown: how many channels and regions are named.
  /// - Throws: `GridError` where the reference's layers can't be laid out.
  package init(_ reference: MonitorReference, outlierRate: Double, driftRate: Double, placesShown: Int = 3) throws {
    self.reference = reference
    self.outlierRate = outlierRate
    self.placesShown = placesShown
    drift = DriftTest(reference.calibration(.combined), falseAlarms: driftRate, seed: reference.origin.seed)
    layouts = try reference.layers.map { layer in try CellLayout(layer.layer) }
  }

  /// Judges the stream's next stimulus.
  package mutating func judge(_ observation: WatchedNetwork.Observation) throws -> Verdict {
    let findings = reference.findings(observation)
    let combined = findings.scores[.combined] ?? .infinity
    drift.take(combined)
    let p = Dictionary(
      uniqueKeysWithValues: findings.scores.compactMap { score, value in
        reference.pValue(score, value).map { (score, $0) }
      })
    let worst = findings.strangeness.indices.max { findings.strangeness[$0] < findings.strangeness[$1] } ?? 0
    return Verdict(
      pValues: p, scores: findings.scores, answer: observation.answer, isFinite: observation.isFinite,
      isOutlier: (p[.combined] ?? 1) <= outlierRate, strangeness: findings.strangeness,
      worst: try layer(worst, findings))
  }

  private func layer(_ number: Int, _ findings: MonitorReference.Findings) throws -> Verdict.Layer {
    let layer = reference.layers[number].layer
    let grid = try layer.grid()
    let groups = layouts[number].channelsOfGroup
    let means = findings.features[number].prefix(groups.count)
    return Verdict.Layer(
      tensor: layer.tensor, strangeness: findings.strangeness[number],
      channels: largest(Array(means)).map { place, z in
        let channels = groups[place]
        return Verdict.Place(
          name: channels.count == 1 ? "\(channels.lowerBound)" : "\(channels.lowerBound)-\(channels.upperBound)", z: z)
      },
      regions: largest(findings.regions[number]).map { Verdict.Place(name: grid.name(of: $0), z: $1) })
  }

  /// The places of the largest |z|; those that are no numbers first.
  private func largest(_ z: [Double]) -> [(place: Int, z: Double)] {
    func size(_ value: Double) -> Double { value.isNaN ? .infinity : abs(value) }
    return z.indices.sorted { size(z[$0]) != size(z[$1]) ? size(z[$0]) > size(z[$1]) : $0 < $1 }
      .prefix(placesShown).map { ($0, z[$0]) }
  }
}
