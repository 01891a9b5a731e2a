import Distribution
import Foundation
import Grids
import Monitoring
import Random
import Statistics
import Stimuli
import TestSupport
import Testing

@Suite("z of channels and regions")
struct NormalScoresTests {
  private func z(_ samples: [Double], _ value: Double) -> Double { NormalScores(samples.map { [$0] }).z(value, at: 0) }

  /// scipy.stats.norm.ppf((numpy.arange(5) + 0.5)/5), and of mid-ranks (scipy.stats.rankdata − ½)/n where samples are tied.
  @Test("are normal scores of mid-ranks, as SciPy's, and straight between samples")
  func ranks() {
    let scores = [-1.2815515655446004, -0.5244005127080409, 0, 0.5244005127080407, 1.2815515655446004]
    for (value, score) in zip([1, 3, 4, 8, 20.0], scores) { #expect(abs(z([8, 1, 4, 3, 20], value) - score) < 1e-9) }
    #expect(abs(z([8, 1, 4, 3, 20], 6) - 0.5244005127080407 / 2) < 1e-9)
    let tied = [0, 0, 0, 1, 1, 2.0]
    for (value, score) in [(0, -0.6744897501960817), (1, 0.4307272992954575), (2, 1.3829941271006372)] {
      #expect(abs(z(tied, Double(value)) - score) < 1e-9)
    }
  }

  @Test("grow with the number, and change sign with it", arguments: [5, 12, 40, 500])
  func monotone(_ count: Int) {
    var random = CounterRandom(seed: 3, domain: .tieBreaking, index: UInt64(count))
    // Half of them silent.
    let samples = (0..<count).map { _ in max(0, random.nextUnit() - 0.5) }
    let values = (-60...140).map { Double($0) / 100 }
    let (above, below) = (NormalScores(samples.map { [$0] }), NormalScores(samples.map { [-$0] }))
    var last = -Double.infinity
    for value in values {
      let z = above.z(value, at: 0)
      #expect(z >= last && z.isFinite)
      // Thinned from one end, the two keep other samples.
      #expect(abs(z + below.z(-value, at: 0)) < (count > 30 ? 0.05 : 1e-9), "\(value)")
      last = z
    }
  }

  /// What holds of normal numbers has to hold of others: one in 370 beyond 3.
  @Test(
    "are alike over normal stimuli, however numbers are distributed",
    arguments: [
      { $0 }, { max(0, $0 - 0.5) }, { max(0, $0 - 0.98) }, { log1p(50 * max(0, $0 - 0.5)) }, { $0 < 0.03 ? 0 : 3 + $0 },
      { pow($0, 8) }, { -log($0) }, { ($0 * 3).rounded() },
    ] as [@Sendable (Double) -> Double])
  func alike(_ number: @Sendable (Double) -> Double) {
    var (random, beyond, squares) = (CounterRandom(seed: 5, domain: .tieBreaking, index: 9), 0, 0.0)
    for _ in 0..<20 {
      let scores = NormalScores((0..<200).map { _ in [number(1 - random.nextUnit())] })
      for _ in 0..<500 {
        let z = scores.z(number(1 - random.nextUnit()), at: 0)
        beyond += abs(z) > 4 ? 1 : 0
        squares += z * z
      }
    }
    // Of 10,000: where numbers are tied z vary less.
    #expect(beyond <= 60, "\(beyond)")
    #expect(squares / 10_000 < 1.3, "\(squares / 10_000)")
  }

  @Test("of what never changed are 0 where it doesn't, and large and finite where it does")
  func constant() {
    let scores = NormalScores((0..<100).map { [2, Double($0), 0] })
    #expect(scores.z(2, at: 0) == 0 && abs(scores.z(2 + 1e-9, at: 0)) < 0.01)
    for change in [-1, -0.01, 0.01, 1.0] {
      let z = scores.z(2 + change, at: 0)
      #expect(abs(z) > 2.5 && z.isFinite && z.sign == change.sign)
    }
    let dead = NormalScores((0..<100).map { _ in [0.0, 0] })
    #expect(dead.z(0, at: 1) == 0 && dead.z(0.5, at: 1) > 5 && dead.z(0.5, at: 1).isFinite)
    #expect(dead.z(.nan, at: 0).isNaN && dead.z(.infinity, at: 0) == .infinity)
  }

  @Test("are found where they are the largest, without a look at those that are usual", arguments: [1, 3, 40])
  func largest(_ most: Int) {
    var generator = WeightGenerator(seed: 8)
    // Places of several kinds: spread, nearly always silent, and constant.
    func sample(scale: Float) -> [Double] {
      generator.floats(40, scale: scale).enumerated().map { place, value in
        switch place % 3 {
        case 0: Double(value)
        case 1: max(0, Double(value) - 0.8)
        default: 1
        }
      }
    }
    let scores = NormalScores((0..<200).map { _ in sample(scale: 1) })
    for scale: Float in [0.1, 1, 1, 1, 2, 10] {
      var values = sample(scale: scale)
      if scale == 2 { (values[7], values[30]) = (.nan, -.infinity) }
      let all = values.indices.map { (place: $0, z: scores.z(values[$0], at: $0)) }
      let expected = all.sorted { size($0.z) != size($1.z) ? size($0.z) > size($1.z) : $0.place < $1.place }.prefix(most)
      let found = scores.largest(most, of: values)
      #expect(
        found.map(\.place) == expected.map(\.place)
          && zip(found, expected).allSatisfy { $0.z == $1.z || $0.z.isNaN && $1.z.isNaN })
    }
    func size(_ z: Double) -> Double { z.isNaN ? .infinity : abs(z) }
  }

  @Test("are the same of a unit as a channel and as a region, and of the size that normal numbers have")
  func unit() throws {
    let network = SmallNetwork.perceptron
    let bench = try MonitorBench(network, stimuli: 300, grid: GridSize(height: 8, width: 8, channels: 64))
    let opened = try MonitoredModel(bench.reference, model: nil)
    let feed = try opened.feed(bench.stimuli(of: network, after: 300, count: 100))
    var largest: [Double] = []
    for row in 0..<100 {
      let observation = try opened.network.observe(feed, rows: [row])[0]
      var all: [Double] = []
      for layer in bench.reference.layers.indices {
        let regions = bench.reference.regionDeviations(observation, layer: layer)
        let channels = bench.reference.largestChannels(regions.count, observation, layer: layer)
        #expect(channels.count == regions.count && channels.allSatisfy { abs($0.z - regions[$0.place]) < 1e-9 })
        all += regions
      }
      largest.append(all.map(abs).max() ?? 0)
    }
    #expect(largest.sorted()[50] < 4 && largest.max()! < 9, "\(largest.sorted().suffix(5))")
  }
}
