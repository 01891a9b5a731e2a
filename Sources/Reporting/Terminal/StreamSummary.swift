import Temporal

/// What a person reads of a stream in the terminal.
enum StreamSummary {
  static func text(_ course: TimeCourse) -> String {
    var text = """
      Stream: \(course.samples) stimuli at \(Number.significant(course.settings.samplingRate)) Hz, \(course.windows.count) \
      windows of \(course.windows.length), \(course.reference.count) of them for reference.
      """
    text += "\n" + indented(rhythms(course)) + "\n" + indented(states(course))
    let reasons = course.layers.flatMap { [$0.spectrumReason, $0.detectorReason] }.compactMap(\.self)
    if let reason = reasons.first { text += "\n  \(reason)" }
    if let reason = SignalFile.reasonForNone(course) { text += "\n  No eeg/: \(reason)" }
    return text + "\n\n" + consistency(course.consistency)
  }

  private static func rhythms(_ course: TimeCourse) -> String {
    var table = TextTable(["layer", "dominant, Hz", "δ, %", "θ, %", "α, %", "β, %", "γ, %", "entropy"])
    for (number, layer) in course.layers.enumerated() {
      table.append(
        ["layer_\(number)", show(layer.bands?.dominantFrequency, 1)]
          + FrequencyBand.allCases.map { show(layer.bands?.share($0).map { 100 * $0 }, 1) }
          + [show(layer.bands?.spectralEntropy, 2)])
    }
    return table.text
  }

  private static func states(_ course: TimeCourse) -> String {
    var table = TextTable([
      "layer", "active", "processing", "idle", "anomalous", "by place", "active", "processing", "idle", "anomalous",
      "false alarms held out",
    ])
    for (number, layer) in course.layers.enumerated() {
      func counts(_ state: (LayerTimeCourse.Window) -> NetworkState?) -> [String] {
        NetworkState.allCases.map { wanted in "\(layer.windows.count { state($0) == wanted })" }
      }
      func alarms(_ detector: AnomalyDetector?) -> String {
        detector.map { "\($0.heldOutAlarms) of \($0.heldOutWindows)" } ?? "-"
      }
      table.append(
        ["layer_\(number)"] + counts(\.temporalState) + [""] + counts(\.spatialState)
          + ["\(alarms(layer.temporalDetector)), \(alarms(layer.spatialDetector))"])
    }
    return table.text
  }

  private static func consistency(_ result: Consistency) -> String {
    var table = TextTable(["", "value", "CI", "p", "by chance", "target"])
    for (name, measure, target) in [
      ("consistency", result.score, Consistency.scoreTarget),
      ("γ power with ζ", result.correlation, Consistency.correlationTarget),
      ("  without noise", result.disattenuated, nil), ("reliability, rhythm", result.rhythmReliability, nil),
      ("reliability, place", result.placeReliability, nil), ("states agree", result.agreement, nil),
      ("anomalies cohere", result.coherence, nil),
    ] as [(String, Consistency.Measure, Double?)] {
      let interval = measure.interval.map {
        "[\(Number.fixed($0.lowerBound, 2)), \(Number.fixed($0.upperBound, 2))]"
      }
      let verdict = target.map { target in
        "\(Number.significant(target)): " + (measure.value.map { $0 >= target ? "pass" : "fail" } ?? "not measured")
      }
      table.append([
        name, show(measure.value, 2), interval ?? "-", measure.p.map(Number.probability) ?? "-", show(measure.chance, 2),
        verdict ?? "",
      ])
    }
    return """
      Consistency of rhythm and place over \(result.points) pairs of layer and window\
      \(result.reason.map { ": \($0)" } ?? "; κ of states \(show(result.kappa, 2))")
      \(indented(table.text))
      """
  }

  private static func show(_ value: Double?, _ decimals: Int) -> String {
    value.map { Number.fixed($0, decimals) } ?? "-"
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }
}
