import Grids
import Lesion
import Random
import Shapley

/// One series: the game of a layer and a stimulus, with its design and its donors.
///
/// Under `resample`, v(S) is the mean over the series' donors, and every group of the design meets one of them. v(∅)
/// is part of every estimate, so it is measured for each donor: the rows after the design's are ∅ once more for each
/// donor but the first.
struct SeriesGame {
  private let plan: ScanPlan
  private let request: ScanRequest
  private let layer: ScanPlan.Layer
  private let stimulus: Int
  /// The stimuli that replacements come from; empty unless the lesion is `resample`.
  let donors: [Int]

  init(plan: ScanPlan, request: ScanRequest, layer: Int, stimulus: Int) {
    self.plan = plan
    self.request = request
    self.layer = plan.layers[layer]
    self.stimulus = stimulus
    var others = Array(0..<plan.stimulusCount)
    others.remove(at: stimulus)
    var random = CounterRandom(
      seed: request.seed, domain: .donors, index: Self.stream(layer, stimulus))
    if plan.donorCount > 0 { random.shuffle(&others) }
    self.donors = Array(others.prefix(plan.donorCount))
  }

  /// Designs of different series are independent draws.
  private static func stream(_ layer: Int, _ stimulus: Int) -> UInt64 {
    UInt64(layer) << 32 | UInt64(stimulus)
  }

  func design() throws(ShapleyError) -> Design {
    try Design(
      layer.design, players: layer.regionCount, budget: layer.budget, index: request.index,
      seed: request.seed, stream: Self.stream(layer.number, stimulus))
  }

  /// The coalitions of some rows, and for `resample` the donor of each.
  func rows(_ range: Range<Int>) throws(ShapleyError) -> (coalitions: [Coalition], donors: [Int]) {
    let design = try design()
    let designed = range.clamped(to: 0..<layer.designRows)
    let anchors = range.clamped(to: layer.designRows..<layer.rows)
    let coalitions =
      design.coalitions(in: designed) + anchors.map { _ in Coalition(emptyOf: layer.regionCount) }
    guard !donors.isEmpty else { return (coalitions, []) }
    return (
      coalitions,
      designed.map { design.group($0) % donors.count } + anchors.map { $0 - layer.designRows + 1 }
    )
  }

  /// ζ of the series, with first-level errors.
  ///
  /// - Parameter values: those of the design's first rows, all of them or as many as were measured, then the anchors'.
  func estimate(_ values: [Float]) throws(ShapleyError) -> Estimate {
    let design = try measuredDesign(values)
    return try design.estimate(
      values: foldAnchors(values, design.rowCount), by: layer.estimator,
      positions: PlayerPositions(height: layer.grid[0], width: layer.grid[1], channels: layer.grid[2]),
      lesionsAreDrawn: request.lesion == .resample)
  }

  /// How pairs of regions interact in the series. - Parameter values: as for `estimate`.
  func interactions(_ values: [Float], _ pairs: RegionPairs) throws(ShapleyError) -> PairEstimate {
    let design = try measuredDesign(values)
    return try design.interactions(
      values: foldAnchors(values, design.rowCount), pairs: pairs, lesionsAreDrawn: request.lesion == .resample)
  }

  private func measuredDesign(_ values: [Float]) throws(ShapleyError) -> Design {
    try design(stoppedAt: values.count - (layer.rows - layer.designRows))
  }

  /// The design as far as it was measured: a layer ends where an estimate can be made, as `ScanPlan.looks` sees to.
  func design(stoppedAt rows: Int) throws(ShapleyError) -> Design {
    try design().truncated(toRows: rows)!
  }

  /// The values as the estimator wants them: v(∅) is the mean over donors, and rows past the design's are gone.
  private func foldAnchors(_ values: [Float], _ designRows: Int) -> [Float] {
    var folded = Array(values.prefix(designRows))
    guard layer.rows > layer.designRows else { return folded }
    let empties = [values[1]] + values.suffix(layer.rows - layer.designRows)
    folded[1] = Float(empties.reduce(0) { $0 + Double($1) } / Double(empties.count))
    return folded
  }
}
