import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// A game that nnfmri-benchmark plays with another program, as Scripts/benchmark-estimators asks for it.
  @Suite struct `A served game` {
    private let folder = TemporaryFolder()
    private let players = 32
    private let bytesPerCoalition = 8

    private struct Truth: Decodable {
      struct Stimulus: Decodable {
        let full: Double
        let empty: Double
        let shapley: [Double]
      }

      let grid: [Int]
      let stimuli: [Stimulus]
    }

    private struct Answer: Decodable {
      let zeta: [Double]
      let standardError: [Double]
    }

    private func phantom() throws -> Truth {
      let written = try Program.run(["phantom", "sequence", "--count", "2", "--out", folder.path("phantom")])
      try #require(written.exitCode == 0, "\(written)")
      return try JSONDecoder().decode(Truth.self, from: Data(TemporaryFolder.read(folder.path("phantom/truth.json"))))
    }

    /// What the server writes after its greeting.
    private func ask(_ request: [UInt8], _ truth: Truth) throws -> (answer: [UInt8], run: Command) {
      let grid = truth.grid.map(String.init).joined(separator: "x")
      let arguments = [
        "game", "--model", folder.path("phantom/model.onnx"), "--data", folder.path("phantom/stimuli.npz"), "--tensor",
        "scanned", "--stimulus", "1", "--grid", grid,
      ]
      let (input, output) = (folder.file("request", request), folder.path("answer"))
      let run = try Command.run(
        "/bin/sh", ["-c", "exec \"$0\" \"$@\" <\"$REQUEST\" >\"$ANSWER\"", Program.built("nnfmri-benchmark")] + arguments,
        environment: ["REQUEST": input, "ANSWER": output])
      let answer = TemporaryFolder.read(output)
      let greeting = Array("\(players)\n".utf8)
      try #require(answer.starts(with: greeting), "\(run)")
      return (Array(answer.dropFirst(greeting.count)), run)
    }

    private func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
      stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { place in
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) })
      }
    }

    @Test func `has the phantom's values`() throws {
      let truth = try phantom()
      let all = [UInt8](repeating: 255, count: players / 8) + [UInt8](repeating: 0, count: bytesPerCoalition - players / 8)
      let none = [UInt8](repeating: 0, count: bytesPerCoalition)
      let (answer, run) = try ask(Array("values 2\n".utf8) + all + none, truth)
      #expect(run.exitCode == 0, "\(run)")
      let values = floats(answer[...]).map(Double.init)
      try #require(values.count == 2)
      #expect(abs(values[0] - truth.stimuli[1].full) < 1e-4 && abs(values[1] - truth.stimuli[1].empty) < 1e-4)
    }

    @Test(arguments: ["regression", "leverage", "permutation", "naive"])
    func `is estimated within the errors of its estimator`(_ estimator: String) throws {
      let truth = try phantom()
      let words = "\(estimator) 2048 5\n"
      let (design, _) = try ask(Array("design \(words)".utf8), truth)
      let end = try #require(design.firstIndex(of: UInt8(ascii: "\n")))
      let coalitions = design[(end + 1)...]
      #expect(String(decoding: design[..<end], as: UTF8.self) == "\(coalitions.count / bytesPerCoalition)")
      let request = Array("values \(coalitions.count / bytesPerCoalition)\n".utf8) + coalitions
      let (values, _) = try ask(request, truth)
      let (answer, _) = try ask(Array("estimate \(words)".utf8) + values, truth)
      let estimate = try JSONDecoder().decode(Answer.self, from: Data(answer))
      for region in 0..<players {
        let error = abs(estimate.zeta[region] - truth.stimuli[1].shapley[region])
        #expect(error < 5 * estimate.standardError[region] + 1e-4, "region \(region)")
      }
    }

    @Test(arguments: ["values", "estimate guess 100 1", "play 3", "design regression 10 1"])
    func `refuses what it can't answer`(_ request: String) throws {
      let (answer, run) = try ask(Array("\(request)\n".utf8), try phantom())
      #expect(run.exitCode != 0 && run.exitCode < 128 && answer.isEmpty && !run.errors.isEmpty, "\(run)")
    }
  }
}
