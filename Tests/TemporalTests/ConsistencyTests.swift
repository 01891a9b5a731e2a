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

  @Test func `leaves a layer out whose signal never changes, which has no states`() {
    var settings = TemporalSettings()
    (settings.window, settings.resamples) = (64, 20)
    let windows = settings.windows(samples: 2000)
    func recording(_ seed: UInt32, isConstant: Bool) -> LayerRecording {
      let grain = noise(seed + 1, 2 * windows.count)
      let signal = isConstant ? Array(repeating: 0.25, count: 2000) : noise(seed, 2000)
      return LayerRecording(
        signal: signal, coverage: Array(repeating: 1, count: windows.count),
        densities: (0..<windows.count).map { [1 + grain[$0]] }, zeta: (0..<windows.count).map { grain[windows.count + $0] },
        zetaHalves: Array(repeating: nil, count: windows.count))
    }
    let alive = [recording(1, isConstant: false), recording(5, isConstant: false)]
    let dead = recording(9, isConstant: true)
    let course = TimeCourse([alive[0], dead, alive[1]], settings: settings)
    #expect(course.layers[1].windows.allSatisfy { $0.temporalState == nil && $0.spatialState == nil })
    #expect(course.layers[1].detectorReason?.contains("never changes") == true)
    #expect(course.layers[0].detectorReason == nil)
    let consistency = course.consistency
    #expect(consistency == TimeCourse(alive, settings: settings).consistency)
    #expect(consistency.points == 2 * windows.count && consistency.agreement.value != nil)
    let none = TimeCourse([dead], settings: settings).consistency
    #expect(none.points == 0 && none.agreement.value == nil && none.reason != nil)
  }

  @Test func `needs ten windows, and says so`() throws {
    let result = consistency(layers(count: 2, windows: 9, seed: 4, isShared: true))
    #expect(result.score.value == nil && result.points == 18)
    #expect(try #require(result.reason).hasPrefix("9 windows"))
  }

  /// Layers whose log γ power and ζ are sums of a shared course, a course of their own and noise of halves, with the true
  /// correlation `rho` and the given share of variance that isn't noise.
  private func noisy(rho: Double, rhythm: Double, place: Double, windows: Int, seed: UInt32) -> [[Consistency.Point]] {
    (0..<3).map { layer in
      let draws = noise(seed &+ UInt32(layer) &* 7919, 7 * windows)
      return (0..<windows).map { window -> Consistency.Point in
        func draw(_ part: Int) -> Double { draws[part * windows + window] }
        let course = draw(0)
        let (gamma, zeta) = (course, rho * course + (1 - rho * rho).squareRoot() * draw(1))
        // Noise of a half has twice the variance of that of a mean of halves.
        func halves(_ value: Double, _ reliability: Double, _ part: Int) -> Halves {
          let scale = (2 * (1 - reliability) / reliability).squareRoot()
          return Halves(first: value + scale * draw(part), second: value + scale * draw(part + 1))
        }
        let (rhythms, places) = (halves(gamma, rhythm, 2), halves(zeta, place, 4))
        var point = Self.point((rhythms.first + rhythms.second) / 2, (places.first + places.second) / 2, 0, 0)
        point.gammaHalves = rhythms
        point.zetaHalves = places
        return point
      }
    }
  }

  private func draws(_ points: [[Consistency.Point]], resamples: Int) -> Consistency.Draws {
    var settings = TemporalSettings()
    settings.resamples = resamples
    // No shifts, which take long and aren't asked for.
    return Consistency.Draws(points, distance: points[0].count, blockLength: 1, settings: settings)
  }

  @Test func `without noise is that of the courses beneath, which the plain correlation falls short of`() throws {
    let values = draws(noisy(rho: 0.8, rhythm: 0.5, place: 0.7, windows: 4000, seed: 11), resamples: 0).observed
    #expect(try abs(#require(values.rhythmReliability) - 0.5) < 0.03)
    #expect(try abs(#require(values.placeReliability) - 0.7) < 0.03)
    #expect(try abs(#require(values.correlation) - 0.8 * (0.5 * 0.7).squareRoot()) < 0.03)
    #expect(try abs(#require(values.disattenuated) - 0.8) < 0.03)
  }

  /// 100 streams; at 95 %, 5 of the intervals are expected to miss, and 11 or more do so once in a hundred such tests.
  @Test func `without noise lies in its intervals, and the plain correlation seldom`() throws {
    var (held, plain) = (0, 0)
    for seed in 0..<100 {
      let draws = draws(
        noisy(rho: 0.6, rhythm: 0.6, place: 0.7, windows: 60, seed: UInt32(500_000 + 131 * seed)), resamples: 200)
      if try #require(draws.estimate(\.disattenuated).interval).contains(0.6) { held += 1 }
      if try #require(draws.measure(\.correlation).interval).contains(0.6) { plain += 1 }
    }
    #expect(held >= 89, "\(held) of 100")
    #expect(plain < 40, "\(plain) of 100")
  }

  @Test func `isn't said to be higher without noise where a picture is nothing but noise`() {
    var layers = layers(count: 3, windows: 60, seed: 5, isShared: true)
    let grain = noise(77, 3 * 60 * 4)
    func said(_ layers: [[LayerTimeCourse.Window]]) -> Consistency.Measure { consistency(layers).disattenuated }
    for layer in layers.indices {
      for window in layers[layer].indices {
        let place = 4 * (60 * layer + window)
        let power = layers[layer][window].bands!.powers[.gamma]!
        layers[layer][window].gammaHalves = Halves(first: power * 1.01, second: power * 0.99)
        layers[layer][window].zetaHalves = Halves(first: 2 + grain[place], second: 2 + grain[place + 1])
      }
    }
    #expect(said(layers).value == nil)
    for layer in layers.indices {
      for window in layers[layer].indices {
        let zeta = layers[layer][window].zeta!
        layers[layer][window].zetaHalves = Halves(first: zeta + 0.01, second: zeta - 0.01)
      }
    }
    let known = said(layers)
    #expect(known.value != nil && known.interval != nil && known.p == nil && known.chance == nil)
  }
}

@Suite struct `A spectrum of halves` {
  @Test func `has the same power in both halves of a steady tone, and that of the whole`() throws {
    let tone = (0..<256).map { sin(2 * Double.pi * 48 * Double($0) / 256) }
    let halves = try #require(HalvedSpectrum(window: 256, samplingRate: 256)?.power(.gamma, of: tone))
    let whole = try #require(BandPowers(Welch(samplingRate: 256, segmentLength: 128).spectrum(of: tone)).powers[.gamma])
    #expect(abs(halves.first / whole - 1) < 1e-6 && abs(halves.second / whole - 1) < 1e-6)
  }

  @Test func `tells quarters apart in turns`() throws {
    let tone = (0..<256).map { ($0 / 64 % 2 == 0 ? 1.0 : 0.1) * sin(2 * Double.pi * 48 * Double($0) / 256) }
    let halves = try #require(HalvedSpectrum(window: 256, samplingRate: 256)?.power(.gamma, of: tone))
    #expect(abs(halves.first / halves.second - 100) < 1e-3)
  }

  @Test func `is none of short windows, silence and rates too low for the band`() {
    #expect(HalvedSpectrum(window: 31, samplingRate: 256) == nil)
    let silence = [Double](repeating: 1, count: 256)
    #expect(HalvedSpectrum(window: 256, samplingRate: 256)?.power(.gamma, of: silence) == nil)
    #expect(HalvedSpectrum(window: 256, samplingRate: 100)?.power(.gamma, of: noise(1, 256)) == nil)
  }
}
