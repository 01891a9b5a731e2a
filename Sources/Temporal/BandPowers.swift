internal import Glibc

/// What a spectrum holds in 0.5 to 100 Hz, band by band.
package struct BandPowers: Sendable, Hashable {
  /// Σ P(f)·Δf over a band's frequencies, in the unit of the signal squared; `nil` where `FrequencyBand.reasonForNone` says
  /// why.
  package let powers: [FrequencyBand: Double]
  /// The same over 0.5 to 100 Hz, or up to Nyquist where that is less.
  package let total: Double
  /// Hz of the largest density in 0.5 to 100 Hz; `nil` where there is no power.
  package let dominantFrequency: Double?
  /// Shannon's entropy of the density in 0.5 to 100 Hz as a distribution over frequencies, divided by its largest value,
  /// the logarithm of their number: 1 for white noise, 0 for one line; `nil` where there is no power.
  package let spectralEntropy: Double?

  package init(_ spectrum: Spectrum) {
    let places = spectrum.density.indices.filter {
      (FrequencyBand.whole.low...FrequencyBand.whole.high).contains(spectrum.frequency($0))
    }
    let total = places.reduce(0) { $0 + spectrum.density[$1] } * spectrum.resolution
    self.total = total
    powers = FrequencyBand.allCases.reduce(into: [:]) { powers, band in
      guard band.reasonForNone(nyquist: spectrum.nyquist, resolution: spectrum.resolution) == nil else { return }
      powers[band] =
        places.filter { band.contains(spectrum.frequency($0)) }.reduce(0) { $0 + spectrum.density[$1] }
        * spectrum.resolution
    }
    guard total > 0 else {
      dominantFrequency = nil
      spectralEntropy = nil
      return
    }
    let peak = places.max { spectrum.density[$0] < spectrum.density[$1] }!
    dominantFrequency = spectrum.frequency(peak)
    let entropy = places.reduce(0.0) { entropy, place in
      let share = spectrum.density[place] * spectrum.resolution / total
      return share > 0 ? entropy - share * log(share) : entropy
    }
    spectralEntropy = places.count > 1 ? entropy / log(Double(places.count)) : 0
  }

  /// A band's share of the total, 0...1; `nil` where the band or the total has no power to speak of.
  package func share(_ band: FrequencyBand) -> Double? {
    guard total > 0, let power = powers[band] else { return nil }
    return power / total
  }

  /// The band with the most power; `nil` where there is none.
  package var dominantBand: FrequencyBand? {
    guard total > 0 else { return nil }
    // The first of equals.
    return FrequencyBand.allCases.filter { powers[$0] != nil }.max { powers[$0]! < powers[$1]! }
  }

  /// β and γ together; `nil` where neither is known.
  package var fast: Double? {
    let known = powers.filter { $0.key.isFast }.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}
