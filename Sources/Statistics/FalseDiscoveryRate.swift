/// Benjamini–Hochberg's control of the false discovery rate.
package enum FalseDiscoveryRate {
  /// q-values: the least rate at which each hypothesis would be rejected, q₍ᵢ₎ = min_{j ≥ i} m·p₍ⱼ₎/j, at most 1.
  ///
  /// Equal p give equal q. Valid for independent and positively dependent tests.
  /// Source: Benjamini & Hochberg, J. R. Stat. Soc. B 57 (1995).
  ///
  /// - Parameter p: `[tests]`, each in 0...1.
  package static func qValues(_ p: [Double]) -> [Double] {
    precondition(p.allSatisfy { $0 >= 0 && $0 <= 1 })
    var q = [Double](repeating: 1, count: p.count)
    var least = 1.0
    let descending = p.indices.sorted { (p[$0], $0) > (p[$1], $1) }
    for (position, test) in descending.enumerated() {
      // A ratio of 1 or more first, so that rounding takes no q below its p.
      least = min(least, p[test] * (Double(p.count) / Double(p.count - position)))
      q[test] = least
    }
    return q
  }
}
