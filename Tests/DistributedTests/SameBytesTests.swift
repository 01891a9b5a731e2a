import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `Any number of ranks` {
    /// A scan of several shards a series, some of whose last batches are not full.
    struct Variant: Sendable, CustomStringConvertible {
      let network: SmallNetwork
      let options: [String]

      var description: String { ([network.name] + options).joined(separator: " ") }
    }

    private static let variants = [
      Variant(network: .residual, options: ["--estimator", "permutation", "--samples", "70"]),
      Variant(network: .residual, options: ["--estimator", "regression", "--samples", "71", "--value", "margin"]),
      Variant(network: .residual, options: ["--estimator", "permutation", "--samples", "40", "--lesion", "mean"]),
      Variant(network: .residual, options: ["--estimator", "gradient"]),
      Variant(network: .residual, options: ["--estimator", "gradient", "--samples", "100", "--lesion", "mean"]),
      Variant(network: .residual, options: ["--estimator", "permutation", "--samples", "70", "--lesion", "resample"]),
      Variant(
        network: .perceptron,
        options: [
          "--estimator", "naive", "--samples", "65", "--index", "banzhaf", "--value", "prob", "--layers", "all",
        ]),
      Variant(network: .residual, options: ["--estimator", "permutation", "--samples", "40", "--no-acquisition"]),
      Variant(network: .tokens, options: ["--samples", "64", "--layers", "mixed,hidden", "--target", "1"]),
      Variant(
        network: .sequence,
        options: ["--estimator", "permutation", "--samples", "20", "--position", "2", "--batch", "5"]),
      Variant(
        network: .stubbornSequence, options: ["--estimator", "permutation", "--samples", "10", "--flips", "100"]),
    ]

    @Test(arguments: variants)
    func `gives the same bytes`(_ variant: Variant) throws {
      let folder = TemporaryFolder()
      let files = try variant.network.write(to: folder, stimuli: 5)
      let options = files.options + ["--grid", "2x2x2"] + variant.options
      let reference = try ScanRun(options, ranks: nil)
      try #require(reference.command.exitCode == 0, "\(reference.command)")
      let expected = ["density.json", "impact.json", "regions.tsv"]
      #expect(expected.allSatisfy { reference.results[$0]?.isEmpty == false })
      #expect(reference.results.keys.contains { $0.hasPrefix("acquisition/") } == !options.contains("--no-acquisition"))
      for ranks in [1, 2, 3, 5] {
        let run = try ScanRun(options, ranks: ranks)
        #expect(run.command.exitCode == 0, "\(run.command)")
        let differing = Set(reference.results.keys).union(run.results.keys).filter {
          reference.results[$0] != run.results[$0]
        }
        #expect(differing == [], "on \(ranks) ranks")
        #expect(try run.summary() == reference.summary(), "on \(ranks) ranks")
        #expect(try run.json("scan.json")["ranks"] as? Int == ranks)
        #expect(try run.json("scan.json")["complete"] as? Bool == true)
      }
    }

    @Test(arguments: [SmallNetwork.wide, .sequence])
    func `gives the same bytes with the weights held once for all ranks`(_ network: SmallNetwork) throws {
      let folder = TemporaryFolder()
      let files = try network.write(to: folder, stimuli: 3)
      let options = files.options + ["--estimator", "permutation", "--samples", "8", "--grid", "2x2x2"]
      let reference = try ScanRun(options, ranks: 1)
      let temporary = folder.path("temporary")
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
      let run = try ScanRun(
        options + ["--share-weights", "always"], ranks: 3, environment: ["TMPDIR": temporary])
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(reference.results.count >= 4)
      let differing = reference.results.filter { $0.value != run.results[$0.key] }.keys.sorted()
      #expect(differing == [])
      #expect(run.results.count == reference.results.count)
      #expect(run.command.complaints == [] && !run.command.errors.contains("holds its weights for itself"))
      let left = try FileManager.default.contentsOfDirectory(atPath: temporary).filter { $0.hasPrefix("nnfmri") }
      #expect(left == [])
    }

    @Test(arguments: [SmallNetwork.wide, .sequence])
    func `gives the same bytes with the weights in a file of their own`(_ network: SmallNetwork) throws {
      let options = ["--estimator", "permutation", "--samples", "8", "--grid", "2x2x2"]
      let (folder, apart) = (TemporaryFolder(), TemporaryFolder())
      let reference = try ScanRun(network.write(to: folder, stimuli: 3).options + options, ranks: 1)
      let files = try network.write(to: apart, stimuli: 3, weightsApart: true)
      for sharing in ["never", "always"] {
        let run = try ScanRun(files.options + options + ["--share-weights", sharing], ranks: 2)
        #expect(run.command.exitCode == 0 && run.command.complaints == [], "\(run.command)")
        // These two hold the sum of the model's files.
        let differing = Set(reference.results.filter { $0.value != run.results[$0.key] }.keys)
        #expect(differing.isSubset(of: ["acquisition/measurements.json", "report.html"]))
        #expect(run.results.count == reference.results.count)
      }
    }

    @Test func `may exceed the number of shards`() throws {
      let folder = TemporaryFolder()
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 1)
      let options = files.options + ["--layers", "second", "--samples", "16", "--estimator", "permutation"]
      let reference = try ScanRun(options, ranks: 1)
      let run = try ScanRun(options, ranks: 6)
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(reference.results.count >= 4)
      #expect(run.results == reference.results)
    }

    @Test func `gives the same bytes when thirty-two ranks share a few cores`() throws {
      let folder = TemporaryFolder()
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let options = files.options + ["--estimator", "naive", "--samples", "60", "--grid", "3x3x4"]
      let reference = try ScanRun(options, ranks: 1)
      let run = try ScanRun(options, ranks: 32, limit: 120)
      #expect(run.command.exitCode == 0, "\(run.command)")
      #expect(reference.results.count >= 4)
      let differing = reference.results.filter { $0.value != run.results[$0.key] }.keys.sorted()
      #expect(differing == [])
      #expect(run.results.count == reference.results.count)
      let idle = try #require(try run.json("scan.json")["idle_share"] as? [String: [Double]])
      #expect(idle["measuring"]?.count == 32)
      #expect(idle.values.allSatisfy { $0.allSatisfy { (0...1).contains($0) } })
    }

    @Test func `gives the same bytes in every locale and time zone and with every progress`() throws {
      let folder = TemporaryFolder()
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let arguments = ["scan"] + files.options + ["--samples", "32", "--estimator", "permutation"]
      var results: [[String: [UInt8]]] = []
      for (number, style) in ["none", "bar", "lines", "json", "auto"].enumerated() {
        let output = folder.path("out\(number)")
        let command = try Program.run(
          arguments + ["--out", output, "--progress", style], ranks: number % 2 + 1,
          environment: ["LC_ALL": ["C", "de_DE.UTF-8"][number % 2], "TZ": ["UTC", "Asia/Kathmandu"][number % 2]])
        #expect(command.exitCode == 0, "\(command)")
        results.append(TemporaryFolder.files(below: output).filter { $0.key != "scan.json" })
      }
      #expect(results.allSatisfy { $0 == results[0] && $0.count >= 4 })
    }

    @Test func `gives other bytes to another seed`() throws {
      let folder = TemporaryFolder()
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let options = files.options + ["--layers", "first", "--samples", "16", "--estimator", "permutation"]
      let (a, b) = (try ScanRun(options, ranks: 2), try ScanRun(options + ["--seed", "43"], ranks: 2))
      #expect(a.files["acquisition/layer_0.npy"] != b.files["acquisition/layer_0.npy"])
      #expect(a.files["density.json"] == b.files["density.json"])
    }
  }
}
