import Grids
import Random
import Shapley
import Statistics
import Testing

@Suite("Interactions from gradients") struct GradientInteractionTests {
  /// v(x) = Σ weights·Π x over some sets of regions.
  private struct ProductGame {
    let players: Int
    let terms: [(regions: [Int], weight: Double)]

    func derivatives(at x: ArraySlice<Float>) -> [Float] {
      let x = Array(x)
      return (0..<players).map { player in
        Float(
          terms.filter { $0.regions.contains(player) }.reduce(0) { sum, term in
            sum + term.regions.filter { $0 != player }.reduce(term.weight) { $0 * Double(x[$1]) }
          })
      }
    }

    /// The faithful Shapley interaction: 6/(t(t + 1)) of each product that holds both.
    func interaction(_ first: Int, _ second: Int, _ index: ValueIndex) -> Double {
      terms.filter { $0.regions.contains(first) && $0.regions.contains(second) }.reduce(0) { sum, term in
        let size = Double(term.regions.count)
        switch index {
        case .shapley: return sum + 6 / (size * (size + 1)) * term.weight
        case .banzhaf: return sum + term.weight / Double(1 << (term.regions.count - 2))
        }
      }
    }
  }

  private static let game = game(players: 20)

  private static func game(players: Int) -> ProductGame {
    ProductGame(
      players: players,
      terms: [([0, 1], 2), ([2, 3], -1), ([4, 5, 6], 3), ([0, 7, 8], 1), ([9], 4), ([1, 4], 0.5)]
        + (0..<20).map { ([$0], Double($0 % 3)) })
  }
  private static let pairs = RegionPairs(of: [0, 1, 2, 3, 4, 5, 6, 7])

  private func estimate(
    _ index: ValueIndex, passes: Int, midpointBlocks: Int? = nil, seed: UInt64, game: ProductGame = game
  ) throws -> PairEstimate {
    let design = try GradientDesign(
      players: game.players, passes: passes, midpointBlocks: midpointBlocks, index: index, seed: seed)
    let masks = design.masks(in: 0..<design.rowCount)
    let derivatives = (0..<design.rowCount).flatMap { row in
      game.derivatives(at: masks[(row * game.players)..<((row + 1) * game.players)])
    }
    return design.interactions(derivatives: derivatives, pairs: Self.pairs)
  }

  @Test("are the faithful ones, and for Banzhaf those of uniform coalitions", arguments: ValueIndex.allCases)
  func unbiased(index: ValueIndex) throws {
    let estimate = try estimate(index, passes: 60_000, midpointBlocks: 0, seed: 1)
    for pair in 0..<Self.pairs.count {
      let (first, second) = Self.pairs.regions(of: pair)
      let truth = Self.game.interaction(first, second, index)
      #expect(abs(estimate.interaction[pair] - truth) < 0.12, "\(first), \(second): \(estimate.interaction[pair]) for \(truth)")
      #expect(abs(estimate.interaction[pair] - truth) < 4.5 * estimate.standardError[pair] + 1e-6)
    }
  }

  @Test("have the right scale beside midpoints, one at a time or many", arguments: [(20, 24), (60, 12)], ValueIndex.allCases)
  func midpoints(layout: (players: Int, blocks: Int), index: ValueIndex) throws {
    let game = Self.game(players: layout.players)
    var (products, squares) = (0.0, 0.0)
    for seed in 1...4 as ClosedRange<UInt64> {
      let estimate = try estimate(index, passes: 4000, midpointBlocks: layout.blocks, seed: seed, game: game)
      for pair in 0..<Self.pairs.count {
        let (first, second) = Self.pairs.regions(of: pair)
        let truth = game.interaction(first, second, index)
        products += estimate.interaction[pair] * truth
        squares += truth * truth
      }
    }
    #expect(abs(products / squares - 1) < 0.015, "\(products / squares)")
  }

  @Test("have intervals across series that hold the truth", arguments: ValueIndex.allCases)
  func coverage(index: ValueIndex) throws {
    var (held, all) = (0, 0)
    for repetition in 0..<40 as Range<UInt64> {
      let series = try (0..<12 as Range<UInt64>).map { try estimate(index, passes: 32, seed: repetition * 100 + $0) }
      let statistics = PairStatistics(pairs: Self.pairs, series: series)
      for (pair, test) in statistics.tests.enumerated() {
        let (first, second) = Self.pairs.regions(of: pair)
        held += test.interval.contains(Self.game.interaction(first, second, index)) ? 1 : 0
        all += 1
      }
    }
    let coverage = Double(held) / Double(all)
    #expect((0.91...0.99).contains(coverage), "\(coverage) of \(all)")
  }
}
