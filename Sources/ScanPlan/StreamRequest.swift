import Random
import Shapley
package import Temporal

/// What the user asks of a stream: that all of it is recorded, and that some stimuli of every window are scanned.
package struct StreamRequest: Sendable, Hashable, Codable, OptionEntries {
  /// How many stimuli it has: the first ones of the set; `nil` is all of them.
  package var length: Int?
  /// Of a window that has as many, and nobody says otherwise: enough for windows' ζ to come out alike again (Docs/validation.md).
  package static let standardWindowStimuli = 32

  /// Stimuli that are scanned for each window's length of the stream.
  package var windowStimuli = Self.standardWindowStimuli
  package var temporal = TemporalSettings()

  package init() {}

  /// The stimuli that are scanned, ascending: one drawn from each of equally long stretches, so that they are spread evenly
  /// and keep no step with a rhythm of the stream.
  ///
  /// - Parameter count: stimuli of the stream.
  package func scannedStimuli(of count: Int, seed: UInt64) -> [Int] {
    let windows = temporal.windows(samples: count)
    let stretch = max(1, temporal.window / windowStimuli)
    return (0..<windows.covered / stretch).map { number in
      var random = CounterRandom(seed: seed, domain: .scannedStimuli, index: UInt64(number))
      return number * stretch + random.next(below: stretch)
    }
  }

  /// The stretch, as long as a window, in which a stimulus of the stream lies.
  func stretch(ofStimulus stimulus: Int) -> Int { stimulus / temporal.window }

  package var entries: [(name: String, text: String)] {
    let settings = temporal
    return [
      ("stream", length.map { "\($0)" } ?? "all"), ("window-stimuli", "\(windowStimuli)"), ("window", "\(settings.window)"),
      ("step", settings.step.map { "\($0)" } ?? "half"), ("segment", settings.segment.map { "\($0)" } ?? "auto"),
      ("overlap", "\(settings.overlap)"), ("sampling-rate", "\(settings.samplingRate)"),
      ("reference", settings.referenceStart.map { "\($0)-\(settings.referenceEnd ?? 0)" } ?? "all"),
      ("false-alarms", "\(settings.falseAlarmRate)"), ("resamples", "\(settings.resamples)"),
    ]
  }
}
