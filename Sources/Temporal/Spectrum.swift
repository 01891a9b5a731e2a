/// A one-sided power spectral density.
package struct Spectrum: Sendable, Hashable {
  /// Hz between two frequencies.
  package let resolution: Double
  /// `[frequencies]`, power per Hz: the unit of the signal squared, per Hz. Frequency k is k·resolution.
  package let density: [Double]
  /// How many segments were averaged.
  package let segments: Int

  /// The Hz of a place in `density`.
  package func frequency(_ place: Int) -> Double { Double(place) * resolution }

  /// Half the sampling rate.
  package let nyquist: Double
}
