/// The temporal picture of a stream: spectra, windows, states and anomalies of every layer, and how they agree with the
/// spatial picture.
package struct TimeCourse: Sendable {
  package let settings: TemporalSettings
  /// Stimuli of the stream.
  package let samples: Int
  package let windows: SlidingWindows
  /// Windows wholly in the reference period.
  package let reference: [Int]
  package let layers: [LayerTimeCourse]
  /// Hz between the frequencies of a window's spectrum; `nil` where `windowReason` says why there is none.
  package let windowResolution: Double?
  package let windowReason: String?
  /// For each band, `[layers x layers]`: the mean over the band's frequencies of the magnitude-squared coherence of the
  /// whole stream; no entry for a band without frequencies, or without a spectrum.
  package let coherence: [FrequencyBand: [Double]]
  /// Segments that coherence was averaged over; independent signals have about 1/segments.
  package let segments: Int
  package let consistency: Consistency

  /// - Parameter recordings: `[layers]`, of one stream, with the windows of `settings.windows(samples:)`.
  /// - Complexity: a transform a segment, layer and window; layers² transforms a segment for coherence; 26 fits a layer.
  package init(_ recordings: [LayerRecording], settings: TemporalSettings) {
    precondition(!recordings.isEmpty && recordings.allSatisfy { $0.signal.count == recordings[0].signal.count })
    let samples = recordings[0].signal.count
    let windows = settings.windows(samples: samples)
    precondition(recordings.allSatisfy { $0.densities.count == windows.count })
    let reference = windows.windows(within: settings.reference(samples: samples))
    let stream = Self.welch(settings, samples: samples, wanted: settings.segment, atMost: settings.window)
    let windowed = Self.welch(settings, samples: settings.window, wanted: nil, atMost: settings.window)
    let layers = recordings.map {
      LayerTimeCourse(
        $0, windows: windows, stream: stream, windowed: windowed, reference: reference, settings: settings)
    }
    self.settings = settings
    self.samples = samples
    self.windows = windows
    self.reference = reference
    self.layers = layers
    windowResolution = (try? windowed.get()).map { $0.samplingRate / Double($0.segmentLength) }
    windowReason = if case .failure(let missing) = windowed { missing.reason } else { nil }
    if case .success(let welch) = stream {
      coherence = Self.coherence(layers, welch)
      segments = welch.segments(in: samples)
    } else {
      coherence = [:]
      segments = 0
    }
    consistency = Consistency(layers: layers.map(\.windows), windows: windows, settings: settings)
  }

  private static func welch(
    _ settings: TemporalSettings, samples: Int, wanted: Int?, atMost longest: Int
  ) -> Result<Welch, SpectrumMissing> {
    guard
      let length = wanted ?? Welch.segmentLength(forSamples: samples, overlap: settings.overlap, atMost: longest)
    else {
      return .failure(
        SpectrumMissing(
          reason: """
            \(samples) samples are too few for \(Welch.leastSegments) segments of at least \(Welch.leastSegmentLength).
            """))
    }
    let welch = Welch(samplingRate: settings.samplingRate, segmentLength: length, overlap: settings.overlap)
    if let reason = welch.reasonForNone(samples: samples) { return .failure(SpectrumMissing(reason: reason)) }
    return .success(welch)
  }

  private static func coherence(_ layers: [LayerTimeCourse], _ welch: Welch) -> [FrequencyBand: [Double]] {
    let resolution = welch.samplingRate / Double(welch.segmentLength)
    let bands = FrequencyBand.allCases.filter {
      $0.reasonForNone(nyquist: welch.samplingRate / 2, resolution: resolution) == nil
    }
    var result = Dictionary(
      uniqueKeysWithValues: bands.map { ($0, [Double](repeating: 1, count: layers.count * layers.count)) })
    for first in layers.indices {
      for second in layers.indices where second > first {
        let coherence = welch.coherence(layers[first].signal, layers[second].signal)
        for band in bands {
          let places = coherence.indices.filter { band.contains(Double($0) * resolution) }
          let mean = places.reduce(0) { $0 + coherence[$1] } / Double(places.count)
          result[band]![first * layers.count + second] = mean
          result[band]![second * layers.count + first] = mean
        }
      }
    }
    return result
  }
}
