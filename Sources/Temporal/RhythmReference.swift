/// The rhythm of a layer in a reference period, for windows that come later, one by one.
///
/// A window is judged as those of a whole stream are (`AnomalyDetector`, `TemporalRule`), by what the reference period alone shows.
package struct RhythmReference: Sendable {
  /// A window of a layer's signal.
  package struct Window: Sendable {
    package let bands: BandPowers
    /// Mean of the signal, in its unit.
    package let level: Double
    /// How far it is from the reference period; above 1 it is anomalous.
    package let strangeness: Double
    package let state: NetworkState
  }

  /// The most samples of a window: a second at the nominal sampling rate.
  package static let longestWindow = 256
  /// Reference windows at least: with fewer, one in ten normal windows or more would be called anomalous.
  package static let leastWindows = 20
  /// Half of a window: the next one begins there.
  private static func step(_ length: Int) -> Int { max(1, length / 2) }

  /// Samples of a window.
  package let windowLength: Int
  /// The probability of a false alarm a window; more than was asked for where the reference period has few windows.
  package let falseAlarmRate: Double
  private let welch: Welch
  private let states: TemporalRule.States
  private let score: @Sendable ([Double]) -> Double
  private let threshold: Double

  /// The longest even window, up to `longestWindow`, of which a reference period holds enough; `nil` where none is long enough for a
  /// spectrum.
  package static func windowLength(samples: Int) -> Int? {
    let overlap = TemporalSettings().overlap
    return stride(from: longestWindow, to: 0, by: -2).first { length in
      SlidingWindows(samples: samples, length: length, step: step(length)).count >= leastWindows
        && Welch.segmentLength(forSamples: length, overlap: overlap, atMost: length) != nil
    }
  }

  /// - Parameters:
  ///   - signal: of the reference period, in its order.
  ///   - windowLength: samples of a window; windows begin half of one apart.
  ///   - settings: sampling rate, overlap of segments and wanted rate of false alarms.
  /// - Returns: `nil` where the period holds fewer than `leastWindows` windows, or a window no spectrum.
  /// - Complexity: a spectrum a window, and 26 fits.
  package init?(signal: [Double], windowLength: Int, settings: TemporalSettings = TemporalSettings()) {
    let windows = SlidingWindows(samples: signal.count, length: windowLength, step: Self.step(windowLength))
    guard windows.count >= Self.leastWindows,
      let segment = Welch.segmentLength(forSamples: windowLength, overlap: settings.overlap, atMost: windowLength)
    else { return nil }
    self.windowLength = windowLength
    welch = Welch(samplingRate: settings.samplingRate, segmentLength: segment, overlap: settings.overlap)
    let (rate, limit) = (settings.falseAlarmRate, TemporalRule.limit(rate: settings.falseAlarmRate))
    let bands = (0..<windows.count).map { [welch] in BandPowers(welch.spectrum(of: signal[windows[$0]])) }
    let features = bands.indices.map { TemporalRule.features(bands[$0], level: Self.mean(signal[windows[$0]])) }
    let detector = AnomalyDetector(
      features: features, windows: windows, reference: Array(bands.indices), rate: rate
    ) { TemporalRule.score($0, rate: rate, limit: limit) }
    (threshold, falseAlarmRate) = (detector.threshold, detector.falseAlarmRate)
    states = TemporalRule.States(bands, limit: limit)
    score = TemporalRule.score(features, rate: rate, limit: limit)
  }

  /// What a later window does. - Parameter samples: `windowLength` of them, finite.
  package func window(_ samples: [Double]) -> Window {
    precondition(samples.count == windowLength, "\(samples.count) samples for a window of \(windowLength)")
    let found = BandPowers(welch.spectrum(of: samples))
    let level = Self.mean(samples[...])
    let score = score(TemporalRule.features(found, level: level))
    let isAnomalous = score > threshold
    return Window(
      bands: found, level: level, strangeness: threshold > 0 ? score / threshold : isAnomalous ? .infinity : 0,
      state: states.state(found, isAnomalous: isAnomalous))
  }

  private static func mean(_ samples: ArraySlice<Double>) -> Double { samples.reduce(0, +) / Double(samples.count) }
}
