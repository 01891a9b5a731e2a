import Foundation
import Random
import TestSupport
import Testing

@testable import Shapley

@Suite struct GaussianUpdateTests {
  /// x, V and y = Vx + ε, drawn as the update takes them to be.
  private func problem(_ m: Int, _ n: Int, noise: Double, seed: Int) -> (x: [Double], observations: [Double], y: [Double]) {
    var random = CounterRandom(seed: 8, domain: 1005, index: UInt64(seed))
    let x = (0..<n).map { _ in random.nextNormal() }
    let observations = (0..<m * n).map { _ in random.nextNormal() / Double(n).squareRoot() }
    let y = (0..<m).map { row in
      (0..<n).reduce(noise * random.nextNormal()) { $0 + observations[row * n + $1] * x[$1] }
    }
    return (x, observations, y)
  }

  @Test(
    "Errors are as large as their variances say, with fewer observations than unknowns and with more",
    arguments: [(30, 60), (60, 30), (200, 20)])
  func calibration(observations m: Int, unknowns n: Int) throws {
    var (squares, sums, count) = (0.0, 0.0, 0)
    for seed in 0..<60 {
      let (x, observations, y) = problem(m, n, noise: 0.6, seed: seed)
      let update = try #require(GaussianUpdate(observations: observations, unknowns: n, y, fitted: 0))
      for place in 0..<n {
        let error = x[place] - update.mean[place]
        squares += error * error / update.variance[place]
        count += 1
      }
      let ones = [Double](repeating: 1, count: n)
      let sum = zip(x, update.mean).reduce(0) { $0 + $1.0 - $1.1 }
      let covariance = try #require(update.covariance(times: ones))
      sums += sum * sum / covariance.reduce(0, +) / 60
    }
    #expect(abs(squares / Double(count) - 1) < 0.12)
    #expect(sums > 0.5 && sums < 1.7)
  }

  @Test("Where x is larger than was thought, variances are", arguments: [(60, 30), (200, 20), (100, 120)])
  func scale(observations m: Int, unknowns n: Int) throws {
    var (squares, thought, count, scales) = (0.0, 0.0, 0, 0.0)
    for seed in 0..<60 {
      let (x, observations, y) = problem(m, n, noise: 0.3, seed: seed)
      // Three times as large: the same observations of thrice x.
      let update = try #require(
        GaussianUpdate(observations: observations.map { $0 / 3 }, unknowns: n, y, fitted: 0))
      scales += log(update.scale) / 60
      for place in 0..<n {
        let error = 3 * x[place] - update.mean[place]
        squares += error * error / update.variance[place]
        thought += error * error * update.scale / update.variance[place]
        count += 1
      }
    }
    // κ is 9, and pulled towards 1.
    #expect(scales > 0.5 * log(9) && scales < 1.1 * log(9), "\(exp(scales))")
    #expect(squares / Double(count) < 1.7 && thought > 2 * squares, "\(squares / Double(count))")
  }

  @Test("Observations without noise of all unknowns tell them, and none tell nothing")
  func ends() throws {
    let (x, observations, y) = problem(80, 12, noise: 0, seed: 1)
    let exact = try #require(GaussianUpdate(observations: observations, unknowns: 12, y, fitted: 0))
    #expect(zip(x, exact.mean).allSatisfy { abs($0 - $1) < 1e-3 })
    let blind = try #require(
      GaussianUpdate(observations: [Double](repeating: 0, count: 960), unknowns: 12, y, fitted: 0))
    #expect(blind.mean.allSatisfy { $0 == 0 } && blind.variance.allSatisfy { abs($0 - 1) < 1e-12 })
    let silent = GaussianUpdate(observations: observations, unknowns: 12, [Double](repeating: 0, count: 80), fitted: 0)
    #expect(silent == nil)
  }

  @Test("What is seen once, with noise, is told as far as its variance falls")
  func single() throws {
    var random = CounterRandom(seed: 8, domain: 1005, index: 0)
    var observations = [Double](repeating: 0, count: 400 * 400)
    for place in 0..<400 { observations[place * 400 + place] = 1 }
    let y = (0..<400).map { _ in random.nextNormal() * 2.0.squareRoot() }
    let update = try #require(GaussianUpdate(observations: observations, unknowns: 400, y, fitted: 0))
    // x = y·share, and its variance 1 − share, whatever share of y the noise was found to be.
    let shares = zip(update.mean, y).map { $0 / $1 }
    #expect(shares.allSatisfy { abs($0 - shares[0]) < 1e-9 && $0 > 0 && $0 < 1 })
    #expect(update.variance.allSatisfy { abs($0 / update.scale - (1 - shares[0])) < 1e-4 }, "\(update.variance[0]) \(shares[0])")
  }
}
