/// How a stream is analysed.
package struct TemporalSettings: Sendable, Hashable, Codable {
  /// Stimuli a second: nominal, since a network knows no time. The default puts every band below half of it.
  package var samplingRate = 256.0
  /// Stimuli of a window.
  package var window = 256
  /// Stimuli from window to window; `nil` is half a window.
  package var step: Int?
  /// Samples of a segment of the whole stream's spectrum; `nil` is up to `window`, as many as fit three times.
  package var segment: Int?
  /// Share of a segment that the next one covers again.
  package var overlap = 0.5
  /// Stimuli that are taken for normal: from, up to and without. `nil` is the whole stream.
  package var referenceStart: Int?
  package var referenceEnd: Int?
  /// Wanted probability of a false alarm a window, and of a reference window's being called idle or active by chance.
  package var falseAlarmRate = 0.01
  /// Bootstrap draws of the consistency's intervals.
  package var resamples = 1000
  package var confidence = 0.95
  package var seed: UInt64 = 42

  package init() {}

  package func windows(samples: Int) -> SlidingWindows {
    SlidingWindows(samples: samples, length: window, step: step ?? max(1, window / 2))
  }

  package func reference(samples: Int) -> Range<Int> {
    let end = min(referenceEnd ?? samples, samples)
    return min(referenceStart ?? 0, end)..<end
  }
}
