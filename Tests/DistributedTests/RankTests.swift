import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `A rank` {
    private let folder = TemporaryFolder()

    private func options(_ files: SmallNetwork.Files) -> [String] {
      ["scan"] + files.options + ["--out", folder.path("out"), "--progress", "none"]
    }

    /// The second rank's words may differ from those of the others.
    private func scan(_ others: [String], _ odd: [String]) throws -> Command {
      try Program.launch([(1, others), (1, odd), (1, others)], limit: 30)
    }

    private func expectRefusal(
      _ command: Command, code: Int, naming words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(!command.isTimedOut, "\(command)", sourceLocation: sourceLocation)
      #expect(command.exitCode == code, "\(command)", sourceLocation: sourceLocation)
      #expect(command.complaints.count == 1, "\(command)", sourceLocation: sourceLocation)
      for word in words {
        #expect(command.errors.contains(word), "\(word) in \(command)", sourceLocation: sourceLocation)
      }
    }

    @Test(arguments: [SmallNetwork.labeller, .residual])
    func `that sees another model is named`(_ network: SmallNetwork) throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let other = try network.write(to: folder, stimuli: 3)
      let command = try scan(
        options(files), ["scan", "--model", other.model, "--data", files.data] + options(files).suffix(4))
      expectRefusal(command, code: 65, naming: ["rank 1", other.model, "SHA-256"])
    }

    @Test func `that sees other stimuli is named`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let elsewhere = TemporaryFolder()
      let other = try SmallNetwork.perceptron.write(to: elsewhere, stimuli: 4)
      let command = try scan(
        options(files), ["scan", "--model", files.model, "--data", other.data] + options(files).suffix(4))
      expectRefusal(command, code: 65, naming: ["rank 1", other.data])
    }

    @Test func `that doesn't see the model is named`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let absent = folder.path("absent.onnx")
      let command = try scan(
        options(files), ["scan", "--model", absent, "--data", files.data] + options(files).suffix(4))
      expectRefusal(command, code: 66, naming: ["rank 1", absent])
    }

    @Test(arguments: [
      ["--seed", "7"], ["--samples", "17"], ["--stimuli", "2"], ["--lesion", "mean"], ["--batch", "7"],
    ])
    func `that was given other options is named`(_ odd: [String]) throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let command = try scan(options(files), options(files) + odd)
      expectRefusal(command, code: 65, naming: ["rank 1", "options"])
    }

    @Test(arguments: [["--progress", "json"], ["--cache-memory", "1"]])
    func `may differ in what decides no result`(_ odd: [String]) throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let command = try scan(options(files), options(files) + odd)
      #expect(command.exitCode == 0, "\(command)")
      #expect(command.complaints == [])
    }

    @Test(arguments: [0, 1, 2])
    func `that dies takes the job with it`(_ victim: Int) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 64)
      var started: [Int32] = []
      var isMeasuring = false
      let command = try Program.run(
        options(files) + ["--estimator", "permutation", "--samples", "4000", "--grid", "2x2x2"], ranks: 3, limit: 60
      ) { launcher in
        for _ in 0..<600 where !isMeasuring {
          usleep(50_000)
          started = ProcessTree.descendants(of: launcher, named: Program.name)
          isMeasuring =
            started.count == 3 && FileManager.default.fileExists(atPath: folder.path("out/acquisition/layer_0.npy"))
        }
        for rank in started where ProcessTree.variable("PMI_RANK", of: rank) == "\(victim)" { kill(rank, SIGKILL) }
      }
      #expect(isMeasuring, "\(command)")
      #expect(!command.isTimedOut, "\(command)")
      #expect(command.exitCode != 0)
      for _ in 0..<100 where started.contains(where: ProcessTree.isAlive) { usleep(50_000) }
      #expect(!started.contains(where: ProcessTree.isAlive))
      let summary = TemporaryFolder.read(folder.path("out/scan.json"))
      #expect(String(decoding: summary, as: UTF8.self).contains("\"complete\": false"))
    }
  }
}
