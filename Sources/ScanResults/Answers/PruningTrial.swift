import Grids
import Random
package import ScanPlan
import Statistics

/// How many answers a network keeps on stimuli that weren't scanned, when channels are taken out that the scan found to matter
/// least, beside others and channels at random.
///
/// A channel can be taken out of a network; a corner of a map can't, so only layers whose regions are single channels are tried.
package struct PruningTrial: Codable, Sendable, Hashable {
  /// By what channels are chosen, the least first.
  package enum Criterion: String, Codable, Sendable, Hashable, CaseIterable {
    /// The mean over stimuli of |ζ|: in no stimulus does much depend on it.
    case absolute = "mean_absolute_zeta"
    /// Mean ζ: what speaks against answers counts as less than nothing.
    case signed = "mean_zeta"
    /// Mean φ.
    case density
    case random
  }

  /// A set of channels that is taken out.
  package struct Removal: Codable, Sendable, Hashable {
    package var criterion: Criterion
    /// Ascending.
    package var regions: [Int]
    /// Stimuli that are answered rightly then; 0 without labels.
    package var correct: Int
    /// Stimuli that are answered as before.
    package var kept: Int

    package init(criterion: Criterion, regions: [Int], correct: Int = 0, kept: Int = 0) {
      (self.criterion, self.regions, self.correct, self.kept) = (criterion, regions, correct, kept)
    }
  }

  package struct Layer: Codable, Sendable, Hashable {
    /// The layer's number.
    package var layer: Int
    package var removals: [Removal]

    package init(layer: Int, removals: [Removal]) { (self.layer, self.removals) = (layer, removals) }
  }

  /// Where the stimuli stand in the files.
  package var places: [Int]
  /// Those that are answered rightly with nothing taken out; `nil` without labels.
  package var intactCorrect: Int?
  package var layers: [Layer]

  package init(places: [Int], intactCorrect: Int?, layers: [Layer]) {
    (self.places, self.intactCorrect, self.layers) = (places, intactCorrect, layers)
  }
}

extension PruningTrial {
  /// Sets at random for each size.
  private static let randomSets = 5

  /// The sets of a layer: an eighth, a quarter and half of its channels, by each criterion.
  ///
  /// - Parameters:
  ///   - zeta: `[stimuli][regions]`
  ///   - densities: `[stimuli][regions]`
  package static func removals(
    zeta: [[Double]], densities: [[Double]], seed: UInt64, layer: Int
  ) -> [Removal] {
    let count = zeta[0].count
    func mean(_ values: [[Double]], _ of: (Double) -> Double = { $0 }) -> [Double] {
      (0..<count).map { region in values.reduce(0) { $0 + of($1[region]) } / Double(values.count) }
    }
    let orders = [
      (Criterion.absolute, Ranking.order(mean(zeta, abs))), (.signed, Ranking.order(mean(zeta))),
      (.density, Ranking.order(mean(densities))),
    ]
    let sizes = [count / 8, count / 4, count / 2].filter { $0 > 0 }
    var removals: [Removal] = []
    for size in sizes.indices.filter({ $0 == 0 || sizes[$0] > sizes[$0 - 1] }).map({ sizes[$0] }) {
      removals += orders.map { Removal(criterion: $0.0, regions: $0.1.suffix(size).sorted()) }
      for draw in 0..<randomSets {
        var random = CounterRandom(
          seed: seed, domain: .prunedRegions, index: UInt64(layer) << 32 | UInt64(size) << 8 | UInt64(draw))
        let coalition = random.coalition(of: count, size: size)
        removals.append(Removal(criterion: .random, regions: (0..<count).filter { coalition[$0] }))
      }
    }
    return removals
  }

  /// Where the held-out stimuli of a scan stand in the files: at most 256 of those that aren't scanned, drawn by chance.
  ///
  /// - Parameters:
  ///   - count: of the files.
  ///   - others: places of the scan's, and of what nothing is to be asked about.
  package static func heldOut(of count: Int, except others: [Int], seed: UInt64) -> [Int] {
    let known = Set(others)
    var places = (0..<count).filter { !known.contains($0) }
    var random = CounterRandom(seed: seed, domain: .heldOutStimuli, index: 0)
    random.shuffle(&places)
    return places.prefix(256).sorted()
  }

}

extension PruningTrial: AcquisitionRecord {
  package static let fileName = "pruning.json"

  package func fits(_ plan: ScanPlan) -> Bool {
    layers.allSatisfy { layer in
      plan.layers.indices.contains(layer.layer)
        && layer.removals.allSatisfy { $0.regions.allSatisfy { (0..<plan.layers[layer.layer].regionCount).contains($0) } }
    }
  }
}
