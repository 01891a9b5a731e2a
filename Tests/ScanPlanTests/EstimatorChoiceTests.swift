import UserErrors
import Shapley
import Testing

@testable import Scan

/// Another estimator, or index, for what a scan measured.
@Suite("Another analysis of a scan") struct EstimatorChoiceTests {
  private func plan(_ estimators: [EstimatorName]) -> ScanPlan {
    ScanPlan(
      modelDigest: "m", dataDigest: "d", isBatchFreed: false, batch: 4, readTensor: "logits",
      link: "softmax", outputShape: [3], stimulusCount: 5, donorCount: 0, rowsPerShard: 8,
      layers: estimators.enumerated().map { number, estimator in
        ScanPlan.Layer(
          number: number, tensor: "t\(number)", operatorType: "Relu", shape: [1, 4], sideTypes: [:], grid: [1, 1, 4],
          regionCount: 4, design: estimator.design, estimator: estimator, estimatorReason: "planned", budget: 20,
          designRows: 20, rows: 20, suffixCostShare: 1)
      }, refusals: [], notes: [], residentBytes: 0)
  }

  @Test("leaves layers whose ζ are exact as they are, where others take it")
  func exactLayersKeepTheirs() throws {
    var plan = plan([.regression, .exact, .affine, .leverage])
    try plan.use(.leverage, index: .shapley)
    #expect(plan.layers.map(\.estimator) == [.leverage, .exact, .affine, .leverage])
    #expect(plan.layers.map(\.design) == [.complementPairs, .allCoalitions, .singleLesions, .complementPairs])
    #expect(plan.layers.map { $0.estimatorReason == "planned" } == [false, true, true, true])
  }

  @Test("is refused with the layer's name where a layer can't take it")
  func misfits() {
    for (estimators, wanted, layer) in [
      ([EstimatorName.regression, .permutation], EstimatorName.leverage, "layer_1 (t1)"),
      ([.exact, .affine], .affine, "layer_0 (t0)"), ([.regression], .exact, "layer_0 (t0)"),
    ] {
      var plan = plan(estimators)
      let error = #expect(throws: Failure.self) { try plan.use(wanted, index: .shapley) }
      #expect(error?.exitStatus == .usage && error?.message.contains(layer) == true, "\(String(describing: error))")
    }
  }

  @Test("takes another index only where all layers were measured whole")
  func otherIndex() throws {
    try plan([.exact, .affine]).check(index: .banzhaf, measuredFor: .shapley)
    try plan([.regression]).check(index: .banzhaf, measuredFor: .banzhaf)
    let error = #expect(throws: Failure.self) {
      try plan([.exact, .regression]).check(index: .banzhaf, measuredFor: .shapley)
    }
    #expect(error?.message.contains("layer_1 (t1)") == true && error?.message.contains("--index banzhaf") == true)
  }
}
