/// The frequency bands of electroencephalography.
package enum FrequencyBand: String, Sendable, Hashable, CaseIterable {
  case delta, theta, alpha, beta, gamma

  /// Hz, lower end included, upper end excluded but for γ's.
  package var range: (low: Double, high: Double) {
    switch self {
    case .delta: (0.5, 4)
    case .theta: (4, 8)
    case .alpha: (8, 13)
    case .beta: (13, 30)
    case .gamma: (30, 100)
    }
  }

  /// Of all bands together, Hz.
  package static let whole = (low: 0.5, high: 100.0)

  /// β and γ: what is fast.
  package var isFast: Bool { self == .beta || self == .gamma }

  /// δ, θ, α, β or γ.
  package var symbol: String {
    switch self {
    case .delta: "δ"
    case .theta: "θ"
    case .alpha: "α"
    case .beta: "β"
    case .gamma: "γ"
    }
  }

  /// The band that a frequency lies in; `nil` below 0.5 and above 100 Hz.
  package static func containing(_ frequency: Double) -> FrequencyBand? {
    allCases.first { $0.contains(frequency) }
  }

  package func contains(_ frequency: Double) -> Bool {
    frequency >= range.low && (frequency < range.high || self == .gamma && frequency == range.high)
  }

  /// Why a spectrum doesn't tell this band's power, a sentence; `nil` if it does.
  package func reasonForNone(nyquist: Double, resolution: Double) -> String? {
    if range.high > nyquist {
      return "\(symbol) reaches up to \(range.high) Hz, above half the sampling rate, \(nyquist) Hz."
    }
    let first = Int((range.low / resolution).rounded(.up))
    guard !contains(Double(first) * resolution) else { return nil }
    return "The frequencies of the spectrum are \(resolution) Hz apart, and none lies in \(symbol)."
  }
}
