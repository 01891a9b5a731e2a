/// A window's spectrum from either half of it: of its four quarters, the first and the third, and the second and the fourth.
///
/// Halves that take turns see the same course of a window and share no sample. Their resolution is half of the window's own.
struct HalvedSpectrum {
  private static let parts = 4

  private let welch: Welch

  /// - Returns: `nil` where a quarter of a window is shorter than any segment.
  init?(window: Int, samplingRate: Double) {
    let length = window / Self.parts & ~1
    guard length >= Welch.leastSegmentLength else { return nil }
    welch = Welch(samplingRate: samplingRate, segmentLength: length, overlap: 0)
  }

  /// A band's power in either half; `nil` where the halves' spectra don't tell of the band, or it is silent.
  func power(_ band: FrequencyBand, of samples: some Collection<Double>) -> Halves? {
    let spectra = welch.alternatingSpectra(of: samples.prefix(Self.parts * welch.segmentLength))
    guard let first = BandPowers(spectra.first).powers[band], let second = BandPowers(spectra.second).powers[band],
      first > 0, second > 0
    else { return nil }
    return Halves(first: first, second: second)
  }
}
