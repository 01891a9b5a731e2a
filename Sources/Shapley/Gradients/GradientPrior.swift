/// What probes and a pilot said of a layer: what the errors of a series count beside its own few passes.
///
/// In a network of few rectifiers all pairs of a stimulus may miss the same kink. Then they agree though they are wrong, and
/// nothing in them says so; other stimuli of the layer do.
package struct GradientPrior: Sendable, Hashable {
  /// The mean squared bias of T over its mean square, for passes that are too few to tell (`ProbeVerdict`).
  package let curvature: Double
  /// The share of a squared bias that Simpson's rule leaves.
  package let remainder: Double
  /// The mean square of what Simpson's rule leaves of a single difference v(S ∪ g) − v(S), in units of v². Where it is chance, as the
  /// rounding of quantised networks is, it doesn't average out over all coalitions, of which there are few of some sizes.
  package let noise: Double
  /// `[regions]`: T's sampling variance times passes, in units of v²; empty where there was no pilot.
  package let samplingPerPass: [Double]

  /// For a pilot's series, of whose layer nothing is known: no result is made of their errors.
  package static let pilot = GradientPrior(curvature: 0.1)

  package init(
    curvature: Double, remainder: Double = GradientDesign.simpsonRemainder, noise: Double = 0, samplingPerPass: [Double] = []
  ) {
    self.curvature = curvature
    self.remainder = remainder
    self.noise = noise
    self.samplingPerPass = samplingPerPass
  }

  /// `[regions]`: the mean over a pilot's series of T's sampling variance times passes.
  ///
  /// - Parameter series: at least one, all of the same regions and passes.
  package static func samplingPerPass(of series: [GradientEstimate]) -> [Double] {
    let scale = Double(series[0].estimate.evaluations) / Double(series.count)
    return series[0].trapezoidVariance.indices.map { region in
      series.reduce(0) { $0 + $1.trapezoidVariance[region] } * scale
    }
  }

  package init(_ verdict: ProbeVerdict, samplingPerPass: [Double]) {
    self.init(
      curvature: verdict.curvature, remainder: verdict.remainder, noise: verdict.noise, samplingPerPass: samplingPerPass)
  }

  /// A region's sampling variance of T, moderated: its own counts as ν observations and the pilot's as one more, where that makes it
  /// larger (Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004, in the safe direction only).
  ///
  /// - Parameters:
  ///   - variance: the series' own, of so many passes, with ν degrees of freedom.
  ///   - region: whose it is.
  func moderated(_ variance: Double, freedom: Double, passes: Int, region: Int) -> Double {
    guard !samplingPerPass.isEmpty else { return variance }
    return max(variance, (freedom * variance + samplingPerPass[region] / Double(passes)) / (freedom + 1))
  }
}

extension ValueIndex {
  /// Σw² over the weights of all coalitions in a region's value: what of a variance that differs from coalition to coalition by chance
  /// is left of it in the value.
  func concentration(players: Int) -> Double {
    switch self {
    case .shapley:
      // Σ_k 1/(n²·C(n − 1, k)), each size with its complement's. Of many players C is infinite in the middle, where it adds nothing.
      var (sum, coalitions) = (0.0, 1.0)
      for size in 0..<(players + 1) / 2 {
        sum += (2 * size == players - 1 ? 1 : 2) / coalitions
        coalitions *= Double(players - 1 - size) / Double(size + 1)
      }
      return sum / Double(players * players)
    case .banzhaf:
      return Double(sign: .plus, exponent: 1 - players, significand: 1)
    }
  }
}
