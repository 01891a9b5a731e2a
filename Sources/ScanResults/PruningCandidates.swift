import Anatomy
import Grids
import ScanPlan
import Shapley
import Statistics

/// Regions of a layer that carry almost nothing: candidates for pruning.
///
/// "Almost nothing" is less than a quarter of what a region of the layer holds on average, in each of three respects:
///
/// - activity: mean|a|;
/// - importance: the whole confidence interval of ζ lies within ± a quarter of |v(G) − v(∅)|/n;
/// - wiring: strength that enters from the layer before and that leads to the next, each as far as it was traced.
///
/// A critical region is none, however small it is: where the effect is negative, or shared by few, such regions are.
package struct PruningCandidates: Sendable, Hashable {
  package static let share = 0.25

  /// By number.
  package var regions: [Int]
  /// Of the layer's units.
  package var unitShare: Double
  /// Of the network's forward cost: that of making the layer from the one before, times the share of units.
  package var costShare: Double
  /// Whether a link next to the layer was traced; otherwise the wiring isn't asked.
  package var isWiringKnown: Bool

  /// - Parameters:
  ///   - layer: the layer's number.
  package init(_ layer: Int, in result: ScanResult) {
    let one = result.layers[layer]
    let count = one.grid.regionCount
    let effect = SampleMoments(one.series.compactMap { $0?.effect }).mean
    let least = Self.share / Double(count)
    let activity = one.moments.layerMeanMagnitude
    let wiring = result.tracts?.regionShares(ofLayer: layer) ?? []
    isWiringKnown = !wiring.isEmpty
    regions = (0..<count).filter { region in
      let interval = one.statistics.tests[region].interval
      return !one.statistics.isCritical[region] && one.moments.meanMagnitude(region) < Self.share * activity
        && max(abs(interval.lowerBound), abs(interval.upperBound)) < least * abs(effect)
        && wiring.allSatisfy { $0[region] < least }
    }
    let units = one.grid.unitCounts
    unitShare = Double(regions.reduce(0) { $0 + units[$1] }) / Double(one.grid.unitCount)
    let before = layer == 0 ? 1 : result.plan.layers[layer - 1].suffixCostShare
    costShare = unitShare * max(before - result.plan.layers[layer].suffixCostShare, 0)
  }
}

extension Tracts {
  /// For each traced link next to a layer, the share of its strength that each region of the layer takes in or gives.
  fileprivate func regionShares(ofLayer layer: Int) -> [[Double]] {
    zip(links, strengths).compactMap { link, strengths in
      guard link.reason == nil, link.source == layer || link.target == layer else { return nil }
      let isSource = link.source == layer
      var sums = [Double](repeating: 0, count: isSource ? link.sourceCount : link.targetCount)
      for (edge, strength) in strengths.mean.enumerated() {
        sums[isSource ? edge / link.targetCount : edge % link.targetCount] += Double(strength)
      }
      let total = sums.reduce(0, +)
      return total > 0 ? sums.map { $0 / total } : nil
    }
  }
}
