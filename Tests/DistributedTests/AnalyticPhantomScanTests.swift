import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Scans of the phantoms whose every ζ is known in closed form, from the command line to the files.
  @Suite struct `A scan of an analytic phantom` {
    private let folder = TemporaryFolder()

    private struct Truth: Decodable {
      struct Stimulus: Decodable {
        let full: Double
        let empty: Double
        let shapley: [Double]
        let banzhaf: [Double]
      }

      let grid: [Int]
      let tensor: String
      let criticalRegions: [Int]
      let nullRegions: [Int]
      let stimuli: [Stimulus]

      /// ζ of every region, averaged over the stimuli.
      func zeta(_ index: String) -> [Double] {
        let all = stimuli.map { index == "shapley" ? $0.shapley : $0.banzhaf }
        return all[0].indices.map { region in all.reduce(0) { $0 + $1[region] } / Double(all.count) }
      }
    }

    /// What `impact.json` says of each region, by region number.
    private func scan(
      _ kind: String, order: Int, stimuli: Int, _ options: [String]
    ) throws -> (truth: Truth, regions: [[String: any Sendable]], layer: [String: any Sendable]) {
      let phantom = folder.path("phantom")
      let written = try Program.run(
        ["phantom", kind, "--order", "\(order)", "--count", "\(stimuli)", "--out", phantom])
      try #require(written.exitCode == 0, "\(written)")
      let truth = try JSONDecoder().decode(Truth.self, from: Data(TemporaryFolder.read(phantom + "/truth.json")))
      let run = try ScanRun(
        [
          "--model", phantom + "/model.onnx", "--data", phantom + "/stimuli.npz", "--layers", truth.tensor, "--grid",
          "8x8x4",
        ] + options, ranks: 2)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let layer = try #require(run.json("impact.json")["layer_0"] as? [String: any Sendable])
      #expect(layer["grid"] as? [Int] == truth.grid)
      let grids = try #require(layer["grids"] as? [String: [String: any Sendable]])
      var regions: [[String: any Sendable]] = []
      for i in 0..<truth.grid[0] {
        for j in 0..<truth.grid[1] {
          for k in 0..<truth.grid[2] { regions.append(try #require(grids["grid_\(i)_\(j)_\(k)"])) }
        }
      }
      return (truth, regions, layer)
    }

    @Test(arguments: ["conv", "dense", "sequence"], ["shapley", "banzhaf"])
    func `finds the closed form exactly where the network is affine`(_ kind: String, _ index: String) throws {
      let (truth, regions, layer) = try scan(kind, order: 1, stimuli: 3, ["--index", index])
      #expect(layer["estimator"] as? String == "affine")
      let effect = truth.stimuli.reduce(0) { $0 + $1.full - $1.empty } / Double(truth.stimuli.count)
      for (region, expected) in truth.zeta(index).enumerated() {
        let zeta = try #require(regions[region]["zeta"] as? Double)
        #expect(abs(zeta - expected) < 1e-4 * abs(effect), "region \(region)")
      }
    }

    @Test(arguments: ["conv", "dense", "sequence"], ["shapley", "banzhaf"])
    func `finds the closed form within its errors where regions interact in threes`(_ kind: String, _ index: String) throws {
      // One stimulus: the errors are those of the design alone.
      let (truth, regions, _) = try scan(
        kind, order: 3, stimuli: 1, ["--index", index, "--samples", "32", "--estimator", "regression"])
      let z = try truth.zeta(index).enumerated().map { region, expected in
        let error = try #require(regions[region]["standard_error"] as? Double)
        let difference = try #require(regions[region]["zeta"] as? Double) - expected
        return error > 0 ? difference / error : 0
      }
      #expect(z.allSatisfy { abs($0) < 5 }, "the largest is \(z.map(abs).max()!)")
      #expect(z.count { abs($0) < 2 } > z.count * 85 / 100)
    }

    @Test(arguments: ["conv", "dense"])
    func `finds the critical regions and few others`(_ kind: String) throws {
      let (truth, regions, _) = try scan(kind, order: 3, stimuli: 8, ["--samples", "16"])
      let found = Set(regions.indices.filter { regions[$0]["critical"] as? Bool == true })
      let planted = Set(truth.criticalRegions)
      #expect(found.intersection(planted).count * 10 > planted.count * 9, "found \(found.sorted()) of \(planted.sorted())")
      #expect(found.intersection(truth.nullRegions).count * 20 <= found.count)
    }
  }
}
