import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Files for other tools, opened by those tools.
  @Suite struct `What a scan exports` {
    private static let tools = Program.root + "/.nnfmri/exports/requirements"
    private let folder = TemporaryFolder()

    private func scan(_ network: SmallNetwork, stimuli: Int, _ options: [String], to name: String) throws -> String {
      let files = try network.write(to: folder, stimuli: stimuli)
      let run = try Program.run(
        files.options + ["--progress", "none", "--out", folder.path(name)] + options, ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      return folder.path(name)
    }

    @Test(
      .enabled(if: FileManager.default.fileExists(atPath: tools), "needs what Scripts/check-exports installs from PyPI"))
    func `is opened by the tools that it is for and agrees with its JSON`() throws {
      let phantom = folder.path("phantom")
      let run = try Program.run(
        ["--samples", "8", "--stimuli", "4", "--progress", "none", "--out", phantom], ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      let analytic = folder.path("analytic")
      try #require(try Program.run(["phantom", "conv", "--count", "3", "--out", analytic]).exitCode == 0)
      let found = try Program.run(
        [
          "--model", analytic + "/model.onnx", "--data", analytic + "/stimuli.npz", "--layers", "scanned", "--samples", "4",
          "--progress", "none", "--out", folder.path("found"),
        ], ranks: 2)
      try #require(found.exitCode == 0, "\(found)")
      let folders = [
        phantom, folder.path("found"),
        try scan(.residual, stimuli: 6, ["--grid", "2x2x4", "--flips", "50", "--lesion", "resample"], to: "residual"),
        // The errors of a single stimulus, and maps without height and width.
        try scan(.sequence, stimuli: 1, ["--grid", "3x1x2", "--position", "1"], to: "sequence"),
        try scan(.perceptron, stimuli: 3, ["--layers", "all", "--no-acquisition"], to: "perceptron"),
      ]
      let check = try Command.run(Program.root + "/Scripts/check-exports", folders, limit: 240)
      #expect(check.exitCode == 0, "\(check)")
    }

    @Test func `is written again by kind`() throws {
      let output = try scan(.residual, stimuli: 3, ["--grid", "2x2x2"], to: "out")
      let written = TemporaryFolder.files(below: output)
      func remove() throws {
        for name in ["report.html", "regions.tsv", "impact.json", "maps"] {
          try? FileManager.default.removeItem(atPath: output + "/" + name)
        }
      }
      for (kinds, names) in [("html", ["report.html"]), ("tsv,json", ["regions.tsv", "impact.json"]), ("nifti", [])] {
        try remove()
        let report = try Program.run(["report", output, "--only", kinds])
        #expect(report.exitCode == 0, "\(report)")
        let files = TemporaryFolder.files(below: output)
        for name in written.keys where ["report.html", "regions.tsv", "impact.json"].contains(name) || name.hasPrefix("maps/") {
          let isWanted = names.contains(name) || kinds == "nifti" && name.hasPrefix("maps/")
          #expect(files[name] == (isWanted ? written[name] : nil), "\(name) with --only \(kinds)")
        }
      }
      let refused = try Program.run(["report", output, "--only", "html,docx"])
      #expect(refused.exitCode == 64 && refused.errors.contains("docx"), "\(refused)")
    }

    @Test func `has colours only where they are wanted`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 3)
      let arguments = files.options + ["--progress", "none", "--samples", "4", "--out", folder.path("out")]
      let escape = "\u{1B}["
      for (color, isColoured) in [("auto", false), ("never", false), ("always", true)] {
        let run = try Program.run(arguments + ["--color", color], ranks: 1)
        #expect(run.exitCode == 0 && run.output.contains(escape) == isColoured, "\(run)")
      }
    }
  }
}
