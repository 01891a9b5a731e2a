import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// The page on scaling that nnfmri-simulate prints, as Scripts/simulate-scale asks for it.
  @Suite struct `A simulated scan` {
    private let folder = TemporaryFolder()

    private func simulate(_ options: [String]) throws -> Command {
      let written = try Program.run(["phantom", "sequence", "--count", "2", "--out", folder.path("phantom")])
      try #require(written.exitCode == 0, "\(written)")
      let arguments = [
        "-n", "2", Program.built("nnfmri-simulate"), "--model", folder.path("phantom/model.onnx"), "--data",
        folder.path("phantom/stimuli.npz"), "--name", "A phantom", "--folder", folder.path,
      ]
      return try Command.run(try #require(Program.launcher), arguments + options)
    }

    /// The rows of a table by its header's first word.
    private func rows(_ page: String, of header: String) -> [[String]] {
      page.split(separator: "\n").drop { !$0.hasPrefix("| \(header) ") }.dropFirst(2).prefix { $0.hasPrefix("|") }
        .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    @Test func `says what ranks would take, up to as few as are asked for`() throws {
      let run = try simulate(["--seconds", "0.5", "--most", "2"])
      try #require(run.exitCode == 0, "\(run)")
      let layers = rows(run.output, of: "layer")
      #expect(!layers.isEmpty && layers.allSatisfy { Double($0[3]).map { $0 > 0 } ?? false }, "\(run)")
      let table = rows(run.output, of: "ranks")
      #expect(table.map(\.first) == ["2", "4"], "\(run)")
      for row in table {
        let (alone, time, efficiency) = try (#require(Double(row[2])), #require(Double(row[3])), #require(Double(row[5])))
        #expect(alone > 0 && time > 0 && efficiency > 0 && efficiency <= 100, "\(row)")
      }
      // Every series has its prefix run, on one rank or more of them.
      let prefixes = rows(run.output, of: "K")
      #expect(prefixes.map { $0[1] } == ["2", "2"], "\(run)")
      for row in prefixes {
        let (runs, all, again) = try (#require(Double(row[2])), #require(Double(row[3])), #require(Double(row[4])))
        #expect(runs >= 1 && runs <= 2 && all >= again && again >= 0 && all < 100, "\(row)")
      }
    }

    @Test func `of less than two ranks is refused`() throws {
      let run = try simulate(["--most", "0"])
      #expect(run.exitCode == 64 && run.errors.contains("--most"), "\(run)")
    }
  }
}
