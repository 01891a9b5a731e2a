import Lesion
import ScanPlan
import ScanResults

/// What v is of, in sentences.
enum TargetWords {
  /// One score, of which no class is asked for.
  static let yes = "a yes"

  /// After "the logit of", as a scan was asked for; `nil` where the value is of no class.
  static func asked(_ result: ScanResult) -> String? {
    let (value, target) = (result.request.measurement.value, result.request.measurement.target)
    guard value.isOfTarget else { return nil }
    switch target {
    case .predicted:
      // The plan's is that of the first question that kept scores were asked.
      var readout = result.plan.readout
      readout.value = value
      readout.decide(by: target.decisionRule)
      guard let reader = try? OutputReader(readout) else { return nil }
      return reader.hasClasses ? "the predicted class" : reader.saysClasses ? yes : nil
    case .label: return "the label"
    case .fixed(let index): return "class \(index)"
    }
  }

  /// After "needed for", where v isn't that of each stimulus's own answer, or not of any class.
  static func needed(_ result: ScanResult) -> String? {
    guard let asked = asked(result), !result.predictions.isEmpty else { return nil }
    if asked == yes { return result.predictions.allSatisfy { $0 == 1 } ? nil : yes }
    guard result.targets != result.predictions else { return nil }
    if case .fixed(let index) = result.request.measurement.target { return result.className(index) }
    return asked
  }
}
