/// A layer's stream as it was analysed.
package struct LayerTimeCourse: Sendable {
  /// One window of one layer.
  package struct Window: Sendable {
    /// `nil` where windows are too short for a spectrum.
    package var bands: BandPowers?
    /// Mean of the signal.
    package var level: Double
    /// Mean density over regions and the window's stimuli.
    package var density: Double
    /// Mean share of active regions.
    package var coverage: Double
    /// The largest region's ζ, in v; `nil` where nothing was scanned.
    package var zeta: Double?
    /// γ's power from either half of the window; `nil` where halves are too short for it.
    package var gammaHalves: Halves?
    /// The largest region's ζ from either half of the stimuli scanned; `nil` where fewer than two were.
    package var zetaHalves: Halves?
    /// Above 1 times the threshold means anomalous; `nil` without a detector.
    package var temporalScore: Double?
    package var spatialScore: Double?
    package var isTemporalAnomaly: Bool?
    package var isSpatialAnomaly: Bool?
    package var temporalState: NetworkState?
    package var spatialState: NetworkState?
  }

  /// `[stimuli]`: s_t, in units of the activation.
  package var signal: [Double]
  /// Of the whole stream; `nil` where `spectrumReason` says why.
  package var spectrum: Spectrum?
  package var spectrumReason: String?
  /// Of the whole stream; `nil` likewise.
  package var bands: BandPowers?
  package var windows: [Window]
  /// `nil` where `detectorReason` says why.
  package var temporalDetector: AnomalyDetector?
  package var spatialDetector: AnomalyDetector?
  package var detectorReason: String?

  /// - Parameters:
  ///   - stream: of the whole stream's spectrum; `nil` with a reason where it is too short.
  ///   - windowed: of a window's; `nil` likewise.
  init(
    _ recording: LayerRecording, windows: SlidingWindows, stream: Result<Welch, SpectrumMissing>,
    windowed: Result<Welch, SpectrumMissing>, reference: [Int], settings: TemporalSettings
  ) {
    signal = recording.signal
    switch stream {
    case .success(let welch):
      let spectrum = welch.spectrum(of: recording.signal)
      self.spectrum = spectrum
      bands = BandPowers(spectrum)
    case .failure(let missing): spectrumReason = missing.reason
    }
    let halved = HalvedSpectrum(window: windows.length, samplingRate: settings.samplingRate)
    self.windows = (0..<windows.count).map { window in
      let samples = recording.signal[windows[window]]
      return Window(
        bands: (try? windowed.get()).map { BandPowers($0.spectrum(of: samples)) },
        level: samples.reduce(0, +) / Double(samples.count),
        density: recording.densities[window].reduce(0, +) / Double(recording.densities[window].count),
        coverage: recording.coverage[window], zeta: recording.zeta[window], gammaHalves: halved?.power(.gamma, of: samples),
        zetaHalves: recording.zetaHalves[window])
    }
    if case .failure(let missing) = windowed {
      detectorReason = missing.reason
      return
    }
    guard reference.count >= AnomalyDetector.leastReference else {
      detectorReason = """
        The reference period holds \(reference.count) whole window\(reference.count == 1 ? "" : "s"), and states and \
        anomalies need \(AnomalyDetector.leastReference); give a longer stream, shorter windows or a longer reference.
        """
      return
    }
    guard recording.signal.contains(where: { $0 != recording.signal[0] }) else {
      detectorReason = "A layer whose signal never changes has neither states nor anomalies."
      return
    }
    judge(recording, windows, reference, settings.falseAlarmRate)
  }

  private mutating func judge(
    _ recording: LayerRecording, _ windows: SlidingWindows, _ reference: [Int], _ rate: Double
  ) {
    let limit = TemporalRule.limit(rate: rate)
    let bands = self.windows.map { $0.bands! }
    let temporal = AnomalyDetector(
      features: self.windows.map { TemporalRule.features($0.bands!, level: $0.level) }, windows: windows,
      reference: reference, rate: rate
    ) { TemporalRule.score($0, rate: rate, limit: limit) }
    let spatial = AnomalyDetector(
      features: recording.densities, windows: windows, reference: reference, rate: rate, fit: SpatialRule.score)
    let temporalStates = TemporalRule.States(reference.map { bands[$0] }, limit: limit)
    let spatialStates = SpatialRule.states(
      density: self.windows.map(\.density), coverage: recording.coverage, zeta: recording.zeta, reference: reference,
      isAnomalous: bands.indices.map(spatial.isAnomalous), limit: limit)
    for window in self.windows.indices {
      self.windows[window].temporalScore = temporal.scores[window]
      self.windows[window].spatialScore = spatial.scores[window]
      self.windows[window].isTemporalAnomaly = temporal.isAnomalous(window)
      self.windows[window].isSpatialAnomaly = spatial.isAnomalous(window)
      self.windows[window].temporalState = temporalStates.state(bands[window], isAnomalous: temporal.isAnomalous(window))
      self.windows[window].spatialState = spatialStates[window]
    }
    temporalDetector = temporal
    spatialDetector = spatial
  }
}

/// Why there is no spectrum, a sentence.
struct SpectrumMissing: Error {
  let reason: String
}
