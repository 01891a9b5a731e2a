package import Distribution
internal import Glibc

/// Turns means of activations into features in which a factor is a distance.
///
/// f(x) = sign(x)·log(1 + |x|/ε). Contrast, blur and fog multiply activity, and shrink a distance between the means themselves; in
/// logarithms they move as far down as others move up. ε, a fiftieth of what the layer's channels usually do, is where the
/// logarithm ends and differences count as they are, so that silent channels have features too.
package struct FeatureScale: Sendable, Hashable {
  /// ε as a share of the median |mean activity|.
  private static let share = 0.02

  private var floor = 1.0

  package init() {}

  /// - Parameter means: of channels of a layer, over all stimuli.
  init(of means: [Double]) {
    let sizes = means.map(abs).filter { $0 > 0 && $0.isFinite }.sorted()
    floor = sizes.isEmpty ? 1 : Self.share * sizes[sizes.count / 2]
  }

  /// Near 0 it is right to 10⁻¹⁶, as far as it matters beside deviations; log1p, which is right to the last digit, takes twice as long.
  package func feature(_ x: Double) -> Double { x < 0 ? -log(1 - x / floor) : log(1 + x / floor) }

  var isSound: Bool { floor > 0 && floor.isFinite }
}

extension FeatureScale: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&floor) }
}
