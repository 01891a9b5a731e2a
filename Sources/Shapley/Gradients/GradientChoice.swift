/// Whether a layer is measured by gradients or by values: what the probes allow, and whose expected error is the smaller.
package struct GradientChoice: Sendable, Hashable {
  package enum Measurement: String, Sendable, Hashable, Codable {
    case gradients
    case values
  }

  /// What `cubic` and the regression's modulation by size leave at best of the plain regression's squared error. Measured on
  /// residual networks: 0.3 to 0.8.
  package static let leastLeft = 0.3

  package let measurement: Measurement
  /// The mean squared error of a stimulus's ζ that is expected of gradients, in units of v².
  package let gradientError: Double
  /// The same of values; infinite where the budget is below their least.
  package let valuesError: Double
  /// One sentence for the reader of the result.
  package let reason: String

  /// - Parameters:
  ///   - verdict: of the layer's probes.
  ///   - pilot: of its first stimuli.
  ///   - positions: where its regions lie; nil where that isn't known.
  ///   - budget: plain passes that a stimulus may cost.
  ///   - cost: of a gradient pass in plain passes.
  ///   - oddResidual: the mean square of what Σζ over S leaves of (v(S) − v(Sᶜ))/2 in a pilot's pairs (`oddResidual`).
  package init(
    verdict: ProbeVerdict, pilot: GradientPilot, positions: PlayerPositions? = nil, budget: Int, cost: Double, oddResidual: Double
  ) {
    let players = pilot.zeta.count
    let passes = Double(budget) / cost
    // A pilot's few passes needn't know how curved gradients are; probes do.
    let design = try? GradientDesign(players: players, positions: positions, passes: Int(passes), seed: 0)
    let derivatives = pilot.error(
      passes: passes, curvature: max(pilot.curvature, verdict.curvature * pilot.meanSquare),
      isMeasured: design?.measuresCurvature ?? false, simpsonBias: verdict.simpsonBias)
    // Where their own values are used, they tell of ζ as a regression's do, and the two are weighed against each other.
    let own = Self.regressionError(oddResidual: oddResidual, budget: Int(passes))
    gradientError = design?.usesValues != true ? derivatives : derivatives + own > 0 ? derivatives * own / (derivatives + own) : 0
    let least = Design.minimumRowCount(.complementPairs, players: players, index: .shapley)
    let expected = Self.leastLeft * Self.regressionError(oddResidual: oddResidual, budget: budget)
    valuesError = budget < least ? .infinity : expected
    if verdict.rule == .values {
      measurement = .values
      reason = verdict.reason
    } else if passes < Double(GradientDesign.minimumPassCount) {
      measurement = .values
      reason = "Measured by values: \(budget) passes a stimulus buy less than \(GradientDesign.minimumPassCount) gradient passes."
    } else if gradientError <= valuesError {
      measurement = .gradients
      reason = verdict.reason
    } else {
      measurement = .values
      reason = "Measured by values, whose expected squared error is \(Self.ratio(valuesError, gradientError)) of the gradients'."
    }
  }

  /// The mean squared error of ζ by a plain regression on balanced pairs: ζ = 2β, and var β = ρ²/(⅔P) with P pairs.
  static func regressionError(oddResidual: Double, budget: Int) -> Double { 12 * oddResidual / Double(max(1, budget)) }

  /// The mean square of what ζ leaves of the odd part of a pilot's pairs, a curve in the size taken off.
  ///
  /// - Parameters:
  ///   - design: a series' passes, with `values`, `[rowCount]`.
  ///   - zeta: `[regions]`, its estimate by derivatives alone: one that was fitted to the values leaves too little of them.
  package static func oddResidual(_ design: GradientDesign, values: [Float], zeta: [Double]) -> Double {
    precondition(values.count == design.rowCount && design.pairCount > 0)
    let n = design.playerCount
    let effect = Double(values[0]) - Double(values[1])
    let masks = design.masks(in: 2..<design.rowCount)
    var (residuals, curves): ([Double], [Double]) = ([], [])
    for pair in 0..<design.pairCount {
      let start = 2 * pair * n
      var (share, explained) = (0.0, 0.0)
      for player in 0..<n {
        let sign = 2 * Double(masks[start + player]) - 1
        share += sign / Double(n)
        explained += sign * zeta[player] / 2
      }
      let odd = (Double(values[2 + 2 * pair]) - Double(values[3 + 2 * pair])) / 2
      residuals.append(odd - explained)
      curves.append(effect * share * (1 - share * share))
    }
    let square = curves.reduce(0) { $0 + $1 * $1 }
    let slope = square > 0 ? zip(curves, residuals).reduce(0) { $0 + $1.0 * $1.1 } / square : 0
    return zip(curves, residuals).reduce(0) { sum, pair in
      let rest = pair.1 - slope * pair.0
      return sum + rest * rest
    } / Double(residuals.count)
  }

  private static func ratio(_ a: Double, _ b: Double) -> String { String((a / b * 100).rounded() / 100) }
}

extension GradientPilot {
  /// The mean squared error of one stimulus's ζ with so many passes: sampling, what shrinkage leaves of curvature (all of it where
  /// midpoints are too few to tell), and what Simpson's rule does.
  func error(passes: Double, curvature: Double, isMeasured: Bool, simpsonBias: Double) -> Double {
    let sampling = samplingPerPass.reduce(0, +) / Double(samplingPerPass.count) / passes
    let noise = correctionNoise(passes: passes)
    let left = !isMeasured ? curvature : curvature > 0 ? curvature * noise / (curvature + noise) : 0
    return sampling + left + simpsonBias * meanSquare
  }
}
