import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `Another provider` {
    private let folder = TemporaryFolder()

    private func scan(
      _ options: [String], to output: String, ranks: Int? = nil, environment: [String: String?] = [:]
    ) throws -> Command {
      try Program.run(
        ["scan"] + options + ["--progress", "none", "--out", folder.path(output)], ranks: ranks, environment: environment,
        limit: 120)
    }

    @Test(arguments: [nil, 2]) func `that isn't there is refused once, with what to install`(_ ranks: Int?) throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let command = try scan(
        files.options + ["--provider", "qnn"], to: "out", ranks: ranks, environment: ["NNFMRI_PROVIDERS": ""])
      #expect(command.exitCode == 69, "\(command)")
      #expect(command.complaints.count == 1, "\(command)")
      for words in ["--provider qnn", "cpu", "pip install onnxruntime-qnn"] {
        #expect(command.complaints.first?.contains(words) == true, "\(command)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path("out") + "/scan.json"))
    }

    @Test(.enabled(if: ProviderPlugin.openVINO != nil, Comment(rawValue: ProviderPlugin.absence)))
    func `gives the same bytes on any number of ranks, near the processor's, and is part of the identity`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 4)
      let options = files.options + ["--samples", "12", "--grid", "2x2x2"]
      let provider = options + ["--provider", "openvino"]
      let alone = try scan(provider, to: "alone")
      #expect(alone.exitCode == 0, "\(alone)")
      #expect(alone.errors.contains("passes by OpenVINO"), "\(alone)")
      #expect(alone.errors.contains("OpenVINO runs all") || alone.errors.contains("OpenVINO lacks"), "\(alone)")
      let shared = try scan(provider, to: "shared", ranks: 2)
      #expect(shared.exitCode == 0, "\(shared)")
      func results(_ name: String) -> [String: [UInt8]] {
        TemporaryFolder.files(below: folder.path(name)).filter { $0.key != "scan.json" }
      }
      let isSame = results("alone") == results("shared")
      #expect(isSame)

      let processor = try scan(options, to: "processor")
      #expect(processor.exitCode == 0, "\(processor)")
      let (own, other) = (try values("processor"), try values("alone"))
      #expect(own.count == other.count && !own.isEmpty)
      for (one, other) in zip(own, other) { #expect(abs(one - other) < 1e-3) }

      for (arguments, words) in [
        (options, "--provider is not there now and was openvino then"),
        (provider + ["--provider-option", "device_type=CPU"], "--provider-option"),
      ] {
        let refused = try scan(arguments + ["--resume"], to: "alone")
        #expect(refused.exitCode == 64, "\(refused)")
        #expect(refused.complaints.first?.contains(words) == true, "\(refused)")
      }
    }

    @Test(.enabled(if: ProviderPlugin.openVINO != nil, Comment(rawValue: ProviderPlugin.absence)))
    func `gives the processor's map by gradients too`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 4)
      let options = files.options + ["--samples", "4", "--grid", "2x2x2", "--estimator", "gradient", "--no-tracts"]
      for (name, provider) in [("processor", "cpu"), ("provider", "openvino")] {
        let command = try scan(options + ["--provider", provider], to: name)
        #expect(command.exitCode == 0, "\(command)")
      }
      let (own, other) = (try values("processor"), try values("provider"))
      #expect(own.count == other.count && !own.isEmpty)
      for (one, other) in zip(own, other) { #expect(abs(one - other) < 1e-3) }
      func content(_ file: String) throws -> [String: Any] {
        let bytes = try Data(contentsOf: URL(filePath: folder.path("provider") + "/" + file))
        return try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
      }
      let notes = try #require(content("scan.json")["notes"] as? [String])
      let layers = try content("impact.json").filter { $0.key.hasPrefix("layer_") }
      #expect(!layers.isEmpty)
      for (name, layer) in layers {
        // Layers of few regions are measured whole.
        guard let gradients = (layer as? [String: Any])?["gradients"] as? [String: Any], gradients["used"] as? Bool == true else {
          continue
        }
        let isOnProcessor = try #require(gradients["on_processor"] as? Bool)
        #expect(notes.contains { $0.hasPrefix("Gradient passes of") && $0.contains(name) } == isOnProcessor)
      }
    }

    /// The mean ζ of all regions, in the order of the table.
    private func values(_ name: String) throws -> [Double] {
      let table = try String(contentsOfFile: folder.path(name) + "/regions.tsv", encoding: .utf8)
      let lines = table.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
      let column = try #require(lines.first?.firstIndex(of: "zeta"))
      return lines.dropFirst().compactMap { Double($0[column]) }
    }
  }
}
