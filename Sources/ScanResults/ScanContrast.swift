import ScanPlan
import Shapley
package import Statistics
package import UserErrors

/// Two groups of a scan's stimuli against each other, in every layer.
package struct ScanContrast: Sendable {
  /// A layer's contrasts.
  package struct Layer: Sendable {
    package var layer: ScanResult.Layer
    /// Of ζ, in v.
    package var zeta: GroupContrast
    /// Of φ, in units of the activation.
    package var density: GroupContrast
  }

  /// A group of stimuli.
  package struct Group: Sendable, Hashable {
    package var name: String
    /// Numbers of the scan's stimuli.
    package var stimuli: [Int]

    package init(name: String, stimuli: [Int]) {
      self.name = name
      self.stimuli = stimuli
    }
  }

  /// Effects are the mean of this group minus that of the other.
  package let first: Group
  package let second: Group
  package let layers: [Layer]

  /// Compares ζ and φ of the two groups. Series that were skipped don't count.
  ///
  /// - Throws: `Failure` (`badInput`) if a group is too small, with the number needed.
  package init(_ result: ScanResult, _ first: Group, _ second: Group, permutations: Int) throws(Failure) {
    self.first = first
    self.second = second
    var layers: [Layer] = []
    for layer in result.layers {
      func zeta(_ group: Group) -> [[Double]] { group.stimuli.compactMap { layer.series[$0]?.zeta } }
      let (a, b) = (zeta(first), zeta(second))
      if let reason = GroupContrast.reasonForNone(a.count, b.count) {
        throw Failure(
          .badInput,
          "\(first.name) against \(second.name) can't be compared in layer_\(layer.plan.number): \(reason) Scan more stimuli, or choose other groups"
        )
      }
      let number = UInt64(layer.plan.number)
      func contrast(_ a: [[Double]], _ b: [[Double]], _ kind: UInt64) -> GroupContrast {
        GroupContrast(
          a, b, permutations: permutations, confidence: result.request.analysis.confidence, seed: result.request.measurement.seed,
          stream: 2 * number + kind)
      }
      layers.append(
        Layer(
          layer: layer, zeta: contrast(a, b, 0),
          density: contrast(
            first.stimuli.map { layer.densities[$0] }, second.stimuli.map { layer.densities[$0] }, 1)))
    }
    self.layers = layers
  }
}
