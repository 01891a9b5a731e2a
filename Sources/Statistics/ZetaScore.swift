/// ζ as a percentage of the layer's whole effect, or why it isn't one.
package enum ZetaScore: Sendable, Hashable {
  /// `[regions]`: 100·mean ζ / mean Δ, where Δ is clearly above 0; they add up to 100 where the estimator is efficient.
  case percent([Double])
  /// A sentence: the denominator isn't clearly above 0.
  case undefined(reason: String)

  /// How many standard errors across series the mean effect must be away from 0.
  package static let leastErrors = 3.0
  /// A single series has no such error: its effect must exceed this share of the larger of |v(G)| and |v(∅)|.
  package static let leastShare = 1e-6

  /// - Parameters:
  ///   - zeta: `[regions]`, the mean over series.
  ///   - full: `[series]`, v(G).
  ///   - empty: `[series]`, v(∅).
  package init(zeta: [Double], full: [Double], empty: [Double]) {
    precondition(!full.isEmpty && full.count == empty.count)
    let effects = zip(full, empty).map { $0 - $1 }
    let moments = SampleMoments(effects)
    let scale = zip(full, empty).map { max(abs($0), abs($1)) }.max() ?? 0
    let largest = effects.reduce(0) { max($0, abs($1)) }
    if abs(moments.mean) <= ZetaScore.leastShare * scale, largest > ZetaScore.leastShare * scale {
      self = .undefined(
        reason: """
          The effects of the stimuli, of up to \(Self.rounded(largest)), cancel to \(Self.rounded(moments.mean)): of a mean effect \
          of 0 there are no shares, so ζ stands in units of v.
          """)
    } else if abs(moments.mean) <= ZetaScore.leastShare * scale {
      self = .undefined(
        reason: """
          The layer's effect is \(Self.rounded(moments.mean)) on values of up to \(Self.rounded(scale)), which is rounding: \
          lesioning all of it changes nothing.
          """)
    } else if moments.count > 1 && abs(moments.mean) < ZetaScore.leastErrors * moments.standardError {
      self = .undefined(
        reason: """
          The layer's mean effect of \(Self.rounded(moments.mean)) isn't clearly different from 0 \
          (standard error \(Self.rounded(moments.standardError))): use ζ, or more stimuli.
          """)
    } else if moments.mean < 0 {
      self = .undefined(
        reason: """
          The value is larger with all of the layer lesioned, by \(Self.rounded(-moments.mean)): shares of a negative effect would \
          turn every sign around, so ζ stands in units of v.
          """)
    } else {
      self = .percent(zeta.map { 100 * $0 / moments.mean })
    }
  }

  /// Three significant digits, for sentences.
  private static func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    var (unit, size) = (1.0, abs(value))
    while size >= 1000 {
      size /= 10
      unit /= 10
    }
    while size < 100 {
      size *= 10
      unit *= 10
    }
    return (value * unit).rounded() / unit
  }
}
