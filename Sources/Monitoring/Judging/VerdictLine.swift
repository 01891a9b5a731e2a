internal import FoundationEssentials
import Temporal

/// A verdict as a line of JSON.
package struct VerdictLine {
  /// Stands as `null` where there is none.
  private struct Told<Value: Encodable>: Encodable {
    let value: Value?

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(value)
    }
  }

  private struct Place: Encodable {
    let name: String
    let z: Told<Double>
  }

  private struct Content: Encodable {
    var source: String
    var stimulus: Int
    var p: [String: Double]
    var outlier: Bool
    var finite: Bool
    var layer: String
    var layer_z: Told<Double>
    var channels: [Place]
    var regions: [Place]
    var predicted: Told<Int>?
    var confidence: Told<Double>?
    var drift: Drift
    var layers_z: [Double?]?
    var scores: [String: Double?]?
    var eeg: Window?
  }

  private struct Window: Encodable {
    var from: Int
    var to: Int
    var layers: [Rhythm]
  }

  private struct Rhythm: Encodable {
    var layer: String
    var state: String
    var strangeness: Double?
    var mean: Double?
    var power: Double?
    var shares: [String: Double]
    var dominant_hz: Double?
  }

  private struct Drift: Encodable {
    var alarm: Bool
    /// log₁₀ of the capital that bets against "nothing has changed" have won.
    var log10_evidence: Double
    var since: Int?
  }

  package let text: String

  /// - Parameters:
  ///   - source: the file that the stimulus is of.
  ///   - stimulus: its number in the stream, from 0.
  ///   - judge: whose verdict it is.
  ///   - isFull: whether all layers and the scores themselves are told.
  package init(_ verdict: Verdict, source: String, stimulus: Int, by judge: Judge, isFull: Bool) {
    let drift = judge.drift
    let content = Content(
      source: source, stimulus: stimulus,
      p: Dictionary(uniqueKeysWithValues: verdict.pValues.map { ($0.key.rawValue, Self.rounded($0.value)!) }),
      outlier: verdict.isOutlier, finite: verdict.isFinite, layer: verdict.worst.tensor,
      layer_z: Told(value: Self.rounded(verdict.worst.strangeness)), channels: Self.places(verdict.worst.channels),
      regions: Self.places(verdict.worst.regions),
      predicted: verdict.saysClasses ? Told(value: verdict.answer?.predicted) : nil,
      confidence: verdict.saysClasses ? Told(value: verdict.answer.flatMap { Self.rounded(Double($0.probability)) }) : nil,
      drift: Drift(
        alarm: drift.alarm != nil, log10_evidence: Self.rounded(drift.logCapital / 2.302585092994046) ?? 0,
        since: drift.alarm == nil ? nil : drift.changePoint),
      layers_z: isFull ? verdict.strangeness.map(Self.rounded) : nil,
      scores: isFull
        ? Dictionary(uniqueKeysWithValues: verdict.scores.map { ($0.key.rawValue, Self.rounded($0.value)) }) : nil,
      eeg: verdict.window.map { Self.window($0, judge.tensors) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(content) else { preconditionFailure("finite numbers and text can be written") }
    text = String(decoding: data, as: UTF8.self)
  }

  private static func places(_ places: [Verdict.Place]) -> [Place] {
    places.map { Place(name: $0.name, z: Told(value: rounded($0.z))) }
  }

  private static func window(_ window: StreamRhythm.Window, _ tensors: [String]) -> Window {
    Window(
      from: window.stimuli.lowerBound, to: window.stimuli.upperBound,
      layers: zip(tensors, window.layers).map { tensor, rhythm in
        Rhythm(
          layer: tensor, state: rhythm.state.rawValue, strangeness: rounded(rhythm.strangeness), mean: rounded(rhythm.level),
          power: rounded(rhythm.bands.total),
          shares: Dictionary(
            uniqueKeysWithValues: FrequencyBand.allCases.compactMap { band in
              rhythm.bands.share(band).flatMap(rounded).map { (band.rawValue, $0) }
            }),
          dominant_hz: rhythm.bands.dominantFrequency.flatMap(rounded))
      })
  }

  /// Rounded to five digits; nothing where JSON has no number for it.
  package static func rounded(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    guard value != 0 else { return 0 }
    var (scale, size) = (1.0, abs(value))
    while size < 1e4 {
      size *= 10
      scale *= 10
    }
    return scale.isFinite ? (value * scale).rounded() / scale : value
  }
}
