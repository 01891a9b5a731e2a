import ScanPlan
import ScanResults
import Shapley
import Statistics

/// Which series are to be measured next, and how far: layer by layer, each in rounds that end with an analysis of its estimates.
///
/// While a layer's last series of a round are measured and estimated, the next layer's are handed out, so that no rank
/// waits for a decision. Decisions follow from the estimates alone, so a run that goes on takes them again.
struct Rounds {
  /// Where a layer stands.
  private struct Layer {
    let schedule: AnalysisSchedule
    /// The analysis that the present round ends with.
    var analysis = 0
    /// Series of the round that have not been estimated.
    var awaited: Int
    /// What holds the rows of the present round, those of earlier ones included.
    var shards: [Int]
    /// Rows of the design that are measured, or being measured, by stimulus.
    var designRows: [Int]
  }

  private let plan: ScanPlan
  private let rule: StoppingRule
  private let units: IndependentUnits
  private var layers: [Layer]
  /// Series to be taken up, by number, the next one last: so a layer's next round comes before the layers behind it.
  private var waiting: [Int]
  /// By layer: how it went; `nil` until it has ended, and where it was to be measured whole from the start.
  private(set) var ended: [LayerRounds?]

  init(plan: ScanPlan, request: ScanRequest) {
    self.plan = plan
    self.rule = request.stoppingRule
    self.units = IndependentUnits(plan, request)
    layers = plan.layers.map { layer in
      let schedule = plan.analyses(layer, rule: request.stoppingRule, index: request.measurement.index)
      return Layer(
        schedule: schedule, awaited: plan.stimulusCount, shards: plan.shards(holding: schedule.rows[0], layer),
        designRows: Array(repeating: 0, count: plan.stimulusCount))
    }
    waiting = plan.series(of: request.run.part).reversed()
    ended = plan.layers.map { _ in nil }
  }

  /// Takes up a series.
  ///
  /// - Returns: its number and the shards that its round needs, in order; `nil` if none is to be taken up for now.
  mutating func takeUp() -> (series: Int, shards: [Int])? {
    guard let series = waiting.popLast() else { return nil }
    let (number, stimulus) = series.quotientAndRemainder(dividingBy: plan.stimulusCount)
    let known = layers[number].designRows[stimulus]
    layers[number].designRows[stimulus] = layers[number].schedule.rows[layers[number].analysis]
    let shards = layers[number].shards
    guard known > 0 else { return (series, shards) }
    let before = Set(plan.shards(holding: known, plan.layers[number]))
    return (series, shards.filter { !before.contains($0) })
  }

  /// Rows of the design that a series has by the end of its round.
  func designRows(_ layer: Int, _ stimulus: Int) -> Int { layers[layer].designRows[stimulus] }

  /// Whether a series may be taken up once more.
  func isOpen(_ layer: Int) -> Bool { layers[layer].analysis < layers[layer].schedule.count - 1 }

  /// Notes that a series has reached the end of its round, and at the last of them decides how the layer goes on.
  ///
  /// - Parameter estimates: the layer's, by stimulus; `nil` for a series that was skipped.
  /// - Returns: whether the layer has ended.
  mutating func finish(_ number: Int, estimates: [Estimate?]) -> Bool {
    layers[number].awaited -= 1
    guard layers[number].awaited == 0 else { return false }
    let layer = layers[number]
    let stimuli = estimates.indices.filter { estimates[$0] != nil }
    guard layer.schedule.count > 1, !stimuli.isEmpty else { return true }
    let verdict = rule.verdict(
      estimates.compactMap(\.self), clusters: units.clusters(estimates.map { $0 != nil }),
      analysis: layer.analysis, of: layer.schedule)
    if let reason = verdict.reason {
      ended[number] = LayerRounds(verdict, reason, analysis: layer.analysis, of: layer.schedule, designRows: layer.designRows)
      return true
    }
    layers[number].analysis += 1
    layers[number].awaited = verdict.wanted.count
    layers[number].shards = plan.shards(holding: layer.schedule.rows[layer.analysis + 1], plan.layers[number])
    let wanted = verdict.wanted.map { number * plan.stimulusCount + stimuli[$0] }
    let place = waiting.lastIndex { $0 > wanted[0] }.map { $0 + 1 } ?? 0
    waiting.insert(contentsOf: wanted.reversed(), at: place)
    return false
  }
}
