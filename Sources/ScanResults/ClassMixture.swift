import Lesion
import ScanPlan

/// How the target classes of two groups of stimuli differ.
///
/// A logit has the zero and the unit of its class: of stimuli whose targets differ by how they were grouped, a difference is
/// one between classes' logits, not between what the network needs.
package enum ClassMixture: Sendable, Hashable {
  /// No class of one is one of the other.
  case disjoint
  /// The share of a group that would have to be of another class for both to have the same.
  case apart(Double)

  /// Up to this share chance makes classes differ between two groups of some tens of stimuli.
  private static let chance = 0.25

  /// Whether ζ of a scan is of each stimulus's own class.
  static func matters(in result: ScanResult) -> Bool {
    result.request.measurement.value == .logit && result.plan.readout.isDecision != true
  }

  /// What keeps ζ of two groups of a scan's stimuli apart; `nil` where nothing does.
  init?(_ first: ScanContrast.Group, _ second: ScanContrast.Group, of result: ScanResult) {
    guard Self.matters(in: result) else { return nil }
    if case .fixed = result.request.measurement.target { return nil }
    self.init(first.stimuli.map { result.targets[$0] }, second.stimuli.map { result.targets[$0] })
  }

  /// `nil` where the groups have the same classes in about the same shares.
  init?(_ first: [Int], _ second: [Int]) {
    guard !Set(first).isDisjoint(with: second) else {
      self = .disjoint
      return
    }
    let counts = [first, second].map { group in Dictionary(group.map { ($0, 1) }, uniquingKeysWith: +) }
    // In whole numbers, whose sum is the same in every order.
    let difference = Set(first + second).reduce(0) {
      $0 + abs((counts[0][$1] ?? 0) * second.count - (counts[1][$1] ?? 0) * first.count)
    }
    let apart = Double(difference) / Double(2 * first.count * second.count)
    guard apart > Self.chance else { return nil }
    self = .apart(apart)
  }

  /// A sentence for the reader.
  ///
  /// - Parameters:
  ///   - names: of the groups.
  ///   - help: what measures ζ that can be compared, as the end of a sentence.
  func note(_ names: (String, String), help: String) -> String {
    switch self {
    case .disjoint:
      """
      ζ isn't compared, since \(names.0) and \(names.1) have no target class in common, and logits of different classes have no common zero: \(help). \
      Densities are compared.
      """
    case .apart(let share):
      """
      \(Int((100 * share).rounded())) % of the stimuli would have to be of another target class for \(names.0) and \(names.1) to have the same, \
      and logits of different classes have no common zero: differences of ζ may be those between classes; to tell, \(help).
      """
    }
  }
}
