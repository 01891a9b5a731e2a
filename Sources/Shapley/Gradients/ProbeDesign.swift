import Grids
import Random

/// Exact differences v(S ∪ g) − v(S) of a layer with the derivatives along the way, to learn what rules for the integral leave.
///
/// A probe is three gradient passes of one stimulus: others as in S, region g at 0, ½ and 1. Regions are drawn at random without
/// replacement, and each is probed twice, at two independent S, so that the product of both residuals is the square of the region's
/// bias but for chance. Both are of one stimulus, or of two different ones where `isAcross`: then it is the square of the bias
/// that stimuli share. Sizes are spread evenly (Shapley), or S is uniform (Banzhaf).
///
/// A row is a function of (players, stimuli, probes, index, seed, stream, row) alone.
package struct ProbeDesign: Sendable, Hashable {
  package static let version = 1
  package static let rowsPerProbe = 3
  /// The least number of probes that says anything of a share.
  package static let minimumProbeCount = 32
  package static let standardProbeCount = 128

  package let playerCount: Int
  package let stimulusCount: Int
  /// Even.
  package let probeCount: Int
  package let index: ValueIndex
  /// Whether a region's two probes are of different stimuli.
  package let isAcross: Bool
  private let drawSeed: UInt64
  private let regions: [Int]

  /// - Parameters:
  ///   - players: two or more; a single region has nothing to find out.
  ///   - stimuli: how many the layer has.
  ///   - stream: which layer.
  package init(
    players: Int, stimuli: Int, probes: Int = standardProbeCount, index: ValueIndex = .shapley, isAcross: Bool = false,
    seed: UInt64, stream: UInt64 = 0
  ) {
    precondition(players > 1 && stimuli > 0 && probes >= Self.minimumProbeCount)
    playerCount = players
    stimulusCount = stimuli
    probeCount = probes / 2 * 2
    self.index = index
    self.isAcross = isAcross && stimuli > 1
    drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
    // The first regions of a shuffle; small layers begin anew.
    var regions: [Int] = []
    var deal = 0
    while regions.count < probeCount / 2 {
      var order = Array(0..<players)
      var random = CounterRandom(
        seed: drawSeed, domain: CounterRandom.Domain.probes.rawValue, index: UInt64(1 << 32 + deal))
      random.shuffle(&order)
      regions += order.prefix(probeCount / 2 - regions.count)
      deal += 1
    }
    self.regions = regions
  }

  package var rowCount: Int { Self.rowsPerProbe * probeCount }

  /// The region that a probe switches; probes 2j and 2j + 1 have the same.
  package func region(probe: Int) -> Int { regions[probe / 2] }

  /// The stimulus that a probe is measured at; they are visited in turn.
  package func stimulus(probe: Int) -> Int {
    isAcross ? probe % stimulusCount : probe / 2 % stimulusCount
  }

  package func probe(row: Int) -> Int { row / Self.rowsPerProbe }

  /// The masks of a range of rows.
  ///
  /// - Returns: `[rows x regions]`, row by row. Rows 3p, 3p + 1 and 3p + 2 have the probe's region at 0, ½ and 1.
  package func masks(in rows: Range<Int>) -> [Float] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount)
    var masks = [Float](repeating: 0, count: rows.count * playerCount)
    for row in rows {
      let start = (row - rows.lowerBound) * playerCount
      let probe = probe(row: row)
      for player in coalition(probe: probe).intactPlayers { masks[start + player] = 1 }
      masks[start + region(probe: probe)] = Float(row % Self.rowsPerProbe) / 2
    }
    return masks
  }

  /// S, which lacks the probe's region.
  func coalition(probe: Int) -> Coalition {
    var random = CounterRandom(
      seed: drawSeed, domain: CounterRandom.Domain.probes.rawValue, index: UInt64(probe))
    let others = playerCount - 1
    let coalition: Coalition
    switch index {
    case .shapley:
      let place = Double(Lattice.visit(probe, of: probeCount)) + random.nextUnit()
      let size = min(others, Int(place / Double(probeCount) * Double(playerCount)))
      coalition = random.coalition(of: others, size: size)
    case .banzhaf: coalition = random.coalition(of: others)
    }
    return coalition.insertingPlayer(at: region(probe: probe))
  }
}
