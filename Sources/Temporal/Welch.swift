internal import Glibc

/// Welch's estimate of spectra: the mean of the periodograms of overlapping segments.
///
/// Each segment loses its mean and is weighted by Hann's window, periodic form; a density is scaled so that its integral is
/// the signal's variance, and powers at all frequencies but 0 and Nyquist count twice. These are the defaults of
/// `scipy.signal.welch`. Source: Welch, IEEE Trans. Audio Electroacoust. 15 (1967); Heinzel, Rüdiger & Schilling (2002).
package struct Welch: Sendable, Hashable {
  /// With fewer a spectrum has hardly been averaged.
  package static let leastSegments = 3
  /// Shorter segments tell nothing apart.
  package static let leastSegmentLength = 8

  /// Hz.
  package let samplingRate: Double
  /// Samples of a segment.
  package let segmentLength: Int
  /// Share of a segment that the next one covers again, 0 ..< 1.
  package let overlap: Double

  package init(samplingRate: Double, segmentLength: Int, overlap: Double = 0.5) {
    precondition(samplingRate > 0 && segmentLength >= Self.leastSegmentLength && overlap >= 0 && overlap < 1)
    self.samplingRate = samplingRate
    self.segmentLength = segmentLength
    self.overlap = overlap
  }

  /// The longest even segment, of at most `longest` samples, that fits at least three times.
  ///
  /// - Returns: `nil` where the signal is too short for any.
  package static func segmentLength(forSamples count: Int, overlap: Double, atMost longest: Int) -> Int? {
    var length = min(longest, count) & ~1
    while length >= leastSegmentLength, segments(of: length, overlap: overlap, in: count) < leastSegments { length -= 2 }
    return length >= leastSegmentLength ? length : nil
  }

  /// Samples between the starts of two segments.
  private static func step(_ length: Int, _ overlap: Double) -> Int {
    max(1, length - Int(overlap * Double(length)))
  }

  static func segments(of length: Int, overlap: Double, in count: Int) -> Int {
    count < length ? 0 : (count - length) / step(length, overlap) + 1
  }

  /// How many segments a signal of this many samples has.
  package func segments(in count: Int) -> Int {
    Self.segments(of: segmentLength, overlap: overlap, in: count)
  }

  /// Why a signal of this many samples gets no spectrum, a sentence; `nil` if it does.
  package func reasonForNone(samples count: Int) -> String? {
    let segments = segments(in: count)
    guard segments < Self.leastSegments else { return nil }
    return """
      \(count) samples hold \(segments) segment\(segments == 1 ? "" : "s") of \(segmentLength), and a spectrum is the mean of \
      \(Self.leastSegments) or more.
      """
  }

  /// The power spectral density. At least three segments.
  ///
  /// Cost: one transform a segment.
  package func spectrum(of signal: some Collection<Double>) -> Spectrum {
    spectrum(transforms(of: Array(signal)))
  }

  /// The power spectral densities from the segments of even and of odd number, counted from 0. At least three segments in all.
  func alternatingSpectra(of signal: some Collection<Double>) -> (first: Spectrum, second: Spectrum) {
    let transforms = transforms(of: Array(signal))
    func part(_ parity: Int) -> Spectrum {
      spectrum(transforms.indices.filter { $0 % 2 == parity }.map { transforms[$0] })
    }
    return (part(0), part(1))
  }

  private func spectrum(_ transforms: [(real: [Double], imaginary: [Double])]) -> Spectrum {
    var density = [Double](repeating: 0, count: segmentLength / 2 + 1)
    for (real, imaginary) in transforms {
      for k in density.indices { density[k] += real[k] * real[k] + imaginary[k] * imaginary[k] }
    }
    let window = Self.hann(segmentLength)
    let scale = 1 / (samplingRate * window.reduce(0) { $0 + $1 * $1 } * Double(transforms.count))
    for k in density.indices {
      let isTwofold = k > 0 && !(segmentLength.isMultiple(of: 2) && k == segmentLength / 2)
      density[k] *= isTwofold ? 2 * scale : scale
    }
    return Spectrum(
      resolution: samplingRate / Double(segmentLength), density: density, segments: transforms.count,
      nyquist: samplingRate / 2)
  }

  /// Magnitude-squared coherence |P_xy|²/(P_xx·P_yy) of two signals, `[frequencies]`, 0...1; 0 where one has no power.
  ///
  /// Of n segments, independent signals have about 1/n, not 0. Layers of one network answer the same stimulus, so what they
  /// share without delay is real, and the imaginary part, which leaves it out, isn't used. Source: Carter, Proc. IEEE 75
  /// (1987); the same as `scipy.signal.coherence`.
  package func coherence(_ first: some Collection<Double>, _ second: some Collection<Double>) -> [Double] {
    precondition(first.count == second.count)
    let pairs = zip(transforms(of: Array(first)), transforms(of: Array(second)))
    let count = segmentLength / 2 + 1
    var (firstPower, secondPower) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    var (real, imaginary) = (firstPower, firstPower)
    for (x, y) in pairs {
      for k in 0..<count {
        firstPower[k] += x.real[k] * x.real[k] + x.imaginary[k] * x.imaginary[k]
        secondPower[k] += y.real[k] * y.real[k] + y.imaginary[k] * y.imaginary[k]
        real[k] += x.real[k] * y.real[k] + x.imaginary[k] * y.imaginary[k]
        imaginary[k] += x.real[k] * y.imaginary[k] - x.imaginary[k] * y.real[k]
      }
    }
    return (0..<count).map { k in
      let power = firstPower[k] * secondPower[k]
      return power > 0 ? (real[k] * real[k] + imaginary[k] * imaginary[k]) / power : 0
    }
  }

  /// The transform of each segment.
  private func transforms(of signal: [Double]) -> [(real: [Double], imaginary: [Double])] {
    let segments = segments(in: signal.count)
    precondition(segments >= Self.leastSegments, "a signal of \(signal.count) samples has too few segments")
    let window = Self.hann(segmentLength)
    let transform = FourierTransform(length: segmentLength)
    return (0..<segments).map { number in
      let start = number * Self.step(segmentLength, overlap)
      let segment = signal[start..<start + segmentLength]
      let mean = segment.reduce(0, +) / Double(segmentLength)
      return transform.forward(zip(segment, window).map { ($0 - mean) * $1 })
    }
  }

  private static func hann(_ length: Int) -> [Double] {
    (0..<length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(length)) }
  }
}
