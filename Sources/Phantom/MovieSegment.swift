/// A stretch of a movie in which one thing happens.
package struct MovieSegment: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// No glyph on a dim ground.
    case idle
    /// The glyph's contrast flickers slowly (δ, θ, α) between a tenth and a half.
    case slow
    /// The glyph's contrast flickers fast (β, γ) between 0.6 and 1.
    case fast
    /// Noise in place of a third of the pixels, other ones in each frame.
    case snow
    /// Every pixel at one end of its range.
    case saturated
  }

  /// The first frame.
  package let start: Int
  /// The frame after the last.
  package let end: Int
  package let kind: Kind
  /// Of the flicker, in Hz; absent where nothing flickers.
  package let frequency: Double?
  /// The band that the frequency lies in; absent likewise.
  package let band: String?

  /// What a layer should be found to do: `idle`, `processing`, `active` or `anomalous`.
  package var state: String {
    switch kind {
    case .idle: "idle"
    case .slow: "processing"
    case .fast: "active"
    case .snow, .saturated: "anomalous"
    }
  }

  package var isCorrupted: Bool { kind == .snow || kind == .saturated }
}
