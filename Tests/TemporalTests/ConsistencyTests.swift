import Foundation
import Testing

@testable import Temporal

@Suite struct `The consistency of both pictures` {
  /// A point from numbers: γ's share, ζ and states by number, of which 3 counts as anomalous.
  private static func point(_ gamma: Double, _ zeta: Double, _ temporal: Int, _ spatial: Int) -> Consistency.Point {
    Consistency.Point(
      gamma: gamma, gammaShare: gamma, zeta: zeta, temporalState: NetworkState.allCases[temporal],
      spatialState: NetworkState.allCases[spatial], isTemporalAnomaly: temporal == 3, isSpatialAnomaly: spatial == 3)
  }

  @Test(arguments: Oracle.shared.agreement.indices)
  func `has the coefficients of SciPy and scikit-learn`(_ number: Int) throws {
    let expected = Oracle.shared.agreement[number]
    func state(_ seed: UInt32) -> [Int] { noise(seed, expected.count).map { Int($0 * 3.999 + 2) } }
    let a = state(expected.seed)
    let b = zip(noise(expected.seed + 1, expected.count), zip(a, state(expected.seed + 2))).map { $0 > 0 ? $1.0 : $1.1 }
    let x = noise(expected.seed + 3, expected.count)
    let y = zip(noise(expected.seed + 4, expected.count), x).map { $0 + $1 }
    let points = x.indices.map { Self.point(x[$0], y[$0], a[$0], b[$0]) }
    let order = Array(points.indices)
    let values = Consistency.Values([points], temporal: order, spatial: order)
    #expect(try abs(#require(values.correlation) - expected.correlation) < 1e-9)
    #expect(try abs(#require(values.kappa) - expected.kappa) < 1e-9)
    #expect(abs(values.matthews - expected.matthews) < 1e-9)
    #expect(values.agreement == Double(zip(a, b).count { $0 == $1 }) / Double(a.count))
  }

  private static func state(_ value: Double) -> NetworkState {
    if value > 0.25 { return .anomalous }
    if value > 0.1 { return .active }
    return value < -0.1 ? .idle : .processing
  }

  /// Layers of windows whose two sides are the same up to noise, or have nothing to do with each other.
  private func layers(count: Int, windows: Int, seed: UInt32, isShared: Bool) -> [[LayerTimeCourse.Window]] {
    // A slow common course, so that neighbouring windows are alike, as overlapping ones are.
    func course(_ seed: UInt32) -> [Double] {
      let steps = noise(seed, windows + 2)
      return (0..<windows).map { (window: Int) -> Double in steps[window...window + 2].reduce(0, +) / 3 }
    }
    let (temporal, other) = (course(seed), course(seed &+ 1000))
    let spatial = isShared ? temporal : other
    return (0..<count).map { (layer: Int) -> [LayerTimeCourse.Window] in
      let grain = noise(seed &+ UInt32(2000 + layer), 2 * windows)
      return (0..<windows).map { (window: Int) -> LayerTimeCourse.Window in
        let t: Double = temporal[window] + 0.05 * grain[window]
        let s: Double = spatial[window] + 0.05 * grain[windows + window]
        let (rhythm, place) = (Self.state(t), Self.state(s))
        let tone = (0..<256).map { sample -> Double in
          let phase = 2 * Double.pi * Double(sample) / 256
          return (1 + t) * sin(40 * phase) + sin(10 * phase)
        }
        let zeta = 10 * Double(layer + 1) * (1 + s)
        return LayerTimeCourse.Window(
          bands: BandPowers(Welch(samplingRate: 256, segmentLength: 128).spectrum(of: tone)), level: 1, density: 1,
          coverage: 1, zeta: zeta, temporalScore: 0, spatialScore: 0,
          isTemporalAnomaly: rhythm == .anomalous, isSpatialAnomaly: place == .anomalous, temporalState: rhythm,
          spatialState: place)
      }
    }
  }

  private func consistency(_ layers: [[LayerTimeCourse.Window]]) -> Consistency {
    var settings = TemporalSettings()
    settings.resamples = 200
    return Consistency(
      layers: layers, windows: SlidingWindows(samples: layers[0].count + 2, length: 3, step: 1), settings: settings)
  }

  @Test func `is high, and sure, where both pictures follow one course`() throws {
    let result = consistency(layers(count: 3, windows: 80, seed: 1, isShared: true))
    #expect(result.points == 240 && result.shifts == 75)
    #expect(try #require(result.correlation.value) > 0.9)
    #expect(try #require(result.score.value) > 0.8)
    for measure in [result.correlation, result.agreement, result.score] {
      #expect(try #require(measure.p) == 1.0 / 76)
      let interval = try #require(measure.interval)
      #expect(try interval.contains(#require(measure.value)))
      #expect(try #require(measure.chance) < interval.lowerBound)
    }
  }

  /// The p-values of 60 pairs of unrelated, slowly changing pictures.
  @Test func `is called significant of unrelated pictures no more often than it should be`() throws {
    var small = 0
    for seed in 0..<60 {
      let result = consistency(layers(count: 2, windows: 60, seed: UInt32(10_000 + 17 * seed), isShared: false))
      if try #require(result.score.p) <= 0.1 { small += 1 }
    }
    #expect(small <= 12, "\(small) of 60, and 6 are expected")
  }

  @Test func `doesn't count differences between layers`() throws {
    // γ's share and ζ are far higher in one layer than in the other, and unrelated within both.
    let x = noise(1, 400)
    let groups = (0..<2).map { layer in
      (0..<100).map { window -> Consistency.Point in
        let (gamma, zeta) = (x[window + 200 * layer], x[window + 100 + 200 * layer])
        return Self.point(Double(10 * layer) + gamma, Double(50 * layer) + zeta, 0, 0)
      }
    }
    let order = Array(0..<100)
    #expect(try abs(#require(Consistency.Values(groups, temporal: order, spatial: order).correlation)) < 0.2)
    let pooled = groups.flatMap { $0 }
    #expect(try #require(Consistency.Values.correlation([pooled])) > 0.95)
  }

  @Test func `has no correlation where γ isn't known, and says why there is no score`() {
    var layers = layers(count: 1, windows: 40, seed: 3, isShared: true)
    for window in layers[0].indices {
      layers[0][window].bands = BandPowers(Welch(samplingRate: 100, segmentLength: 32).spectrum(of: noise(1, 100)))
    }
    let result = consistency(layers)
    #expect(result.correlation.value == nil && result.score.value == nil && result.reason != nil)
    #expect(result.agreement.value != nil)
  }

  @Test func `needs ten windows, and says so`() throws {
    let result = consistency(layers(count: 2, windows: 9, seed: 4, isShared: true))
    #expect(result.score.value == nil && result.points == 18)
    #expect(try #require(result.reason).hasPrefix("9 windows"))
  }
}
