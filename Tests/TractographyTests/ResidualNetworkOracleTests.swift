import Anatomy
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing
import Tractography

/// Connection strengths of a CIFAR-10 ResNet-20 that were computed by explicit convolution outside the project.
@Suite(.enabled(if: SharedMaterial.isPresent, "needs the folder 'shared' beside the project"))
struct `Connections of a residual network` {
  private struct Oracle: Decodable {
    struct Connection: Decodable {
      let image: Int
      let from: String
      let to: String
      let gridHwc: [Int]
      let connection: [[Double]]
      let total: Double
    }
    let connections: [Connection]
  }

  @Test func `are those of the outside computation`() throws {
    let oracle = try SharedMaterial.oracle("connections_resnet20.json", as: Oracle.self)
    #expect(!oracle.connections.isEmpty)
    let runtime = try TestRuntime.make()
    let model = try Model(contentsOf: SharedMaterial.residualNetwork)
    var stimuli = try StimulusSet(contentsOf: SharedMaterial.images)
    try stimuli.setPreprocessing(
      Preprocessing(
        mean: SharedMaterial.means, standardDeviation: SharedMaterial.standardDeviations))
    let bench = try ConnectionBench(model: model, stimuli: stimuli, runtime: runtime)
    for expected in oracle.connections {
      let size = GridSize(height: expected.gridHwc[0], width: expected.gridHwc[1], channels: expected.gridHwc[2])
      let source = try bench.regions(of: expected.from, size, stimulus: expected.image)
      let target =
        expected.to == "logits"
        ? RegionMap(regionCount: 10, regions: (0..<10).map(UInt32.init))
        : try bench.regions(of: expected.to, size, stimulus: expected.image)
      let strengths = try bench.strengths(
        from: expected.from, source, to: expected.to, target, stimulus: expected.image)
      let total = strengths.reduce(0) { $0 + Double($1) }
      #expect(abs(total - expected.total) < 1e-4 * expected.total, "\(expected.from) to \(expected.to)")
      let largest = expected.connection.joined().max()!
      for (got, wanted) in zip(strengths, expected.connection.joined()) {
        #expect(abs(Double(got) - wanted) <= 1e-4 * wanted + 1e-7 * largest, "\(expected.from) to \(expected.to)")
      }
    }
  }
}
