import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Long runs of a trained network, made outside the project.
  @Suite(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  struct `A trained network's reference` {
    private struct Oracle: Decodable {
      struct Game: Decodable {
        var image: Int
        var tensor: String
        var gridHwc: [Int]
        var targetClass: Int
        var zeta: [Double]
        var standardError: [Double]
      }

      var games: [Game]
    }

    @Test(arguments: [("permutation", 2), ("regression", nil)] as [(String, Int?)])
    func `is met within its errors`(_ estimator: String, _ ranks: Int?) throws {
      // The last of the games has the shortest suffix.
      let game = try #require(SharedMaterial.oracle("reference_resnet20_8x8x4.json", as: Oracle.self).games.last)
      let folder = TemporaryFolder()
      let record = 3073
      let images = TemporaryFolder.read(SharedMaterial.images)
      let image = folder.file("image.bin", images[(game.image * record)..<((game.image + 1) * record)])
      let means = SharedMaterial.means.map { "\($0)" }.joined(separator: ",")
      let deviations = SharedMaterial.standardDeviations.map { "\($0)" }.joined(separator: ",")
      let run = try ScanRun(
        [
          "--model", SharedMaterial.residualNetwork, "--data", image, "--mean", means, "--std", deviations, "--layers",
          game.tensor, "--grid", game.gridHwc.map(String.init).joined(separator: "x"), "--samples", "32", "--target",
          "\(game.targetClass)", "--estimator", estimator,
        ], ranks: ranks, limit: 120)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let rows = try #require(run.files["regions.tsv"])
      let table = String(decoding: rows, as: UTF8.self).split(separator: "\n").map { $0.split(separator: "\t") }
      let column = try #require(table[0].firstIndex(of: "zeta"))
      let errorColumn = try #require(table[0].firstIndex(of: "standard_error"))
      #expect(table.count == 1 + game.zeta.count)
      var squares = 0.0
      var outside = 0
      for (region, row) in table.dropFirst().enumerated() {
        let zeta = try #require(Double(row[column]))
        let error = try #require(Double(row[errorColumn]))
        let combined = (error * error + game.standardError[region] * game.standardError[region]).squareRoot()
        let deviation = (zeta - game.zeta[region]) / combined
        squares += deviation * deviation
        if abs(deviation) > 4 { outside += 1 }
      }
      #expect(outside == 0)
      // The errors are as large as they say: neither far too small nor far too large.
      let spread = (squares / Double(game.zeta.count)).squareRoot()
      #expect(spread > 0.5 && spread < 1.4, "\(spread)")
    }
  }
}
