internal import Glibc
import ScanPlan
import ScanResults
import Temporal

/// What a stream did in time: traces and spectra of the layers, states by rhythm and by place, and how they agree.
struct StreamSection {
  /// Points of a trace: more would not be told apart.
  private static let tracePoints = 600
  private static let width = 600.0
  private static let height = 60.0

  private let course: TimeCourse
  private let layers: [ScanPlan.Layer]

  /// `nil` where the stimuli are no stream.
  init?(_ result: ScanResult) {
    guard let course = result.timeCourse else { return nil }
    (self.course, layers) = (course, result.layers.map(\.plan))
  }

  /// What the template of the page wants.
  var context: [String: Any] {
    [
      "rate": Number.significant(course.settings.samplingRate), "samples": course.samples,
      "seconds": Number.significant(Double(course.samples) / course.settings.samplingRate),
      "sentence": sentence, "nyquist": Number.significant(course.settings.samplingRate / 2), "whiteShares": whiteShares,
      "rows": zip(layers, course.layers).map(row), "bandNames": FrequencyBand.allCases.map(\.symbol),
      "rasters": rasters, "rasterHeight": 14 * layers.count,
      "rasterView": "\(max(course.windows.count, 1)) \(layers.count)",
      "layerNames": layers.map { "layer_\($0.number)" },
      "measures": measures, "reasons": reasons,
      "states": NetworkState.allCases.map(\.rawValue),
    ]
  }

  /// What there is to see, before any table.
  private var sentence: String {
    let windows = course.layers.flatMap(\.windows)
    let anomalous = Set(
      course.layers.flatMap { layer in
        layer.windows.indices.filter {
          layer.windows[$0].temporalState == .anomalous || layer.windows[$0].spatialState == .anomalous
        }
      })
    guard windows.contains(where: { $0.temporalState != nil || $0.spatialState != nil }) else {
      return """
        The mean activity of each layer over the stimuli's order is read as an electroencephalogram is: by its rhythms. Which \
        windows are unusual can't be told of this stream.
        """
    }
    return """
      The mean activity of each layer over the stimuli's order is read as an electroencephalogram is: \(anomalous.count) of \
      \(Plural.count(course.windows.count, "window", "windows")) \(anomalous.count == 1 ? "looks" : "look") unusual in some layer, \
      against those for reference.
      """
  }

  /// The share of each band in the power of white noise below half the sampling rate, in percent.
  private var whiteShares: [String] {
    let nyquist = course.settings.samplingRate / 2
    let widths = FrequencyBand.allCases.map { max(0, min($0.range.high, nyquist) - $0.range.low) }
    let total = widths.reduce(0, +)
    return widths.map { total > 0 ? Number.fixed(100 * $0 / total, 1) : "n/a" }
  }

  private var reasons: [String] {
    var reasons: [String] = []
    for reason in [course.windowReason, course.consistency.reason] + course.layers.map(\.detectorReason) {
      if let reason, !reasons.contains(reason) { reasons.append(reason) }
    }
    return reasons
  }

  private func row(_ plan: ScanPlan.Layer, _ layer: LayerTimeCourse) -> [String: Any] {
    let nyquist = course.settings.samplingRate / 2
    var row: [String: Any] = [
      "id": "layer_\(plan.number)", "tensor": plan.tensor, "trace": trace(layer.signal),
      "least": Number.significant(layer.signal.min() ?? 0), "most": Number.significant(layer.signal.max() ?? 0),
      "traceAlt": "mean |a| of \(plan.tensor) over \(course.samples) stimuli",
      "shares": FrequencyBand.allCases.map { layer.bands?.share($0).map { Number.fixed(100 * $0, 1) } ?? "n/a" },
      "dominant": layer.bands?.dominantFrequency.map(Number.significant) ?? "n/a",
      "entropy": layer.bands?.spectralEntropy.map { Number.fixed($0, 2) } ?? "n/a",
    ]
    if let spectrum = layer.spectrum, let path = Self.curve(spectrum) {
      row["spectrum"] = path
      row["spectrumAlt"] = "power spectrum of \(plan.tensor) from 0 to \(Number.significant(nyquist)) Hz, logarithmic"
      row["nyquist"] = Number.significant(nyquist)
      row["bands"] = FrequencyBand.allCases.filter { $0.range.high <= nyquist }.enumerated().map { number, band in
        let x = Self.width * band.range.low / nyquist
        return [
          "x": Number.fixed(x, 1), "width": Number.fixed(Self.width * band.range.high / nyquist - x, 1),
          "shade": number % 2 == 0 ? "even" : "odd",
        ]
      }
    }
    row["spectrumReason"] = layer.spectrumReason
    return row
  }

