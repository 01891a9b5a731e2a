import Phantom
import Reporting
import Shapley

/// How many of an analytic phantom's critical regions are found, and how many discoveries are false.
struct PhantomDetection {
  /// What the page says before the tables.
  static let introduction = """
    ## Detection on the analytic phantom

    K = 16, 40 phantoms a row (seeds 0 to 39), means over phantoms. *Found*: the share of the truly critical regions that
    are called critical. *Critical, falsely*: the share of those called critical that aren't. *Significant, falsely*: the
    share of the significant regions whose ζ is 0 under every stimulus. The bars, for 8 stimuli and more: above 0.9
    found, at most 0.05 falsely critical. Order 1 is affine and exact.
    """

  /// The bars: share of critical regions found, false discovery proportion.
  static let leastFound = 0.9
  static let mostFalse = 0.05
  private static let samples = 16
  private static let phantoms = 40
  /// Growing numbers of one and the same stimuli.
  private static let stimuli = [1, 8, 16]
  /// Phantoms of the rows that show the bars of the regression to the third digit.
  private static let manyPhantoms = 1000

  /// Shares as means over phantoms.
  private struct Shares {
    /// Critical regions that were called critical.
    var found = 0.0
    /// Regions called critical that aren't.
    var falselyCritical = 0.0
    /// Regions called significant whose ζ is 0 in every stimulus.
    var falselySignificant = 0.0
  }

  func report() throws -> String {
    var table = MarkdownTable([
      "phantom", "n", "estimator", "stimuli", "critical regions found", "critical, falsely", "significant, falsely",
    ])
    var missed: [String] = []
    var falselySignificant: [Double] = []
    for shape in AnalyticPhantom.Shape.allCases {
      for order in [2, 3] {
        for estimator in [EstimatorName.naive, .permutation, .regression] {
          for (stimuli, shares) in zip(
            Self.stimuli, try measure(shape, order: order, estimator, phantoms: Self.phantoms, stimuli: Self.stimuli))
          {
            table.append([
              "\(shape.rawValue), order \(order)", "\(shape.regionCount)", estimator.rawValue, "\(stimuli)",
              Number.fixed(shares.found, 3), Number.fixed(shares.falselyCritical, 3),
              Number.fixed(shares.falselySignificant, 3),
            ])
            if stimuli == 1 { continue }
            if shares.found <= Self.leastFound || shares.falselyCritical > Self.mostFalse {
              missed.append("\(estimator.rawValue) on \(shape.rawValue), order \(order), \(stimuli) stimuli")
            }
            if estimator == .regression { falselySignificant.append(shares.falselySignificant) }
          }
        }
      }
    }
    let verdict =
      missed.isEmpty
      ? "With 8 stimuli and more the bars are reached in every row."
      : "With 8 stimuli and more the bars are not reached by: \(missed.joined(separator: "; "))."
    let mean = falselySignificant.reduce(0, +) / Double(falselySignificant.count)
    return """
      \(table)

      \(verdict)

      Over the regression's rows with 8 stimuli and more, \(Number.fixed(mean, 3)) of the significant regions are null on \
      average, and \(Number.fixed(falselySignificant.max() ?? 0, 3)) in the worst row.

      The regression with 8 stimuli on \(Self.manyPhantoms) phantoms a row (seeds from 0 on):

      \(try many())
      """
  }

  /// The regression on many phantoms with 8 stimuli each.
  private func many() throws -> String {
    var table = MarkdownTable(["phantom", "n", "critical regions found", "critical, falsely", "significant, falsely"])
    for shape in [AnalyticPhantom.Shape.sequence, .conv] {
      let shares = try measure(shape, order: 3, .regression, phantoms: Self.manyPhantoms, stimuli: [8])[0]
      table.append([
        "\(shape.rawValue), order 3", "\(shape.regionCount)", Number.fixed(shares.found, 4),
        Number.fixed(shares.falselyCritical, 4), Number.fixed(shares.falselySignificant, 4),
      ])
    }
    return "\(table)"
  }

  /// `[stimuli]`: the mean shares for each number of stimuli.
  private func measure(
    _ shape: AnalyticPhantom.Shape, order: Int, _ estimator: EstimatorName, phantoms: Int, stimuli: [Int]
  ) throws -> [Shares] {
    var means = stimuli.map { _ in Shares() }
    for seed in 0..<phantoms {
      let phantom = AnalyticPhantom(shape: shape, order: order, seed: UInt64(seed))
      let series = try estimates(of: phantom, estimator, stimuli: stimuli.last ?? 0)
      for (place, stimuli) in stimuli.enumerated() {
        let shares = shares(of: phantom, found: LayerStatistics(series: Array(series.prefix(stimuli))))
        means[place].found += shares.found / Double(phantoms)
        means[place].falselyCritical += shares.falselyCritical / Double(phantoms)
        means[place].falselySignificant += shares.falselySignificant / Double(phantoms)
      }
    }
    return means
  }

  private func estimates(of phantom: AnalyticPhantom, _ estimator: EstimatorName, stimuli: Int) throws -> [Estimate] {
    let players = phantom.shape.regionCount
    let memory = DesignMemory()
    return try (0..<stimuli).map { stimulus in
      let design = try Design(
        estimator: estimator, players: players, budget: Self.samples * players, seed: phantom.seed + 1000,
        stream: UInt64(stimulus), memory: memory)
      return try design.estimate(of: .phantom(phantom, stimulus: stimulus))
    }
  }

  private func shares(of phantom: AnalyticPhantom, found statistics: LayerStatistics) -> Shares {
    let truth = Set(phantom.criticalRegions(stimulusCount: statistics.seriesCount))
    let nulls = Set(phantom.nullRegions)
    let regions = 0..<phantom.shape.regionCount
    let critical = regions.filter { statistics.isCritical[$0] }
    let significant = regions.filter { statistics.isSignificant[$0] }
    return Shares(
      found: share(critical.count(where: truth.contains), of: truth.count),
      falselyCritical: share(critical.count { !truth.contains($0) }, of: critical.count),
      falselySignificant: share(significant.count(where: nulls.contains), of: significant.count))
  }

  /// 0 of none is 0: no discovery is no false one.
  private func share(_ part: Int, of whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}
