internal import CServerPage
import Grids
import Monitoring
import Temporal

/// The page that shows a stream while it is judged, and the events that it follows.
enum LivePage {
  private struct Layer: Encodable {
    let tensor: String
    /// Regions along height, width and channels.
    let grid: [Int]
  }

  private struct Opening: Encodable {
    let model: String
    let layers: [Layer]
    let outliers: Double
    let driftAlarms: Double
    let heldOut: Int
    /// Stimuli of a window of NN-EEG; none where there is none.
    let window: Int?
    let windowAlarms: Double
  }

  private struct News: Encodable {
    let stimuli: Int
    let outliers: Int
    let broken: Int
    let failedSelfTests: Int
    let evidence: Double
    let alarm: Int?
    let since: Int?
    /// The last stimuli, oldest first.
    let points: [StreamTrace.Point]
    /// Of the last stimulus: how far each layer is off, and z of its regions, rounded. [layers], [layers x regions]
    let layerZ: [Double?]
    let regionZ: [[Double?]]
    let confidence: Double?
    let predicted: Int?
    /// States of layers in the last windows of NN-EEG, oldest first. [windows][layers]
    let states: [[String]]
    /// Of the last window: the stimulus after it, and the shares of its power, δ to γ. [layers][bands]
    let windowEnd: Int?
    let shares: [[Double?]]
  }

  /// The page needs nothing but itself.
  static var response: ServedResponse {
    ServedResponse(
      200, "text/html; charset=utf-8",
      headers: [
        (
          "Content-Security-Policy",
          "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
        ), ("Referrer-Policy", "no-referrer"),
      ], body: Array(String(cString: nnfmri_live_page_text()).utf8))
  }

  /// What doesn't change.
  static func opening(_ model: String, _ judge: Judge) -> String {
    let reference = judge.reference
    return event(
      "opening",
      Opening(
        model: model,
        layers: reference.layers.map { layer in
          let size = (try? layer.layer.grid())?.size
          return Layer(tensor: layer.layer.tensor, grid: size.map { [$0.height, $0.width, $0.channels] } ?? [])
        }, outliers: judge.outlierRate, driftAlarms: judge.drift.falseAlarms,
        heldOut: reference.calibration(.combined).scores.count, window: judge.rhythm.windowLength,
        windowAlarms: rounded(judge.rhythm.falseAlarmRate) ?? 0))
  }

  /// - Parameter stimuli: how many have been told of before.
  static func news(_ trace: StreamTrace, after stimuli: Int, _ reference: MonitorReference) -> String {
    let last = trace.last
    return event(
      "news",
      News(
        stimuli: trace.count, outliers: trace.outliers, broken: trace.broken, failedSelfTests: trace.failedSelfTests,
        evidence: trace.evidence, alarm: trace.drift?.alarm, since: trace.drift?.since,
        points: Array(trace.points.suffix(max(0, trace.count - stimuli))),
        layerZ: last?.verdict.strangeness.map(rounded) ?? [],
        regionZ: last.map { last in
          reference.layers.indices.map { reference.regionDeviations(last.observation, layer: $0).map(rounded) }
        } ?? [],
        confidence: last?.verdict.answer.flatMap { rounded(Double($0.probability)) }, predicted: last?.verdict.answer?.predicted,
        states: trace.windows.map { $0.layers.map(\.state.rawValue) }, windowEnd: trace.windows.last?.stimuli.upperBound,
        shares: trace.windows.last.map { window in
          window.layers.map { layer in FrequencyBand.allCases.map { layer.bands.share($0).flatMap(rounded) } }
        } ?? []))
  }

  private static func rounded(_ value: Double) -> Double? { value.isFinite ? (value * 100).rounded() / 100 : nil }

  private static func event(_ name: String, _ content: some Encodable) -> String {
    "event: \(name)\ndata: \(String(decoding: ServedResponse.json(content), as: UTF8.self))\n\n"
  }
}
