import FoundationEssentials
import Glibc
import Phantom
import Reporting
import Statistics

/// What scans of movies found of what was planted, from the folders that they left.
struct MovieReport {
  /// What the page says before the tables.
  static let introduction = """
    ## Streams

    What a scan finds of a movie phantom (80 segments of 256 frames at 256 Hz, seed 42, the first half reference), with
    windows of one segment, grid 4x4x2, target label, and what a scan does by itself: 32 scanned stimuli a window, passes as
    it chooses. *Frequency*: windows with flicker whose dominant frequency is at most a bin of 2 Hz from the planted one. *Band*: whose dominant band is the planted one.
    *State*: windows behind the reference that are called active (fast flicker), processing (slow), idle or anomalous
    (corrupted) as planted. *AUC*: how often a corrupted window's score is above a normal one's, behind the reference.
    The bars, over all layers: every frequency within a bin, bands above 0.95, AUC above 0.95, states above 0.9.
    *Consistency*: also of the same frames in random order, of noise instead of images and, where they are to hand, of
    1,000 CIFAR-10 images in the order of their file, through a ResNet-20, with windows of 64 every 32: streams without
    rhythm, in which nothing but chance should be found. *Reliability*: from halves of windows, stepped up; *ρ_γζ without
    noise*: ρ_γζ over the root of their product, a dash where a reliability isn't above 0; both as in method.md. Targets: 0.7 for
    ρ_γζ, 0.8 for the consistency.
    """

  /// What is read of `consistency.json`.
  private struct Content: Decodable {
    struct Layer: Decodable {
      let tensor: String
      let windows: [Window]
      let temporal_anomalies: Detector?
      let spatial_anomalies: Detector?
    }

    struct Window: Decodable {
      let verdict: MovieVerdict.Window
      let powers: [String: Double?]
      let zeta: Double?

      private enum CodingKeys: CodingKey {
        case powers, zeta
      }

      init(from decoder: any Decoder) throws {
        verdict = try MovieVerdict.Window(from: decoder)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        powers = try fields.decode([String: Double?].self, forKey: .powers)
        zeta = try fields.decode(Double?.self, forKey: .zeta)
      }

      /// The logarithm of the bands' power together; `nil` where one isn't known.
      func logPower(_ bands: [String]) -> Double? {
        let known = bands.compactMap { powers[$0] ?? nil }
        return known.count == bands.count ? log(known.reduce(0, +)) : nil
      }
    }

    struct Detector: Decodable {
      let false_alarm_rate: Double
      let held_out_alarms: Int
      let held_out_windows: Int
    }

    struct Measure: Decodable {
      let value: Double?
      let confidence_interval: [Double]?
      let p_value: Double?
      let by_chance: Double?
      let verdict: String?
    }

    struct Consistency: Decodable {
      let score: Measure
      let gamma_zeta_correlation: Measure
      let state_agreement: Measure
      let anomaly_coherence: Measure
      let rhythm_reliability: Measure
      let place_reliability: Measure
      let disattenuated_correlation: Measure
      let kappa: Double?
      let gamma_share_zeta_correlation: Double?
      let pooled_gamma_zeta_correlation: Double?
      let points: Int
    }

    let window_resolution_hz: Double
    let layers: [String: Layer]
    let consistency: Consistency
  }

  private let streams: [(name: String, content: Content)]
  private let truth: MovieTruth

