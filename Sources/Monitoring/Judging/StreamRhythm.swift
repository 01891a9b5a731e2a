package import Temporal

/// NN-EEG of a judged stream: in windows that slide along it, half of one apart, each layer's band powers and state.
///
/// A layer's signal is its mean activation under each stimulus, one sample a stimulus at a nominal 256 Hz. Normal is what the stimuli
/// did, in their order, that the reference was learnt from.
///
/// Memory: a window's samples a layer. Cost: nothing but at the end of a window, and there a spectrum a layer.
package struct StreamRhythm: Sendable {
  /// A window that has ended.
  package struct Window: Sendable {
    /// The stimuli of the stream that it holds.
    package let stimuli: Range<Int>
    /// [layers]
    package let layers: [RhythmReference.Window]
  }

  /// [layers]; empty where the reference was learnt from too few stimuli.
  private let references: [RhythmReference]
  /// The last samples that were finite, the oldest first. [layers][up to a window]
  private var samples: [[Double]]
  private var count = 0
  /// Where the window that is open began; a stimulus that isn't finite begins a new one.
  private var start = 0

  /// - Parameter signals: of what was learnt from. [layers][stimuli]
  package init(_ signals: [[Double]]) {
    let length = RhythmReference.windowLength(samples: signals.first?.count ?? 0)
    let references = signals.compactMap { signal in length.flatMap { RhythmReference(signal: signal, windowLength: $0) } }
    self.references = references.count == signals.count ? references : []
    samples = self.references.map { _ in [] }
  }

  /// Stimuli of a window; `nil` where the stream has none.
  package var windowLength: Int? { references.first?.windowLength }

  /// The largest probability with which a layer's window is called anomalous by chance.
  package var falseAlarmRate: Double { references.map(\.falseAlarmRate).max() ?? 0 }

  /// Takes in a stimulus. - Parameter means: each layer's mean activation. [layers]
  /// - Returns: the window that ends with it.
  mutating func take(_ means: [Double]) -> Window? {
    defer { count += 1 }
    guard let length = windowLength else { return nil }
    guard means.allSatisfy(\.isFinite) else {
      for layer in samples.indices { samples[layer].removeAll(keepingCapacity: true) }
      start = count + 1
      return nil
    }
    for layer in samples.indices { samples[layer].append(means[layer]) }
    guard samples[0].count == length else { return nil }
    defer {
      for layer in samples.indices { samples[layer].removeFirst(max(1, length / 2)) }
      start += max(1, length / 2)
    }
    return Window(
      stimuli: start..<start + length, layers: zip(references, samples).map { $0.window($1) })
  }
}
