import Lesion
import ScanPlan
package import Shapley

extension SeriesGame {
  /// ζ of the series, with first-level errors.
  ///
  /// - Parameter values: those of the design's first rows, all of them or as many as were measured, then the anchors'.
  /// - Parameter estimator: fits the design.
  /// - Throws: `badValues` where a number isn't finite.
  package func estimate(_ values: [Float], by estimator: EstimatorName) throws(ShapleyError) -> Estimate {
    if layer.design == .gradients { return try gradientEstimate(values) }
    let values = layer.values(values)
    let design = try measuredDesign(values)
    return try design.estimate(
      values: foldAnchors(values, design.rowCount), by: estimator,
      positions: layer.positions)
  }

  /// How pairs of regions interact in the series; `nil` where its coalitions don't tell the pairs apart.
  ///
  /// - Parameter values: as for `estimate`.
  package func interactions(_ values: [Float], _ pairs: RegionPairs) throws(ShapleyError) -> PairEstimate? {
    if layer.design == .gradients {
      return try gradientDesign().interactions(derivatives: layer.passes(values).derivatives, pairs: pairs)
    }
    let values = layer.values(values)
    let design = try measuredDesign(values)
    return design.interactions(values: foldAnchors(values, design.rowCount), pairs: pairs)
  }

  private func gradientEstimate(_ numbers: [Float]) throws(ShapleyError) -> Estimate {
    let (values, derivatives) = layer.passes(numbers)
    return try gradientDesign().estimate(
      values: values, derivatives: derivatives, prior: layer.gradientPrior
    ).estimate
  }

  private func measuredDesign(_ values: [Float]) throws(ShapleyError) -> Design {
    try design(stoppedAt: values.count - (layer.rows - layer.designRows))
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

extension ScanPlan.Layer {
  /// v of each row, without the scores that are kept. - Parameter numbers: [rows x width].
  package func values(_ numbers: [Float]) -> [Float] {
    width == 1 ? numbers : stride(from: 0, to: numbers.count, by: width).map { numbers[$0] }
  }

  /// The numbers of gradient passes, taken apart. - Parameter numbers: [rows x (1 + regions)].
  package func passes(_ numbers: [Float]) -> (values: [Float], derivatives: [Float]) {
    let rows = numbers.count / width
    var values: [Float] = []
    var derivatives: [Float] = []
    values.reserveCapacity(rows)
    derivatives.reserveCapacity(rows * regionCount)
    for row in 0..<rows {
      values.append(numbers[row * width])
      derivatives += numbers[(row * width + 1)..<((row + 1) * width)]
    }
    return (values, derivatives)
  }
}