  /// - Parameters:
  ///   - folder: holds a folder for each stream, with its scan in `scan`.
  ///   - others: streams without a truth.
  init(folder: String, others: [String]) throws {
    func read<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
      try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: path)))
    }
    truth = try read(folder + "/planted/truth.json", as: MovieTruth.self)
    streams = try (["planted"] + others).map {
      ($0, try read("\(folder)/\($0)/scan/consistency.json", as: Content.self))
    }
  }

  func report() -> String {
    """
    \(planted)

    \(consistency)

    *What remains*: of the planted movie, ρ_γζ over some of the windows, and the same with the power of β and γ together.

    \(remains)
    """
  }

  /// ρ by layer, over windows that what was planted singles out.
  private var remains: String {
    let content = streams[0].content
    let layers = content.layers.keys.sorted().map { content.layers[$0]! }
    var table = MarkdownTable(["windows", "power"] + layers.map(\.tensor) + ["mean"])
    func segment(_ window: Content.Window) -> MovieSegment? {
      truth.segment(of: window.verdict.start..<window.verdict.end)
    }
    func row(_ name: String, _ power: String, _ bands: [String], where isCounted: (MovieSegment) -> Bool) {
      let correlations = layers.map { layer -> Double in
        let pairs = layer.windows.compactMap { window -> (power: Double, zeta: Double)? in
          guard let segment = segment(window), isCounted(segment), let power = window.logPower(bands),
            let zeta = window.zeta
          else { return nil }
          return (power, zeta)
        }
        return Correlation.pearson(pairs.map(\.power), pairs.map(\.zeta)) ?? .nan
      }
      let mean = correlations.reduce(0, +) / Double(correlations.count)
      table.append([name, power] + (correlations + [mean]).map { Number.fixed($0, 3) })
    }
    row("all", "γ", ["gamma"]) { _ in true }
    row("but corrupted ones", "γ", ["gamma"]) { !$0.isCorrupted }
    row("but corrupted ones and flicker in β", "γ", ["gamma"]) { !$0.isCorrupted && $0.band != "beta" }
    row("all", "β and γ", ["beta", "gamma"]) { _ in true }
    row("but corrupted ones", "β and γ", ["beta", "gamma"]) { !$0.isCorrupted }
    return table.description
  }

  private var planted: String {
    let content = streams[0].content
    var table = MarkdownTable([
      "layer", "frequency within a bin", "band", "state by rhythm", "state by place", "AUC by rhythm", "AUC by place",
      "false alarms held out",
    ])
    func share(_ share: MovieVerdict.Share) -> String { "\(Number.fixed(share.value, 3)) of \(share.count)" }
    let verdicts = content.layers.keys.sorted().map {
      ($0, MovieVerdict(content.layers[$0]!.windows.map(\.verdict), truth: truth, resolution: content.window_resolution_hz))
    }
    for (name, verdict) in verdicts {
      let layer = content.layers[name]!
      func alarms(_ detector: Content.Detector?) -> String {
        detector.map { "\($0.held_out_alarms) of \($0.held_out_windows) at \(Number.fixed($0.false_alarm_rate, 3))" } ?? "-"
      }
      table.append([
        layer.tensor, share(verdict.frequencies), share(verdict.bands), share(verdict.temporalStates),
        share(verdict.spatialStates), Number.fixed(verdict.temporalDetection, 3),
        Number.fixed(verdict.spatialDetection, 3),
        "\(alarms(layer.temporal_anomalies)), \(alarms(layer.spatial_anomalies))",
      ])
    }
    func all(_ part: (MovieVerdict) -> MovieVerdict.Share) -> String {
      share(verdicts.reduce(MovieVerdict.Share()) { $0 + part($1.1) })
    }
    func least(_ area: (MovieVerdict) -> Double) -> String { Number.fixed(verdicts.map { area($0.1) }.min() ?? 0, 3) }
    table.append([
      "all (least AUC)", all(\.frequencies), all(\.bands), all(\.temporalStates), all(\.spatialStates),
      least(\.temporalDetection), least(\.spatialDetection), "",
    ])
    return table.description
  }

  private var consistency: String {
    var table = MarkdownTable([
      "stream", "pairs", "quantity", "value", "95 % interval", "p", "by chance", "target",
    ])
    func show(_ value: Double?) -> String { value.map { Number.fixed($0, 3) } ?? "-" }
    for (name, content) in streams {
      let result = content.consistency
      for (quantity, measure) in [
        ("consistency", result.score), ("ρ_γζ", result.gamma_zeta_correlation), ("agreement", result.state_agreement),
        ("coherence", result.anomaly_coherence),
      ] {
        let interval = measure.confidence_interval.map { "\(show($0[0])) to \(show($0[1]))" } ?? "-"
        table.append([
          name, "\(result.points)", quantity, show(measure.value), interval, show(measure.p_value),
          show(measure.by_chance), measure.verdict ?? "",
        ])
      }
      for (quantity, measure) in [
        ("ρ_γζ without noise", result.disattenuated_correlation), ("reliability of γ's power", result.rhythm_reliability),
        ("reliability of ζ", result.place_reliability),
      ] {
        let interval = measure.confidence_interval.map { "\(show($0[0])) to \(show($0[1]))" } ?? "-"
        table.append([name, "", quantity, show(measure.value), interval, "", "", ""])
      }
      table.append([name, "", "κ", show(result.kappa), "", "", "", ""])
      table.append([name, "", "ρ with γ's share", show(result.gamma_share_zeta_correlation), "", "", "", ""])
      table.append([name, "", "ρ pooled over layers", show(result.pooled_gamma_zeta_correlation), "", "", "", ""])
    }
    return table.description
  }
}
