import Anatomy
import Distribution
import Foundation
import Grids
import Lesion
import ModelGraph
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// A scan whose values are written down by hand: five stimuli of a layer of 2 x 1 x 3 regions, measured whole. No rank, no network.
///
/// v(S) of stimulus i: region r adds (i + 1)·r, and regions 4 and 5 together 6 more; region 0 adds nothing.
struct HandmadeScan {
  static let stimulusCount = 5
  static let grid = [2, 1, 3]
  static var regionCount: Int { grid.reduce(1, *) }

  let measurements: Measurements

  init() throws {
    var request = ScanRequest(model: "model.onnx", data: "stimuli.npy", output: "out")
    request.measurement.tracesConnections = false
    request.measurement.grid = try GridSize(parsing: "2x1x3")
    let rows = 1 << Self.regionCount
    let layer = ScanPlan.Layer(
      number: 0, tensor: "hidden", operatorType: "Relu", shape: [1, 3, 2, 1],
      axes: GridAxes(height: [2], width: [3], channels: [1]), layout: "N,C,H,W", layoutReason: "by hand", kind: "activation",
      kindReason: "by hand", elementTypes: [:], grid: Self.grid, regionCount: Self.regionCount, design: .allCoalitions,
      budget: rows,
      designRows: rows, rows: rows, batch: 4, suffixCostShare: 0.5, evaluationCost: 1e6)
    let plan = ScanPlan(
      modelDigest: String(repeating: "a", count: 64), dataDigest: String(repeating: "b", count: 64),
      preparation: ModelPreparation(), batch: 4,
      readout: Readout(output: "logits", tensor: "logits", shape: [2], classAxis: 0, link: .softmax, value: .logit),
      stimulusCount: Self.stimulusCount, donorCount: 0, rowsPerShard: 32, layers: [layer], refusals: [], notes: [],
      residentBytes: 0)
    let moments = try MomentStore(
      scratchIn: FileManager.default.temporaryDirectory.path(), regionCounts: [Self.regionCount],
      stimulusCount: Self.stimulusCount)
    for stimulus in 0..<Self.stimulusCount {
      let values = (0..<Self.regionCount).flatMap { region -> [Double] in
        let mean = Double(stimulus + region)
        return [1, mean, mean, 0]
      }
      try moments.write([RegionMoments(values: values)], stimulus: stimulus)
    }
    measurements = Measurements(
      request: request, plan: plan, targets: [0, 1, 0, 1, 0], predictions: [0, 1, 0, 1, 0], rounds: [nil], cutDeviations: [0],
      moments: moments)
  }

  static func value(of coalition: Coalition, stimulus: Int) -> Float {
    let single = coalition.intactPlayers.reduce(0) { $0 + (stimulus + 1) * $1 }
    return Float(single + (coalition[4] && coalition[5] ? 6 : 0))
  }

  /// ζ of every region, exactly.
  static func zeta(stimulus: Int) -> [Double] {
    (0..<regionCount).map { Double((stimulus + 1) * $0) + ($0 >= 4 ? 3 : 0) }
  }

  func result() throws -> ScanResult {
    let plan = measurements.plan
    let estimation = try measurements.estimation()
    var pipeline = ResultPipeline(runner: .alone(), estimation: estimation) { layer, stimulus in
      let design = try estimation.series(layer, stimulus).design()
      return design.coalitions(in: 0..<plan.layers[layer].rows).map { Self.value(of: $0, stimulus: stimulus) }
    }
    let estimates = try pipeline.estimates()
    return try pipeline.result(measurements, estimates: estimates, tracts: nil) { _ in
      RunRecord(
        ranks: 1, timings: [], idleShares: [:], checkpointSeconds: 0, earlierPasses: 0, instructionSets: ["any"],
        versions: RunRecord.Versions(
          program: ProgramVersion(number: "0", commit: ""), onnxRuntime: "0", mpi: "none", linearAlgebra: "none"))
    }
  }
}
