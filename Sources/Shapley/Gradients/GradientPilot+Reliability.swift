import Statistics

extension GradientPilot {
  /// The least number of passes by which a single map is to be trusted: fewer give its errors too few degrees of freedom.
  package static let leastPassesAlone = 32
  /// What the passes that a pilot asks for are multiplied by: its errors are estimates, and a map that falls short can't be bettered.
  private static let margin = 1.5

  /// The fewest passes a stimulus by which the map of every series is expected to be as reliable as wanted.
  ///
  /// A map's reliability is S/(S + e/m), S the variance of ζ between its regions and e/m the mean squared error after m passes; S and e
  /// are those of the pilot's series, of which the one that asks for most decides; half as many again are taken. A number of `passSteps`, at least 32 and at
  /// most `most` or their last.
  ///
  /// - Parameters:
  ///   - series: of a pilot, by derivatives alone, all of the same passes.
  ///   - reliability: above 0 and below 1.
  package static func passes(
    series: [GradientEstimate], reliability: Double, most: Int = .max
  ) -> Int {
    precondition(reliability > 0 && reliability < 1)
    let wanted =
      series.map { series -> Double in
        let (signal, error) = variances(series)
        guard signal > 0 else { return .infinity }
        return error / signal * reliability / (1 - reliability)
      }.max() ?? .infinity
    let steps = passSteps.filter { $0 >= leastPassesAlone && $0 <= max(most, leastPassesAlone) }
    return steps.first { Double($0) >= margin * wanted } ?? steps.last ?? leastPassesAlone
  }

  /// How reliable the map of a stimulus will be after so many passes: the mean of S/(S + e/m) over the series.
  ///
  /// A pilot's series are estimated by derivatives alone; their passes' values make maps more reliable than it foresees.
  ///
  /// - Parameter series: of a pilot, at least one.
  package static func expectedReliability(series: [GradientEstimate], passes: Int) -> Double {
    let shares = series.map { series -> Double in
      let (signal, error) = variances(series)
      return signal > 0 ? signal / (signal + error / Double(passes)) : 0
    }
    return shares.reduce(0, +) / Double(shares.count)
  }

  /// S, the variance of a series' ζ between regions without its error's share, and e, the mean squared error of one pass.
  private static func variances(_ series: GradientEstimate) -> (signal: Double, errorPerPass: Double) {
    let error = series.estimate.standardError.reduce(0) { $0 + $1 * $1 } / Double(series.zeta.count)
    return (SampleMoments(series.zeta).variance - error, error * Double(series.estimate.evaluations))
  }
}
