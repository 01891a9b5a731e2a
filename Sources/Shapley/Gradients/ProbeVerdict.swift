/// What probes say of a layer: which rule for the integral of a region's derivative can be trusted there.
///
/// For a probe let r = v(S ∪ g) − v(S), t the mean of the derivatives at both ends (trapezoid) and s = t/3 + ⅔·the one in the
/// middle (Simpson). What a rule leaves is Σ(r − t)²/Σr², its error by the jackknife over probes, whose wideness is what tells heavy
/// tails. A region's bias is the mean of r − t over S: the mean product of a region's two residuals over that of its two
/// differences is its mean square over that of ζ.
package struct ProbeVerdict: Sendable, Hashable {
  package enum Rule: String, Sendable, Hashable, Codable {
    /// The derivatives are straight enough: trapezoid, corrected as far as curvature is measured.
    case trapezoid
    /// Only with the midpoints' correction.
    case corrected
    /// Not by gradients: the layer is to be measured by values.
    case values
  }

  /// What a rule may leave of the squared differences without more ado.
  package static let smallShare = 0.1
  /// What it may leave where it is corrected.
  package static let largestShare = 0.3
  /// Where the network may jump, what Simpson's rule may leave of what the trapezoid leaves: kinks leave a third of it, jumps all. And what it may
  /// leave in any case.
  private static let (largestJumps, harmlessShare) = (0.4, 0.005)
  /// How many jackknife errors above its estimate a share may lie.
  private static let errors = 1.645

  /// A share of the exact differences' squares and its jackknife error.
  package struct Share: Sendable, Hashable {
    package let estimate: Double
    package let standardError: Double
    /// A bound that holds in 19 of 20 cases.
    package var bound: Double { estimate + errors * standardError }
    /// The same from below.
    package var leastBound: Double { estimate - errors * standardError }
  }

  package let probeCount: Int
  package let rule: Rule
  /// One sentence for the reader of the result.
  package let reason: String
  /// Why gradients aren't to be trusted, as the end of a sentence; `nil` where they are.
  package let doubt: String?
  package let trapezoid: Share
  package let simpson: Share
  /// Whether gradients are turned down for want of probes: more may find that a rule leaves little enough.
  package var isOpen: Bool { rule == .values && min(trapezoid.leastBound, simpson.leastBound) <= Self.largestShare }
  /// The mean squared bias of a region's T over the mean square of ζ: from 0 to the share that the trapezoid leaves.
  package let trapezoidBias: Double
  /// The same of Simpson's rule.
  package let simpsonBias: Double
  /// What errors count as T's squared bias over T's own mean square: with a quarter of its jackknife error on top, and at most what T
  /// leaves of the squared differences over T's squares.
  package let curvature: Double
  /// What errors count as the share of a squared bias that Simpson's rule leaves: its bias, with its jackknife error on top, over the
  /// trapezoid's, but at most the one's share of the squared differences over the other's.
  package let remainder: Double
  /// The mean square of what Simpson's rule leaves of an exact difference, in units of v².
  package let noise: Double

  /// - Parameters:
  ///   - values: `[3 x probes]`, in the design's order.
  ///   - derivatives: `[3 x probes]`: of the probe's region in each row.
  ///   - decision: an operator at which the network may jump (`AdjointNetwork.decision`); nil where there is none.
  ///   - remedy: an option that may make gradients straighter, such as "--lesion mean"; nil where there is none.
  /// - Throws: `badValues` where the numbers aren't of whole pairs of probes or one isn't finite.
  package init(values: [Float], derivatives: [Float], decision: String? = nil, remedy: String? = nil) throws(ShapleyError) {
    let count = values.count / ProbeDesign.rowsPerProbe
    guard
      values.count == derivatives.count, values.count % (2 * ProbeDesign.rowsPerProbe) == 0,
      count >= ProbeDesign.minimumProbeCount
    else {
      throw ShapleyError(
        .badValues,
        """
        \(values.count) values and \(derivatives.count) derivatives aren't those of \(ProbeDesign.minimumProbeCount) probes or \
        more: measure them again.
        """)
    }
    guard (values + derivatives).allSatisfy(\.isFinite) else {
      throw ShapleyError(
        .badValues,
        "A probe's value or derivative isn't finite: choose a value or lesion for which the network's output stays finite.")
    }
    probeCount = count
    var (differences, ends, middle): ([Double], [Double], [Double]) = ([], [], [])
    for row in stride(from: 0, to: values.count, by: ProbeDesign.rowsPerProbe) {
      differences.append(Double(values[row + 2]) - Double(values[row]))
      ends.append((Double(derivatives[row]) + Double(derivatives[row + 2])) / 2)
      middle.append(ends[ends.count - 1] / 3 + Double(derivatives[row + 1]) * 2 / 3)
    }
    let trapezoid = Self.share(differences, ends)
    let simpson = Self.share(differences, middle)
    self.trapezoid = trapezoid
    self.simpson = simpson
    let (bias, middleBias) = (Self.bias(differences, ends), Self.bias(differences, middle))
    trapezoidBias = min(max(0, bias.estimate), trapezoid.estimate)
    simpsonBias = min(max(0, middleBias.estimate), simpson.estimate)
    let own = Self.bias(differences, ends, over: ends)
    let most = Self.share(ends, differences).estimate
    curvature = min(max(0, own.estimate) + own.standardError / 4, most.isFinite ? most : trapezoid.estimate)
    remainder = Self.remainder(
      left: max(0, middleBias.estimate) + middleBias.standardError,
      of: max(0, bias.estimate) + bias.standardError / 4,
      most: trapezoid.estimate > 0 && trapezoid.estimate.isFinite ? simpson.estimate / trapezoid.estimate : 1)
    noise = zip(differences, middle).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(differences.count)
    (rule, reason, doubt) = Self.verdict(trapezoid: trapezoid, simpson: simpson, decision: decision, remedy: remedy)
  }

  private static func verdict(
    trapezoid: Share, simpson: Share, decision: String?, remedy: String?
  ) -> (Rule, reason: String, doubt: String?) {
    let left = """
      the trapezoid leaves \(percent(trapezoid)) of the squared effects of single regions, \
      Simpson's rule \(percent(simpson))
      """
    if let decision, simpson.estimate > max(harmlessShare, largestJumps * trapezoid.estimate) {
      let doubt = "derivatives don't see the jumps where the network decides (\(decision)): \(left)"
      return (.values, "Measured by values, because \(doubt).", doubt)
    }
    let best = simpson.bound <= trapezoid.bound ? simpson : trapezoid
    if trapezoid.estimate <= smallShare && trapezoid.bound <= largestShare {
      return (.trapezoid, "Gradients are straight here: \(left).", nil)
    }
    // What the correction leaves counts, however much there is to correct.
    if best.bound <= largestShare {
      return (.corrected, "Gradients are curved here and are corrected: \(left).", nil)
    }
    let help = remedy.map { "; \($0) may help" } ?? ""
    let why =
      best.estimate <= largestShare
      ? "a few probes decide what is left, so that nothing can be said for sure" : "gradients say too little of what lesions do"
    let doubt = "\(why): \(left)"
    return (.values, "Measured by values, because \(doubt)\(help).", doubt)
  }

  private static func percent(_ share: Share) -> String {
    guard share.estimate < 10 else { return "over 1000 %" }
    func text(_ number: Double) -> String { String(Double((number * 1000).rounded()) / 10) }
    return "\(text(share.estimate)) ± \(text(share.standardError)) %"
  }

  /// Σ(r − x)²/Σr²; infinite where there are no differences but residuals, 0 where there is neither.
  private static func share(_ r: [Double], _ x: [Double]) -> Share {
    let left = zip(r, x).map { ($0 - $1) * ($0 - $1) }
    let all = r.map { $0 * $0 }
    guard all.contains(where: { $0 > 0 }) else {
      return Share(estimate: left.contains { $0 > 0 } ? .infinity : 0, standardError: 0)
    }
    return ratio(left, over: all)
  }

  /// Both probes of a region have independent coalitions, so the mean product of their residuals is the mean squared bias. Over
  /// that of their differences, or of `scale`, by the jackknife over pairs; 0 where that isn't positive.
  private static func bias(_ r: [Double], _ x: [Double], over scale: [Double]? = nil) -> Share {
    let pairs = stride(from: 0, to: r.count - 1, by: 2)
    let scale = scale ?? r
    return ratio(
      pairs.map { (r[$0] - x[$0]) * (r[$0 + 1] - x[$0 + 1]) }, over: pairs.map { scale[$0] * scale[$0 + 1] })
  }

  /// A share of 0 to 1, and no less than residual networks show.
  private static func remainder(left: Double, of bias: Double, most: Double) -> Double {
    let share = bias > 0 ? left / bias : 1
    return max(GradientDesign.simpsonRemainder, min(share, most, 1))
  }

  /// Σa/Σb and its error by the jackknife; 0 where Σb isn't positive.
  private static func ratio(_ a: [Double], over b: [Double]) -> Share {
    let (sum, total) = (a.reduce(0, +), b.reduce(0, +))
    guard total > 0 else { return Share(estimate: 0, standardError: 0) }
    let count = Double(a.count)
    let without = a.indices.map { total > b[$0] ? (sum - a[$0]) / (total - b[$0]) : 0 }
    let mean = without.reduce(0, +) / count
    let squares = without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Share(estimate: sum / total, standardError: (squares * (count - 1) / count).squareRoot())
  }
}