  /// The signal as a line; of a long one, the least and the largest value of each of as many parts.
  private func trace(_ signal: [Double]) -> String {
    guard let least = signal.min(), let most = signal.max(), signal.count > 1 else { return "M0 0" }
    let block = max(1, 2 * signal.count / Self.tracePoints)
    var points: [(Int, Double)] = []
    for start in stride(from: 0, to: signal.count, by: block) {
      let places = start..<min(start + block, signal.count)
      let low = places.min { signal[$0] < signal[$1] }!
      let high = places.max { signal[$0] < signal[$1] }!
      points += [low, high].sorted().map { ($0, signal[$0]) }
    }
    return Self.line(
      points.map { place, value in
        (
          Self.width * Double(place) / Double(signal.count - 1),
          Self.height * (most > least ? (most - value) / (most - least) : 0.5)
        )
      })
  }

  /// The density on a logarithmic scale of at most six decades below its peak; `nil` where there is no power.
  private static func curve(_ spectrum: Spectrum) -> String? {
    let peak = spectrum.density.dropFirst().max() ?? 0
    guard peak > 0 else { return nil }
    return line(
      spectrum.density.indices.dropFirst().map { place in
        let decades = min(6, max(0, -log10(max(spectrum.density[place] / peak, 1e-6))))
        return (width * spectrum.frequency(place) / spectrum.nyquist, height * decades / 6)
      })
  }

  private static func line(_ points: [(Double, Double)]) -> String {
    "M" + points.map { "\(Number.fixed($0.0, 1)) \(Number.fixed($0.1, 1))" }.joined(separator: "L")
  }

  private var rasters: [[String: Any]] {
    [("rhythm", \LayerTimeCourse.Window.temporalState), ("place", \LayerTimeCourse.Window.spatialState)].map { name, state in
      var paths: [NetworkState: String] = [:]
      for (row, layer) in course.layers.enumerated() {
        for (column, window) in layer.windows.enumerated() {
          if let state = window[keyPath: state] { paths[state, default: ""] += "M\(column) \(row)h1v1h-1z" }
        }
      }
      return [
        "title": "States by \(name)",
        "alt": "States by \(name) of \(layers.count) layers in \(course.windows.count) windows",
        "paths": NetworkState.allCases.compactMap { state in paths[state].map { ["class": state.rawValue, "path": $0] } },
      ]
    }
  }

  private var measures: [[String: Any]] {
    let consistency = course.consistency
    func measure(_ name: String, _ measure: Consistency.Measure, _ target: Double?) -> [String: Any] {
      func text(_ value: Double?) -> String { value.map { Number.fixed($0, 2) } ?? "n/a" }
      var context: [String: Any] = [
        "name": name, "value": text(measure.value),
        "interval": measure.interval.map { "\(text($0.lowerBound)) … \(text($0.upperBound))" } ?? "n/a",
        "p": measure.p.map(Number.probability) ?? "n/a", "chance": text(measure.chance),
        "target": target.map { "≥ \(Number.significant($0))" } ?? "",
      ]
      if let target, let value = measure.value { context["verdict"] = value >= target ? "reached" : "missed" }
      return context
    }
    return [
      measure("Consistency score", consistency.score, Consistency.scoreTarget),
      measure("γ power and largest ζ, correlation", consistency.correlation, Consistency.correlationTarget),
      measure("The same, were neither picture noisy", consistency.disattenuated, nil),
      measure("Reliability of γ power", consistency.rhythmReliability, nil),
      measure("Reliability of the largest ζ", consistency.placeReliability, nil),
      measure("Equal states, share", consistency.agreement, nil),
      measure("Anomaly flags, (φ + 1)/2", consistency.coherence, nil),
    ]
  }
}
