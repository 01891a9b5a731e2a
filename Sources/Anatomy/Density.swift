#if canImport(Glibc)
  internal import Glibc
#endif

/// φ = mean|a| + λ·log(σ² + ε): how much a region does, and how variably.
///
/// λ weighs the spread against the level, in natural logarithms; ε keeps a silent region finite, at λ·log ε ≈ −1.84.
package enum Density {
  /// λ.
  package static let spreadWeight = 0.1
  /// ε, in squared units of the activation.
  package static let varianceFloor = 1e-8

  package static func value(meanMagnitude: Double, variance: Double) -> Double {
    meanMagnitude + spreadWeight * log(variance + varianceFloor)
  }
}
