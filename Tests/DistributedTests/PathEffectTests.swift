import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// Total, direct and mediated effects.
  @Suite struct `Effects by ways` {
    private let folder = TemporaryFolder()
    private let exact = ["--grid", "2x2x2", "--estimator", "exact", "--samples", "40", "--target", "1", "--progress", "none"]

    private func scan(_ options: [String], to name: String, ranks: Int? = nil) throws -> Command {
      try Program.run(["scan"] + options + ["--out", folder.path(name)], ranks: ranks)
    }

    private func values(_ name: String) throws -> [Double] {
      try NumericArray(contentsOfNPY: folder.path(name) + "/acquisition/layer_0.npy").doubles()
    }

    /// By region: the mean ζ of total and direct effect, and the mediated one.
    private func mediated(_ name: String) throws -> [String: (total: Double, direct: Double, mediated: Double)] {
      let text = String(decoding: TemporaryFolder.read(folder.path(name) + "/mediated.tsv"), as: UTF8.self)
      let rows = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
      let place = Dictionary(uniqueKeysWithValues: rows[0].enumerated().map { ($1, $0) })
      var effects: [String: (total: Double, direct: Double, mediated: Double)] = [:]
      for row in rows.dropFirst() where row[place["quantity"]!] == "zeta" {
        func number(_ column: String) throws -> Double { try #require(Double(row[place[column]!])) }
        effects[row[place["region"]!]] = (
          try number("mean_first"), try number("mean_second"), try number("effect")
        )
      }
      return effects
    }

    @Test func `add up, region by region, and are the same bytes on any number of ranks`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 4)
      let options = files.options + ["--layers", "stem", "--mediator", "inner"] + exact
      let run = try scan(options, to: "one")
      try #require(run.exitCode == 0, "\(run)")
      #expect(run.output.contains("Mediated effect, through inner") && run.errors.contains("stays as the intact network has it"))
      #expect(try scan(options, to: "three", ranks: 3).exitCode == 0)
      func bytes(_ name: String) -> [String: [UInt8]] {
        TemporaryFolder.files(below: folder.path(name)).filter { !$0.key.hasSuffix("scan.json") }
      }
      #expect(bytes("one") == bytes("three"))

      let effects = try mediated("one")
      #expect(effects.count == 8)
      for (region, effect) in effects {
        #expect(abs(effect.total - effect.direct - effect.mediated) < 1e-12 * max(1, abs(effect.total)), "\(region)")
      }
      // Of every coalition both were measured: nothing lesioned is the same, and what is lesioned isn't.
      let (total, direct) = (try values("one/total"), try values("one/direct"))
      #expect(total.count == direct.count && zip(total, direct).contains { abs($0 - $1) > 1e-3 })
      #expect(abs(total[0] - direct[0]) < 1e-5)
      let summary =
        try JSONSerialization.jsonObject(
          with: Data(TemporaryFolder.read(folder.path("one/direct/scan.json")))) as? [String: Any]
      let frozen = try #require(summary?["frozen"] as? [String: Any])
      #expect(frozen["tensor"] as? String == "inner" && frozen["units"] as? Int == 144)

      let again = try scan(options + ["--resume"], to: "one")
      #expect(again.exitCode == 0 && bytes("one") == bytes("three"), "\(again)")
      let other = try scan(files.options + ["--layers", "stem", "--freeze", "outer", "--resume"] + exact, to: "one/direct")
      #expect(other.exitCode == 64 && other.errors.contains("--freeze or --mediator is outer now and was inner then"), "\(other)")
    }

    @Test func `are direct where nothing of them passes a tensor's regions, and mediated where all does`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let options = files.options + ["--layers", "inner_sum"] + exact
      let through = try scan(options + ["--mediator", "outer"], to: "through")
      try #require(through.exitCode == 0, "\(through)")
      for effect in try mediated("through").values {
        #expect(effect.direct == 0 && effect.mediated == effect.total)
      }
      // Two of the regions of "outer", by name and by number, and then all.
      for (regions, name) in [("grid_0_0_0, 7", "some"), ("0,1,2,3,4,5,6,7", "all")] {
        let run = try scan(options + ["--freeze", "outer=" + regions], to: name)
        try #require(run.exitCode == 0, "\(run)")
      }
      let (some, all) = (try values("some"), try values("all"))
      // By stimulus.
      let rows = all.count / 3
      for start in stride(from: 0, to: all.count, by: rows) {
        #expect(all[start..<start + rows].allSatisfy { $0 == all[start] })
        #expect(!some[start..<start + rows].allSatisfy { abs($0 - some[start]) < 1e-4 })
      }
      #expect(zip(some, try values("through/total")).contains { abs($0 - $1) > 1e-4 })
    }

    /// Nothing of heads that do nothing, and no more of others than the difference is, comes of how passes are rounded.
    @Test func `find the way of an induction head, and nothing else`() throws {
      let phantom = folder.path("induction")
      #expect(try Program.run(["phantom", "induction", "--count", "4", "--out", phantom]).exitCode == 0)
      let run = try scan(
        [
          "--model", phantom + "/model.onnx", "--data", phantom + "/stimuli.npz", "--position", "last", "--target", "label",
          "--layers", "block1/heads", "--regions", "heads", "--mediator", "block2/heads=head 2", "--progress", "none",
        ], to: "ways")
      try #require(run.exitCode == 0, "\(run)")
      let effects = try mediated("ways")
      let head = try #require(effects["head 1"])
      #expect(abs(head.mediated - head.total) < 1e-3 * head.total && head.total > 1)
      for (name, effect) in effects where name != "head 1" { #expect(effect.mediated == 0, "\(name)") }
    }

    @Test func `are measured by gradients too`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 4)
      let options = files.options + ["--layers", "stem", "--mediator", "inner=0,3,5"]
      let reference = try scan(options + exact, to: "exact")
      try #require(reference.exitCode == 0, "\(reference)")
      let run = try scan(
        options + ["--grid", "2x2x2", "--estimator", "gradient", "--samples", "400", "--target", "1", "--progress", "none"],
        to: "gradients", ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      let (a, b) = (try mediated("exact"), try mediated("gradients"))
      let scale = a.values.map { abs($0.total) }.max()!
      for (region, effect) in a {
        let other = try #require(b[region])
        #expect(abs(other.mediated - effect.mediated) < 0.1 * scale && abs(other.direct - effect.direct) < 0.1 * scale)
      }
    }

    @Test func `are refused in a sentence where there is no such way`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let cases: [([String], Int, String)] = [
        (["--layers", "stem", "--freeze", "iner"], 64, "tensor \"iner\" not found; nearest: \"inner\""),
        (["--layers", "inner", "--freeze", "stem"], 65, "\"stem\" doesn't follow from it"),
        (["--layers", "inner", "--freeze", "inner"], 65, "it is the frozen tensor itself"),
        (["--layers", "stem", "--freeze", "99"], 64, "layer 99 is out of range"),
        (["--layers", "stem", "--freeze", "logits"], 64, "tensor \"logits\" can't be frozen"),
        (["--layers", "stem", "--freeze", "image"], 64, "it is what the model is given, and no lesion changes it"),
        (
          ["--layers", "stem", "--freeze", "inner=9"], 64,
          "has no region \"9\"; it has 8, by name or by number from 0: grid_0_0_0,"
        ),
        (["--layers", "stem", "--freeze", "inner="], 64, "has no region \"\""),
        (["--layers", "stem", "--freeze", "inner", "--mediator", "inner"], 64, "--freeze and --mediator exclude each other"),
        (["--layers", "stem", "--mediator", "inner", "--tracts"], 64, "--tracts and --mediator exclude each other"),
        (["--layers", "stem", "--mediator", "inner", "--part", "1/2"], 64, "--part and --mediator exclude each other"),
        (["--layers", "stem", "--mediator", "inner", "--no-acquisition"], 64, "leave out --no-acquisition"),
        (["--layers", "stem", "--mediator", "inner", "--mediator", "outer"], 64, "--mediator is given 2 times"),
        (["--layers", "stem", "--freeze", "inner=0", "--freeze", "inner=3"], 64, "--freeze is given 2 times"),
        (["--layers", "stem", "--mediator", "inner", "--stimuli", "2"], 64, "--stimuli 2 is below that"),
      ]
      for (options, code, words) in cases {
        let run = try ScanRun(files.options + ["--grid", "2x2x2"] + options, ranks: nil)
        #expect(run.command.exitCode == code && run.command.errors.contains(words), "\(options): \(run.command)")
      }
    }

    @Test func `go by a mediator's number as by its name`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let list = try Program.run(["layers", files.model, "--data", files.data, "--all"])
      let row = try #require(list.output.split(separator: "\n").first { $0.contains(" inner ") }, "\(list)")
      let number = try #require(row.split(separator: " ").first.flatMap { Int($0) }, "\(list)")
      for (mediator, out) in [("inner=0,3", "name"), ("\(number)=0,3", "number")] {
        let run = try scan(files.options + ["--layers", "stem", "--mediator", mediator] + exact, to: out)
        #expect(run.exitCode == 0 && run.output.contains("Mediated effect, through inner=0,3:"), "\(run)")
      }
      #expect(TemporaryFolder.read(folder.path("name/mediated.tsv")) == TemporaryFolder.read(folder.path("number/mediated.tsv")))
    }

    @Test func `of a mediator that isn't there are refused before anything is measured`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      for mediator in ["iner", "inner=9"] {
        let run = try scan(files.options + ["--layers", "stem", "--mediator", mediator] + exact, to: "none")
        #expect(run.exitCode == 64, "\(run)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("none/total/scan.json")))
      }
    }

    @Test func `of stimuli that are too few to compare are refused before anything is measured`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 2)
      let run = try scan(files.options + ["--layers", "stem", "--mediator", "inner"] + exact, to: "few")
      #expect(run.exitCode == 65 && run.errors.contains("across 3 stimuli or more, and 2 would be scanned"), "\(run)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("few/direct/impact.json")))
    }

    @Test func `are measured of the layers that lead to the mediator alone`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let run = try scan(files.options + ["--layers", "stem,block", "--mediator", "inner"] + exact, to: "some", ranks: 2)
      try #require(run.exitCode == 0, "\(run)")
      for part in ["direct", "total"] {
        let files = TemporaryFolder.files(below: folder.path("some/" + part)).keys
        #expect(files.filter { $0.hasPrefix("acquisition/layer_") } == ["acquisition/layer_0.npy"], "\(part)")
      }
    }

    /// Some hundred shards each of the direct and the total effect: long enough that each is under way for a while.
    private func long(_ files: SmallNetwork.Files) -> [String] {
      files.options + [
        "--layers", "stem", "--mediator", "inner", "--estimator", "naive", "--samples", "2000", "--grid", "3x3x4",
        "--progress", "none", "--checkpoint-interval", "0.05s",
      ]
    }

    /// Runs a scan with a mediator, and does something once a part of it has measured a little.
    private func interrupt(_ options: [String], in part: String, ranks: Int, _ body: ([Int32]) -> Void) throws -> Command {
      let place = InterruptedScan(output: folder.path("ended/" + part))
      return try Program.run(["scan"] + options + ["--out", folder.path("ended")], ranks: ranks) { launcher in
        for _ in 0..<3200 {
          usleep(5_000)
          let started = ProcessTree.descendants(of: launcher, named: Program.name)
          if started.count == ranks, place.hasCheckpoint(of: 8000) {
            body(started)
            return
          }
        }
      }
    }

    @Test(arguments: ["direct", "total"])
    func `that are interrupted go on to the same bytes`(in part: String) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      let reference = try scan(long(files), to: "whole", ranks: 2)
      try #require(reference.exitCode == 0, "\(reference)")
      let stopped = try interrupt(long(files), in: part, ranks: 2) { ranks in for rank in ranks { kill(rank, SIGTERM) } }
      #expect(stopped.exitCode == 75 && stopped.errors.contains("ended/\(part): run the same command"), "\(stopped)")
      if part == "total" {
        // What the first of the two scans has is lost to no command that is refused.
        let before = TemporaryFolder.files(below: folder.path("ended/direct"))
        let again = try scan(long(files), to: "ended", ranks: 2)
        #expect(again.exitCode == 73 && again.errors.contains("ended/total holds a scan that ended early"), "\(again)")
        let isUntouched = TemporaryFolder.files(below: folder.path("ended/direct")) == before
        #expect(isUntouched)
      }
      let other = try scan(
        long(files).map { $0 == "inner" ? "outer" : $0 } + ["--resume"], to: "ended", ranks: 2)
      #expect(other.exitCode == 64 && other.errors.contains("--freeze or --mediator is outer now and was inner then"), "\(other)")
      let finished = try scan(long(files) + ["--resume"], to: "ended", ranks: 3)
      #expect(finished.exitCode == 0, "\(finished)")
      func results(_ name: String) -> [String: [UInt8]] {
        TemporaryFolder.files(below: folder.path(name)).filter { !$0.key.hasSuffix("scan.json") }
      }
      let isSame = results("ended") == results("whole")
      #expect(isSame)
    }

    @Test func `end early where a file in the folder of both asks for it`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      let options = long(files).map { $0 == "2000" ? "8000" : $0 }
      let stopped = try interrupt(options, in: "direct", ranks: 2) { _ in _ = folder.file("ended/STOP", text: "") }
      #expect(stopped.exitCode == 75 && stopped.errors.contains("ended/STOP"), "\(stopped)")
    }

    @Test func `leave nothing of earlier ones beside them while they are measured`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      try FileManager.default.createDirectory(atPath: folder.path("ended"), withIntermediateDirectories: true)
      for name in ["mediated.html", "mediated.tsv", "mediated.json"] { _ = folder.file("ended/" + name, text: "of another") }
      let stopped = try interrupt(long(files), in: "total", ranks: 2) { ranks in for rank in ranks { kill(rank, SIGTERM) } }
      #expect(stopped.exitCode == 75, "\(stopped)")
      #expect(!TemporaryFolder.files(below: folder.path("ended")).keys.contains { $0.hasPrefix("mediated.") })
    }

    @Test func `leave out layers that don't lead there, with the reason`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let run = try ScanRun(files.options + ["--layers", "stem,block", "--freeze", "inner"] + exact, ranks: nil)
      #expect(run.command.exitCode == 0, "\(run.command)")
      let refused = try #require(try run.json("scan.json")["refused_layers"] as? [[String: any Sendable]])
      #expect(refused.count == 1 && refused[0]["tensor"] as? String == "block")
      let plan = try Program.run(
        ["plan"] + files.options + ["--layers", "stem,block", "--mediator", "inner"] + exact.dropLast(2))
      #expect(plan.exitCode == 0 && plan.output.contains("Direct effect, around inner:"), "\(plan)")
      // Both effects are measured of one layer.
      #expect(plan.output.split(separator: "\n").count { $0.contains("stem") } == 2, "\(plan)")
      #expect(plan.output.split(separator: "\n").count { $0.contains("block") } == 1, "\(plan)")
    }
  }
}
