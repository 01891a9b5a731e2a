import ScanPlan
import ScanResults
import Temporal

/// `consistency.json`: what a stream did in time, and how that agrees with ζ and densities.
enum ConsistencyFile {
  static func content(_ course: TimeCourse, layers: [ScanPlan.Layer]) -> JSONValue {
    let reference = course.settings.reference(samples: course.samples)
    return [
      "stimuli": .int(course.samples),
      "sampling_rate_hz": .double(course.settings.samplingRate),
      "window": .int(course.windows.length),
      "step": .int(course.windows.step),
      "windows": .int(course.windows.count),
      "window_resolution_hz": JSONValue(course.windowResolution),
      "window_reason": JSONValue(course.windowReason),
      "reference": [
        "start": .int(reference.lowerBound), "end": .int(reference.upperBound), "windows": .int(course.reference.count),
      ],
      "false_alarm_rate": .double(course.settings.falseAlarmRate),
      "consistency": consistency(course.consistency, layers: layers.count),
      "coherence_segments": .int(course.segments),
      "coherence": .object(
        Dictionary(
          uniqueKeysWithValues: course.coherence.map { band, values in
            (band.rawValue, matrix(values, columns: layers.count))
          })),
      "layers": .object(
        Dictionary(
          uniqueKeysWithValues: zip(layers, course.layers).map { plan, layer in
            ("layer_\(plan.number)", content(layer, course, tensor: plan.tensor))
          })),
    ]
  }

  private static func consistency(_ result: Consistency, layers: Int) -> JSONValue {
    [
      "score": measure(result.score, target: Consistency.scoreTarget),
      "gamma_zeta_correlation": measure(result.correlation, target: Consistency.correlationTarget),
      "state_agreement": measure(result.agreement, target: nil),
      "anomaly_coherence": measure(result.coherence, target: nil),
      "rhythm_reliability": estimate(result.rhythmReliability),
      "place_reliability": estimate(result.placeReliability),
      "disattenuated_correlation": estimate(result.disattenuated),
      "kappa": JSONValue(result.kappa),
      "matthews_correlation": JSONValue(result.matthews),
      "gamma_share_zeta_correlation": JSONValue(result.shareCorrelation),
      "pooled_gamma_zeta_correlation": JSONValue(result.pooledCorrelation),
      "points": .int(result.points),
      "layers": .int(layers),
      "shifts": .int(result.shifts),
      "block_windows": .int(result.blockLength),
      "reason": JSONValue(result.reason),
    ]
  }

  private static func estimate(_ measure: Consistency.Measure) -> JSONValue {
    ["value": JSONValue(measure.value), "confidence_interval": JSONValue(measure.interval)]
  }

  private static func measure(_ measure: Consistency.Measure, target: Double?) -> JSONValue {
    var content: [String: JSONValue] = [
      "value": JSONValue(measure.value), "confidence_interval": JSONValue(measure.interval),
      "p_value": JSONValue(measure.p), "by_chance": JSONValue(measure.chance),
    ]
    if let target {
      content["target"] = .double(target)
      content["verdict"] = measure.value.map { .string($0 >= target ? "pass" : "fail") } ?? .null
    }
    return .object(content)
  }

  private static func content(_ layer: LayerTimeCourse, _ course: TimeCourse, tensor: String) -> JSONValue {
    [
      "tensor": .string(tensor),
      "spectrum": [
        "resolution_hz": JSONValue(layer.spectrum?.resolution),
        "segments": JSONValue(layer.spectrum?.segments),
        "power_per_hz": layer.spectrum.map { .array($0.density.map(JSONValue.double)) } ?? .null,
        "reason": JSONValue(layer.spectrumReason),
      ],
      "bands": bands(
        layer.bands, nyquist: course.settings.samplingRate / 2, resolution: layer.spectrum?.resolution,
        reason: layer.spectrumReason),
      "dominant_frequency": JSONValue(layer.bands?.dominantFrequency),
      "spectral_entropy": JSONValue(layer.bands?.spectralEntropy),
      "temporal_anomalies": detector(layer.temporalDetector),
      "spatial_anomalies": detector(layer.spatialDetector),
      "detector_reason": JSONValue(layer.detectorReason),
      "windows": .array(
        layer.windows.enumerated().map { window($1, course.windows[$0]) }),
    ]
  }

  private static func bands(
    _ powers: BandPowers?, nyquist: Double, resolution: Double?, reason: String?
  ) -> JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: FrequencyBand.allCases.map { band in
          let missing = resolution.flatMap { band.reasonForNone(nyquist: nyquist, resolution: $0) } ?? reason
          return (
            band.rawValue,
            [
              "power": JSONValue(powers?.powers[band]), "share": JSONValue(powers?.share(band)),
              "reason": JSONValue(missing),
            ]
          )
        }))
  }

  private static func detector(_ detector: AnomalyDetector?) -> JSONValue {
    guard let detector else { return .null }
    return [
      "threshold": .double(detector.threshold),
      "false_alarm_rate": .double(detector.falseAlarmRate),
      "held_out_alarms": .int(detector.heldOutAlarms),
      "held_out_windows": .int(detector.heldOutWindows),
    ]
  }

  private static func window(_ window: LayerTimeCourse.Window, _ range: Range<Int>) -> JSONValue {
    [
      "start": .int(range.lowerBound),
      "end": .int(range.upperBound),
      "level": .double(window.level),
      "powers": .object(
        Dictionary(
          uniqueKeysWithValues: FrequencyBand.allCases.map { ($0.rawValue, JSONValue(window.bands?.powers[$0])) })),
      "shares": .object(
        Dictionary(
          uniqueKeysWithValues: FrequencyBand.allCases.map { ($0.rawValue, JSONValue(window.bands?.share($0))) })),
      "dominant_frequency": JSONValue(window.bands?.dominantFrequency),
      "dominant_band": JSONValue(window.bands?.dominantBand?.rawValue),
      "spectral_entropy": JSONValue(window.bands?.spectralEntropy),
      "density": .double(window.density),
      "coverage": .double(window.coverage),
      "zeta": JSONValue(window.zeta),
      "temporal_anomaly_score": JSONValue(window.temporalScore),
      "spatial_anomaly_score": JSONValue(window.spatialScore),
      "temporal_anomaly": window.isTemporalAnomaly.map(JSONValue.bool) ?? .null,
      "spatial_anomaly": window.isSpatialAnomaly.map(JSONValue.bool) ?? .null,
      "temporal_state": JSONValue(window.temporalState?.rawValue),
      "spatial_state": JSONValue(window.spatialState?.rawValue),
    ]
  }

  private static func matrix(_ values: [Double], columns: Int) -> JSONValue {
    .array(
      (0..<columns).map { row in .array(values[row * columns..<(row + 1) * columns].map(JSONValue.double)) })
  }
}
