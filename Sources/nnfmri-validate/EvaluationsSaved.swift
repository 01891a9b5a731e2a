import Phantom
import Reporting
import Shapley

/// What a scan that ends early saves, and what it costs in decisions: is a region critical?
struct EvaluationsSaved {
  private static let samples = 64
  private static let stimuli = 8
  private static let phantoms = 40

  private var rules: [(name: String, rule: StoppingRule)] {
    [
      ("all of K = \(Self.samples)", StoppingRule(tolerance: nil, allocation: .even, confidence: 0.95)),
      ("± 8 %", StoppingRule(tolerance: 8, allocation: .even, confidence: 0.95)),
      ("decisions", StoppingRule(tolerance: nil, allocation: .decisions, confidence: 0.95)),
      ("± 8 %, decisions", StoppingRule(tolerance: 8, allocation: .decisions, confidence: 0.95)),
    ]
  }

  private struct Shares {
    var found = 0.0
    var falselyCritical = 0.0
    var spent = 0.0
    var halfWidth = 0.0
    var ends: [StoppingRule.Reason: Int] = [:]
  }

  func report() throws -> String {
    var table = MarkdownTable([
      "phantom", "n", "rule", "ended by", "critical regions found", "critical, falsely", "evaluations spent",
      "widest interval, ± %",
    ])
    for order in [2, 3] {
      let shape = AnalyticPhantom.Shape.sequence
      for (name, rule) in rules {
        let shares = try measure(shape, order, rule)
        let ends = shares.ends.sorted { $0.value > $1.value }.map { "\($0.key.rawValue) \($0.value)" }
        table.append([
          "\(shape.rawValue), order \(order)", "\(shape.regionCount)", name, ends.joined(separator: ", "),
          Number.fixed(shares.found, 3), Number.fixed(shares.falselyCritical, 3), Number.fixed(shares.spent, 3),
          Number.fixed(shares.halfWidth, 2),
        ])
      }
    }
    return "\(table)"
  }

  private func measure(_ shape: AnalyticPhantom.Shape, _ order: Int, _ rule: StoppingRule) throws -> Shares {
    var means = Shares()
    let weight = 1 / Double(Self.phantoms)
    for seed in 0..<Self.phantoms {
      let phantom = AnalyticPhantom(shape: shape, order: order, seed: UInt64(seed))
      let games = (0..<Self.stimuli).map { ReferenceGame.phantom(phantom, stimulus: $0) }
      let run = try StoppedRun(games: games, samples: Self.samples, rule: rule, seed: phantom.seed + 1000)
      let found = LayerStatistics(series: run.series, errorShare: run.schedule.errorShare)
      let truth = Set(phantom.criticalRegions(stimulusCount: Self.stimuli))
      let critical = (0..<shape.regionCount).filter { found.isCritical[$0] }
      let right = Double(critical.count(where: truth.contains))
      means.found += truth.isEmpty ? 0 : weight * right / Double(truth.count)
      means.falselyCritical += critical.isEmpty ? 0 : weight * (1 - right / Double(critical.count))
      means.spent +=
        weight * Double(run.rows.reduce(0, +)) / Double(Self.stimuli * run.schedule.rows[run.schedule.count - 1])
      let effect = abs(SampleMoments(run.series.map(\.effect)).mean)
      let widest = found.tests.map { $0.interval.upperBound - $0.mean }.max() ?? 0
      means.halfWidth += weight * 100 * widest / effect
      means.ends[run.reason, default: 0] += 1
    }
    return means
  }
}
