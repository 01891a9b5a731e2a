import Testing

@testable import Temporal

@Suite struct `A rhythm's reference` {
  private let reference = noise(11, 1260)
  /// Noise, then a slow rhythm, then silence.
  private var later: [Double] {
    let quiet = noise(12, 480)
    let slow = noise(13, 480).enumerated().map {
      0.1 * $1 + 3 * ((Double($0) / 40).truncatingRemainder(dividingBy: 1) < 0.5 ? 1 : -1)
    }
    return quiet + slow + [Double](repeating: 0, count: 480)
  }

  /// What is judged window by window is what the analysis of the whole stream says.
  @Test func `says of each window what the whole stream's time course says`() throws {
    var settings = TemporalSettings()
    settings.window = 120
    settings.referenceEnd = reference.count
    let signal = reference + later
    let windows = settings.windows(samples: signal.count)
    let course = TimeCourse(
      [
        LayerRecording(
          signal: signal, coverage: Array(repeating: 1, count: windows.count),
          densities: (0..<windows.count).map { _ in [1] }, zeta: Array(repeating: nil, count: windows.count),
          zetaHalves: Array(repeating: nil, count: windows.count))
      ], settings: settings)
    let detector = try #require(course.layers[0].temporalDetector)
    let known = RhythmReference(signal: reference, windowLength: settings.window, settings: settings)
    let rhythm = try #require(known)
    #expect(rhythm.falseAlarmRate == detector.falseAlarmRate)
    var states: Set<NetworkState> = []
    for window in windows.windows(within: reference.count..<signal.count) {
      let expected = course.layers[0].windows[window]
      let found = rhythm.window(Array(signal[windows[window]]))
      #expect(found.bands == expected.bands)
      #expect(found.level == expected.level)
      #expect(found.state == expected.temporalState)
      #expect((found.strangeness > 1) == expected.isTemporalAnomaly)
      states.insert(found.state)
    }
    #expect(states.contains(.processing) && states.contains(.anomalous))
  }

  @Test func `takes the longest window that the reference period holds often enough`() throws {
    for samples in [300, 1000, 4000, 100_000] {
      let length = try #require(RhythmReference.windowLength(samples: samples))
      #expect(length <= RhythmReference.longestWindow && length.isMultiple(of: 2))
      #expect(RhythmReference(signal: noise(7, samples), windowLength: length) != nil)
      let longer = SlidingWindows(samples: samples, length: length + 2, step: length / 2 + 1)
      #expect(length == RhythmReference.longestWindow || longer.count < RhythmReference.leastWindows)
    }
    #expect(RhythmReference.windowLength(samples: 80) == nil)
  }

  /// 40 references, each with 12 windows that share no sample. Stated is 1/20 or less.
  @Test func `calls few windows of the same kind anomalous`() throws {
    var (alarms, tried) = (0, 0)
    for repetition in 0..<40 {
      let rhythm = try #require(RhythmReference(signal: noise(UInt32(200 + repetition), 2000), windowLength: 64))
      let signal = noise(UInt32(900 + repetition), 12 * 64)
      for window in 0..<12 {
        tried += 1
        if rhythm.window(Array(signal[window * 64..<(window + 1) * 64])).strangeness > 1 { alarms += 1 }
      }
    }
    #expect(Double(alarms) < 0.08 * Double(tried), "\(alarms) of \(tried)")
  }
}
