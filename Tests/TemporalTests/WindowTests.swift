import Foundation
import Statistics
import Testing

@testable import Temporal

@Suite struct `Windows` {
  @Test func `cover the stream in steps and leave over what is less than one`() {
    let windows = SlidingWindows(samples: 1000, length: 256, step: 128)
    #expect(windows.count == 6 && windows[0] == 0..<256 && windows[5] == 640..<896)
    #expect(windows.windows(within: 100..<700) == [1, 2, 3])
    #expect(windows.independentDistance == 2)
    #expect(SlidingWindows(samples: 255, length: 256, step: 1).count == 0)
    #expect(SlidingWindows(samples: 256, length: 256, step: 1).count == 1)
    #expect(SlidingWindows(samples: 1000, length: 100, step: 300).independentDistance == 1)
  }
}

@Suite struct `A robust scale` {
  @Test(arguments: Oracle.shared.agreement.indices)
  func `is SciPy's`(_ number: Int) {
    let expected = Oracle.shared.agreement[number]
    let scale = RobustScale(noise(expected.seed + 3, expected.count))
    #expect(abs(scale.centre - expected.median) < 1e-12)
    #expect(abs(scale.deviation / expected.deviation - 1) < 1e-9)
  }

  @Test func `isn't carried away by two fifths of the values`() {
    let values = noise(5, 60) + [Double](repeating: 1e9, count: 40)
    let scale = RobustScale(values)
    #expect(abs(scale.centre) < 0.6 && scale.deviation < 1.5)
  }

  @Test func `of equal values finds all others infinitely far, but for rounding`() {
    #expect(RobustScale([0, 0, 0]).z(0) == 0)
    #expect(RobustScale([0, 0, 0]).z(-1) == -.infinity)
    #expect(RobustScale([2, 2, 2]).z(2 + 1e-15) < 1)
    #expect(RobustScale([2, 2, 2]).z(3) > 1e8)
    #expect(RobustScale([1, 1, 1, 5]).z(5) > 1)
  }
}

@Suite struct `A shrinkage covariance` {
  @Test(arguments: Oracle.shared.shrinkage.indices)
  func `is scikit-learn's`(_ number: Int) {
    let expected = Oracle.shared.shrinkage[number]
    let own = noise(expected.seed, expected.samples * expected.variables)
    let shared = noise(expected.seed + 1, expected.samples)
    let samples = (0..<expected.samples).map { sample in
      (0..<expected.variables).map { own[sample * expected.variables + $0] + 2 * shared[sample] }
    }
    let covariance = ShrinkageCovariance(samples)
    #expect(abs(covariance.shrinkage - expected.shrinkage) < 1e-9)
    #expect(relativeDifference(samples.map(covariance.squaredDistance), expected.distances) < 1e-6)
  }

  @Test func `of equal samples knows no distance but 0 and infinity`() {
    let covariance = ShrinkageCovariance([[1, 2], [1, 2], [1, 2]])
    #expect(covariance.squaredDistance([1, 2]) == 0)
    #expect(covariance.squaredDistance([1, 3]) == .infinity)
  }
}

@Suite struct `An anomaly detector` {
  private func spatial(_ features: [[Double]], reference: Int, rate: Double) -> AnomalyDetector {
    AnomalyDetector(
      features: features, windows: SlidingWindows(samples: features.count, length: 1, step: 1),
      reference: Array(0..<reference), rate: rate, fit: SpatialRule.score)
  }

  private func temporal(_ features: [[Double]], reference: Int, rate: Double) -> AnomalyDetector {
    AnomalyDetector(
      features: features, windows: SlidingWindows(samples: features.count, length: 1, step: 1),
      reference: Array(0..<reference), rate: rate
    ) { TemporalRule.score($0, rate: rate, limit: TemporalRule.limit(rate: rate)) }
  }

  /// 60 reference windows, then 100 of the same kind; 8 repetitions. The standard error is about 0.01.
  @Test(arguments: [0.05, 0.1])
  func `holds its false-alarm rate on windows that it hasn't seen`(_ rate: Double) {
    var alarms = [0, 0]
    var heldOut = [0, 0]
    for repetition in 0..<8 {
      let numbers = noise(UInt32(100 + repetition), 160 * 4)
      let features = (0..<160).map { window in (0..<4).map { numbers[window * 4 + $0] } }
      for (kind, detector) in [temporal, spatial].enumerated() {
        let detector = detector(features, 60, rate)
        #expect(detector.falseAlarmRate <= rate + 1e-12)
        alarms[kind] += (60..<160).count { detector.isAnomalous($0) }
        heldOut[kind] += detector.heldOutAlarms
        #expect(detector.heldOutWindows == 60)
      }
    }
    for kind in 0..<2 {
      #expect(Double(alarms[kind]) / 800 < rate + 0.03 && alarms[kind] > 0, "kind \(kind): \(alarms[kind]) of 800")
      #expect(Double(heldOut[kind]) / 480 < rate + 0.04, "kind \(kind): \(heldOut[kind]) of 480")
    }
  }

  @Test func `finds what is far in any feature, however differently features vary`() {
    let numbers = noise(3, 60 * 4)
    var features = (0..<60).map { window in (0..<4).map { numbers[window * 4 + $0] * pow(100, Double($0)) } }
    features[55][0] += 5
    features[57][3] -= 5e6
    for detector in [temporal(features, reference: 50, rate: 0.05), spatial(features, reference: 50, rate: 0.05)] {
      #expect(detector.isAnomalous(55) && detector.isAnomalous(57))
    }
  }

  @Test func `states the rate that a short reference can hold`() {
    let numbers = noise(4, 12)
    let detector = temporal(numbers.map { [$0] }, reference: 10, rate: 0.01)
    #expect(abs(detector.falseAlarmRate - 1.0 / 11) < 1e-12)
  }

  @Test func `stays finite where regions are silent throughout the reference`() {
    let numbers = noise(5, 30)
    let features = numbers.map { [$0, 0, -1.84] } + [[0, 3, -1.84]]
    let detector = spatial(features, reference: 30, rate: 0.05)
    #expect(detector.scores.allSatisfy { $0.isFinite })
    #expect(detector.isAnomalous(30))
  }
}
