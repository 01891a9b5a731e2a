import Lesion
import ScanPlan
import ScanResults

/// What the network answered with parts of a layer lesioned, for people and for `impact.json`.
struct TrialReport {
  private let result: ScanResult
  private let trials: LesionTrials
  private let layer: LesionTrials.Layer

  /// `nil` where trials weren't made.
  init?(_ number: Int, _ result: ScanResult) {
    guard let trials = result.trials else { return nil }
    (self.result, self.trials, layer) = (result, trials, trials.layers[number])
  }

  var content: JSONValue {
    [
      "everything": everything(layer.empty, trials.lesion),
      "everything_otherwise": trials.otherLesion.map { everything(layer.otherEmptyAnswer, $0) } ?? .null,
      "advice": JSONValue(advice),
      "trials": .array(
        outcomes.map {
          [
            "choice": .string($0.trial.choice.rawValue), "regions": .int($0.trial.count), "stimuli": .int($0.stimuli),
            "changed": .int($0.changed), "wrong": .int($0.wrong), "mended": .int($0.mended), "mean_loss": .double($0.loss),
          ]
        }),
    ]
  }

  private func everything(_ empty: LesionTrials.Layer.Empty?, _ lesion: String) -> JSONValue {
    guard let empty else { return .null }
    return [
      "lesion": .string(lesion), "class": .int(empty.predicted), "share": .double(empty.share),
      "confidence": .double(empty.confidence),
    ]
  }

  var outcomes: [LesionTrials.Layer.Outcome] { layer.outcomes(labels: result.labels) }

  /// What it answers with everything lesioned.
  var emptySentence: String? {
    guard let empty = layer.empty else { return nil }
    let other = layer.otherEmptyAnswer.map { ", by \(trials.otherLesion ?? "") \(phrase($0))" } ?? ""
    return "With everything lesioned it answers, by \(trials.lesion), \(phrase(empty))\(other)."
  }

  private func phrase(_ empty: LesionTrials.Layer.Empty) -> String {
    "\(result.className(empty.predicted))\(empty.share < 1 ? " mostly" : "") (p \(Number.fixed(empty.confidence, 2)))"
  }

  /// What to do where the network is sure of itself without the layer; `nil` where it isn't, or has good reason to be.
  var advice: String? {
    guard let empty = layer.empty, empty.isConfident, LesionKind(rawValue: trials.lesion)?.bringsAnAnswer != true else {
      return nil
    }
    let gentler =
      layer.otherEmptyAnswer.map(\.isConfident) ?? true ? LesionKind.resample.rawValue : trials.otherLesion ?? ""
    return """
      It is sure of that, so this lesion is evidence of its own, and effects and signs are about that answer too: \
      --lesion \(gentler) is recommended.
      """
  }

  /// How often lesions of ranked regions changed the answer, beside others; `nil` where the layer is too small.
  var changeSentence: String? {
    let outcomes = outcomes
    guard let own = outcomes.last(where: { $0.trial.choice == .strongest && $0.trial.count <= 10 }), own.stimuli > 0 else {
      return nil
    }
    func of(_ choice: LesionTrials.Choice) -> LesionTrials.Layer.Outcome? {
      outcomes.last { $0.trial.choice == choice && $0.trial.count == own.trial.count }
    }
    if own.stimuli == 1 {
      func verb(_ outcome: LesionTrials.Layer.Outcome) -> String { outcome.changed == 1 ? "change" : "don't change" }
      let random = of(.random).map { "; \($0.trial.count) at random \(verb($0)) it" } ?? ""
      return "Lesions of its \(own.trial.count) strongest regions \(verb(own)) the answer\(random)."
    }
    var text = "Lesions of \(own.trial.count) change the answer: each stimulus's strongest \(own.changed) of \(own.stimuli)"
    if let mean = of(.strongestMean) { text += ", the mean map's \(mean.changed)" }
    if let random = of(.random) { text += ", random ones \(random.changed)" }
    // What speaks for a wrong answer is strongest where v is that answer's, and most negative where v is the label's.
    let isOfLabel = result.request.measurement.target == .label
    if let mending = of(isOfLabel ? .mostNegative : .strongest), mending.wrong > 0 {
      text += "; its \(isOfLabel ? "most negative" : "strongest") mend \(mending.mended) of \(mending.wrong) errors"
    }
    return text + "."
  }

  /// What a person reads in the terminal.
  var lines: [String] {
    [[emptySentence, advice].compactMap(\.self).joined(separator: " "), changeSentence ?? ""].filter { !$0.isEmpty }
  }
}
