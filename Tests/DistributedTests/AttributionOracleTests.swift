import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// What captum makes of the phantom's network, written by Scripts/attribution_oracle.py.
  @Suite struct `Maps of the phantom's network` {
    private struct Oracle: Decodable {
      struct Maps: Decodable {
        let target: Int
        let integrated_gradients: [Double]
        let gradient_x_activation: [Double]
        /// Of whole cells: all groups of channels together.
        let grad_cam: [Double]
      }

      let grid: [Int]
      let stimuli: Int
      let layers: [String: [Maps]]

      init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "attributions.json")
        self = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: path))
      }
    }

    @Test func `are captum's, by Grad-CAM, gradient x activation and integrated gradients`() throws {
      let (folder, oracle) = (TemporaryFolder(), try Oracle())
      let (phantom, scan) = (folder.path("phantom"), folder.path("scan"))
      try #require(
        try Program.run(["phantom", "glyphs", "--count", "\(oracle.stimuli)", "--out", phantom]).exitCode == 0)
      let layers = oracle.layers.keys.sorted()
      let run = try Program.run(
        [
          "--model", phantom + "/model.onnx", "--data", phantom + "/stimuli.bin", "--layers", layers.joined(separator: ","),
          "--grid", oracle.grid.map(String.init).joined(separator: "x"), "--samples", "4", "--no-tracts", "--progress", "none",
          "--out", scan,
        ], ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      let compared = try Program.run(
        ["compare", scan, "--stimuli", "\(oracle.stimuli)", "--reference", "4", "--progress", "none"], ranks: 2)
      try #require(compared.exitCode == 0, "\(compared)")
      let file = try JSONSerialization.jsonObject(with: Data(TemporaryFolder.read(scan + "/comparison.json")))
      let methods = try #require((file as? [String: any Sendable])?["methods"] as? [String])

      for (number, layer) in layers.enumerated() {
        let maps = try NumericArray(contentsOfNPY: scan + "/comparison_maps/layer_\(number).npy")
        let (regions, groups) = (maps.shape[2], oracle.grid[2])
        func map(_ method: String, _ stimulus: Int) throws -> [Double] {
          let start = (try #require(methods.firstIndex(of: method)) * maps.shape[1] + stimulus) * regions
          return maps.doubles(start..<start + regions)
        }
        for (stimulus, theirs) in oracle.layers[layer]!.enumerated() {
          #expect(Self.deviation(try map("integrated_gradients", stimulus), theirs.integrated_gradients) < 1e-4)
          #expect(Self.deviation(try map("gradient_x_activation", stimulus), theirs.gradient_x_activation) < 1e-4)
          let own = try map("grad_cam", stimulus)
          let cells = (0..<regions / groups).map { cell in own[cell * groups..<(cell + 1) * groups].reduce(0, +) }
          #expect(Self.deviation(cells, theirs.grad_cam) < 1e-4)
        }
      }
    }

    /// The largest difference as a share of the largest score.
    private static func deviation(_ own: [Double], _ theirs: [Double]) -> Double {
      guard own.count == theirs.count, let scale = theirs.map(abs).max(), scale > 0 else { return .infinity }
      return zip(own, theirs).map { abs($0 - $1) }.max()! / scale
    }
  }
}
