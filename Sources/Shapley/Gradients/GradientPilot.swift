import Statistics

/// What a few series say of a layer's variances: between stimuli, of a gradient pass, of the correction, and its bias.
///
/// All are means over regions, in units of v². From them follow how many passes a stimulus is worth, how wide intervals will be
/// and how many regions will be critical.
package struct GradientPilot: Sendable, Hashable {
  /// Gradient passes of a pilot's series.
  package static let standardPassCount = 32
  /// The least number of series that has a variance worth the name.
  package static let minimumSeriesCount = 4

  package let seriesCount: Int
  /// The passes of each series.
  package let passCount: Int
  /// `[regions]`: the mean of ζ over the series, corrected.
  package let zeta: [Double]
  /// `[regions]`: the variance of ζ across stimuli without what sampling adds, not below 0.
  package let betweenStimuli: [Double]
  /// `[regions]`: T's sampling variance times passes.
  package let samplingPerPass: [Double]
  /// The correction's variance in one series, times passes.
  package let correctionPerPass: Double
  /// τ²: the mean squared bias of T, pooled over the series.
  package let bias: Double
  /// τ'²: the part of it that sums of ζ don't tell.
  package let biasSpread: Double
  /// The mean squared bias of T in a single series.
  package let curvature: Double
  /// The mean square of a series' ζ.
  package let meanSquare: Double

  /// - Parameters:
  ///   - series: four or more, of the same regions and passes.
  ///   - isEfficient: whether Σζ is the effect: the Shapley index.
  package init(series: [GradientEstimate], isEfficient: Bool) {
    precondition(series.count >= Self.minimumSeriesCount)
    let correction = PooledCorrection(series: series, isEfficient: isEfficient)
    let (count, passes) = (Double(series.count), Double(series[0].estimate.evaluations))
    seriesCount = series.count
    passCount = series[0].estimate.evaluations
    let regions = series[0].trapezoid.indices
    samplingPerPass = GradientPrior.samplingPerPass(of: series)
    let sampling = samplingPerPass.map { $0 / passes }
    zeta = regions.map { region in correction.zeta.reduce(0) { $0 + $1[region] } / count }
    betweenStimuli = regions.map { region in
      max(0, SampleMoments(series.map { $0.trapezoid[region] }).variance - sampling[region])
    }
    correctionPerPass = correction.found.variance * count * passes
    bias = correction.found.bias
    biasSpread = correction.found.spread
    curvature = series.reduce(0) { $0 + $1.curvature } / count
    let squares = series.reduce(0) { $0 + $1.trapezoid.reduce(0) { $0 + $1 * $1 } } / count
    let noise = sampling.reduce(0, +)
    meanSquare = max(0, squares - noise) / Double(regions.count)
  }

  /// The least number of passes of a stimulus that an automatic budget gives: fewer leave first-level errors so few degrees of
  /// freedom that hardly a region is significant in any single stimulus, and prevalence is far too small.
  package static let leastPasses = 16

  /// What sampling may be of the variance across stimuli.
  package static let largestShare = 0.08

  /// Passes by which budgets go: a fifth to a third more each time.
  package static let passSteps = [
    8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024,
  ]

  /// The fewest passes a stimulus of which sampling and remaining bias are below a share of the variance across stimuli.
  ///
  /// Sampling: mean sampling per pass / passes against the share of the mean variance between stimuli. Bias: what pooling over
  /// all stimuli leaves of it (`remainingBias`) against the same share of that variance over their number. At least `leastPasses`, a
  /// number of `passSteps`, and at most `most` or their last.
  ///
  /// - Parameters:
  ///   - stimuli: that the layer is to be measured with.
  ///   - share: what is below `largestShare` is more than the mean over stimuli needs.
  ///   - most: what can be afforded.
  package func passes(stimuli: Int, share: Double = largestShare, most: Int = .max) -> Int {
    let between = betweenStimuli.reduce(0, +) / Double(betweenStimuli.count)
    let sampling = samplingPerPass.reduce(0, +) / Double(samplingPerPass.count)
    let steps = Self.passSteps.filter { $0 >= min(Self.leastPasses, most) && $0 <= most }
    let enough = steps.first { passes in
      sampling / Double(passes) <= share * between
        && remainingBias(stimuli: stimuli, passes: passes) <= share * between / Double(stimuli)
    }
    return enough ?? steps.last ?? Self.passSteps[0]
  }

  /// The fewest passes that are expected to make every interval as narrow, or from which on only more stimuli would help.
  ///
  /// - Parameters:
  ///   - share: as above.
  ///   - percentOfEffect: half the width of an interval, in percent of |Σζ|.
  ///   - most: what can be afforded.
  package func passes(
    stimuli: Int, share: Double = largestShare, percentOfEffect: Double, confidence: Double, most: Int = .max
  ) -> Int {
    let enough = passes(stimuli: stimuli, share: share, most: most)
    let limit = percentOfEffect / 100 * abs(zeta.reduce(0, +))
    return Self.passSteps.first { passes in
      passes >= enough || forecast(stimuli: stimuli, passes: passes, confidence: confidence).widest <= limit
    } ?? enough
  }

  /// The mean squared bias that is expected to stay in the mean over so many stimuli: ((1 − Λ)² + 0.03Λ²)τ'², Λ = τ²/(τ² + s²), with
  /// s² the correction's variance over all passes.
  package func remainingBias(stimuli: Int, passes: Int) -> Double {
    let noise = correctionNoise(passes: Double(passes)) / Double(stimuli)
    let shrinkage = bias > 0 ? bias / (bias + noise) : 0
    return ((1 - shrinkage) * (1 - shrinkage) + GradientDesign.simpsonRemainder * shrinkage * shrinkage) * biasSpread
  }

  /// s² of a series of so many passes, which may go by another rule than the pilot's.
  func correctionNoise(passes: Double) -> Double {
    let ratio = PresenceRule(passes: Int(passes)).innerWeight / PresenceRule(passes: passCount).innerWeight
    return ratio * ratio * correctionPerPass / passes
  }

  /// What a layer of so many stimuli would show.
  package struct Forecast: Sendable, Hashable {
    package let stimuli: Int
    package let passes: Int
    /// The mean half width of the intervals, in units of v.
    package let halfWidth: Double
    /// The same of the widest interval.
    package let widest: Double
    /// Regions expected to be critical.
    package let criticalCount: Int
  }

  /// The widths and critical regions to expect.
  ///
  /// The regions' means are shrunk towards their common mean by what the pilot's errors make of their spread, and are then taken as
  /// the truth; so the number is of the size to expect, and no promise.
  package func forecast(
    stimuli: Int, passes: Int, confidence: Double = 0.95, falseDiscoveryRate: Double = 0.05
  ) -> Forecast {
    precondition(stimuli > 1)
    let regions = zeta.indices
    let count = Double(zeta.count)
    let noise = regions.map {
      (betweenStimuli[$0] + samplingPerPass[$0] / Double(passCount)) / Double(seriesCount)
    }
    let centre = zeta.reduce(0, +) / count
    let spread = zeta.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / count
    let real = max(0, spread - noise.reduce(0, +) / count)
    let left = remainingBias(stimuli: stimuli, passes: passes)
    var (means, p): ([Double], [Double]) = ([], [])
    var (width, widest) = (0.0, 0.0)
    for region in regions {
      let error =
        ((betweenStimuli[region] + samplingPerPass[region] / Double(passes)) / Double(stimuli) + left).squareRoot()
      let mean = centre + (real > 0 ? real / (real + noise[region]) : 0) * (zeta[region] - centre)
      let test = RegionTest(
        mean: mean, standardError: error, degreesOfFreedom: Double(stimuli - 1), confidence: confidence)
      means.append(mean)
      p.append(test.p)
      let halfWidth = (test.interval.upperBound - test.interval.lowerBound) / 2
      width += halfWidth / count
      widest = max(widest, halfWidth)
    }
    let isSignificant = FalseDiscoveryRate.qValues(p).map { $0 < falseDiscoveryRate }
    return Forecast(
      stimuli: stimuli, passes: passes, halfWidth: width, widest: widest,
      criticalCount: LayerStatistics.critical(zeta: means, isSignificant: isSignificant).count { $0 })
  }
}
