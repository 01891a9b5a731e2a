import Lesion
import ScanPlan

/// What a reader should know of two scans.
extension ScanContrast {
  /// What is compared where that isn't stimuli; `nil` where it is.
  static func note(on units: IndependentUnits) -> String? {
    units.reason.map { "\($0): means of \(units.name) are compared, each of the stimuli that a group has in it." }
  }

  /// The same of two groups that aren't compared within units.
  static func note(on units: IndependentUnits, _ first: Group, _ second: Group) -> String? {
    let common = units.count(of: units.common(first.stimuli, second.stimuli).first)
    let shared = common == 0 ? "" : " \(common) of which both groups have stimuli count in each, as if they were different."
    return note(on: units).map { $0 + (units.reason == nil ? "" : shared) }
  }

  /// The same of two groups that are compared within units.
  static func note(within units: IndependentUnits, _ first: Group, _ second: Group) -> String? {
    let common = units.count(of: units.common(first.stimuli, second.stimuli).first)
    let left = units.count(of: first.stimuli + second.stimuli) - common
    let others = left == 0 ? "" : " \(left) of which one group alone has stimuli \(left == 1 ? "is" : "are") left out."
    return units.reason.map { "\($0): \(common) \(units.name) have both groups, whose means are compared within each.\(others)" }
  }

  /// What errors hold for, where replacements are a scan's own: what they happen to be moves ζ of all its stimuli together, which the
  /// spread over stimuli doesn't tell.
  static func noteOnLesions(_ first: LesionKind, _ second: LesionKind, _ names: (String, String)) -> String? {
    let replaced =
      first == second
      ? "Lesioned units are \(first.phrase)"
      : "Lesioned units are \(first.phrase) in \(names.0), and \(second.phrase) in \(names.1)"
    guard first.dependsOnStimuli || second.dependsOnStimuli else {
      return first == second ? nil : "\(replaced): what differs may be due to that alone."
    }
    return """
      \(replaced): errors and p-values hold for these replacements only, which follow from the stimuli that were scanned. Others would move ζ \
      of all stimuli together, which isn't counted.
      """
  }

  /// Whether scores are read otherwise in one scan than in the other. Outputs of two models have names and shapes of their own.
  ///
  /// - Parameter common: the stimuli that are paired, as numbers of each; none where all are compared.
  static func noteOnReading(
    _ first: ScanPlan, _ second: ScanPlan, _ common: [(Int, Int)], _ names: (String, String)
  ) -> String? {
    let (a, b) = (first.readout.reading(of: common.map(\.0)), second.readout.reading(of: common.map(\.1)))
    // Of other stimuli only what all have can be compared: whether and how positions are chosen.
    let isSame =
      common.isEmpty ? first.readout.place == second.readout.place : (a.positions, a.unmasked) == (b.positions, b.unmasked)
    if !isSame {
      return """
        Scores are read otherwise in \(names.1) than in \(names.0): as \(second.readout.place), and as \(first.readout.place); what differs \
        may be due to that.
        """
    }
    let isOfOther = first.modelDigest == second.modelDigest && (a.output != b.output || a.shape != b.shape)
    guard isOfOther || a.link != b.link || a.isDecision != b.isDecision else { return nil }
    let what = isOfOther ? " (\"\(b.output)\" and \"\(a.output)\")" : ""
    return "Scores are read otherwise in \(names.1) than in \(names.0)\(what); what differs may be due to that."
  }
}
