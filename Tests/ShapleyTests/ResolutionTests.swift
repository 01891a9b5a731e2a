import Grids
import Random
import Shapley
import Testing

private let units = 96

/// The Shapley value of a merged region is the sum of its parts' values where no more than two regions at a time interact: an
/// interaction inside of it is its own, and one that leaves it is halved either way.
@Suite("A finer grid") struct ResolutionTests {
  /// v(x) = wᵀx + xᵀQx of units that are 1 or lesioned to 0.
  private struct QuadraticGame {
    let linear: [Double]
    /// Symmetric, with zeros on its diagonal.
    let products: [[Double]]

    init(seed: UInt64) {
      var random = CounterRandom(seed: seed, domain: 0x341, index: 0)
      linear = (0..<units).map { _ in random.nextUnit() - 0.3 }
      var products = [[Double]](repeating: [Double](repeating: 0, count: units), count: units)
      for one in 0..<units {
        for other in 0..<one where random.nextUnit() < 0.2 {
          let product = 0.4 * (random.nextUnit() - 0.5)
          products[one][other] = product
          products[other][one] = product
        }
      }
      self.products = products
    }

    func gradient(at x: [Double]) -> [Double] {
      (0..<units).map { unit in linear[unit] + 2 * zip(products[unit], x).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// Half of what the gradient and w give: v is quadratic.
    func value(at x: [Double]) -> Double {
      zip(zip(linear, gradient(at: x)), x).reduce(0) { $0 + ($1.0.0 + $1.0.1) / 2 * $1.1 }
    }

    /// ζ of every unit as a region of its own: its weight and half of each product twice, once for each order.
    var zeta: [Double] { (0..<units).map { linear[$0] + products[$0].reduce(0, +) } }
  }

  @Test("adds up to the coarse one, within the errors of both", arguments: [1, 2, 3] as [UInt64])
  func sums(seed: UInt64) throws {
    let game = QuadraticGame(seed: seed)
    let width = 8
    let fine = try estimate(game, width: 1, passes: 128, seed: seed)
    let coarse = try estimate(game, width: width, passes: 128, seed: seed + 10)
    for region in 0..<units / width {
      let parts = region * width..<(region + 1) * width
      let sum = parts.reduce(0) { $0 + fine.zeta[$1] }
      let truth = parts.reduce(0) { $0 + game.zeta[$1] }
      let error = parts.reduce(0) { $0 + fine.standardError[$1] * fine.standardError[$1] }
      let coarseError = coarse.standardError[region]
      #expect(abs(sum - coarse.zeta[region]) < 4.5 * (error + coarseError * coarseError).squareRoot() + 1e-6)
      #expect(abs(coarse.zeta[region] - truth) < 4.5 * coarseError + 1e-6)
    }
    #expect(abs(fine.zeta.reduce(0, +) - coarse.zeta.reduce(0, +)) < 1e-4)
  }

  /// - Parameter width: units of a region, side by side.
  private func estimate(_ game: QuadraticGame, width: Int, passes: Int, seed: UInt64) throws -> Estimate {
    let regions = units / width
    let design = try GradientDesign(players: regions, passes: passes, seed: seed)
    let masks = design.masks(in: 0..<design.rowCount)
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for row in 0..<design.rowCount {
      let x = (0..<units).map { Double(masks[row * regions + $0 / width]) }
      let gradient = game.gradient(at: x)
      values.append(Float(game.value(at: x)))
      derivatives += (0..<regions).map { region in
        Float((region * width..<(region + 1) * width).reduce(0) { $0 + gradient[$1] })
      }
    }
    return try design.estimate(values: values, derivatives: derivatives, prior: GradientPrior(curvature: 0)).estimate
  }
}
