import Arrays
import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// What a command reads is never what it writes.
  @Suite struct `Writing over what is read` {
    private let folder = TemporaryFolder()

    /// Runs a command that has to refuse, and expects everything but what it may make to stay as it was.
    private func expectRefusal(
      _ arguments: [String], code: Int = 73, ranks: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let before = TemporaryFolder.files(below: folder.path)
      let refused = try Program.run(arguments, ranks: ranks)
      #expect(refused.exitCode == code, "\(arguments): \(refused)", sourceLocation: sourceLocation)
      #expect(code != 73 || refused.complaints.count == 1, "\(arguments): \(refused)", sourceLocation: sourceLocation)
      #expect(
        TemporaryFolder.files(below: folder.path) == before, "\(arguments) has changed files", sourceLocation: sourceLocation)
    }

    /// Other names of a file: a link to it, a second name, and a way round.
    private func names(_ path: String, _ name: String) throws -> [String] {
      let (symbolic, hard) = (folder.path(name + ".symbolic"), folder.path(name + ".hard"))
      try FileManager.default.createSymbolicLink(atPath: symbolic, withDestinationPath: path)
      try FileManager.default.linkItem(atPath: path, toPath: hard)
      return [path, symbolic, hard, folder.path + "/../" + path.split(separator: "/").suffix(2).joined(separator: "/")]
    }

    @Test(arguments: [["--target", "99"], ["--layers", "nosuch"], ["--grid", "9x9x9x9"]])
    func `leaves a finished scan as it is where the new one is refused`(_ wrong: [String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 3)
      let options = files.options + ["--grid", "2x2x2", "--no-tracts", "--progress", "none", "--out", folder.path("out")]
      try #require(try Program.run(["scan"] + options, ranks: nil).exitCode == 0)
      let before = TemporaryFolder.files(below: folder.path)
      let refused = try Program.run(["scan"] + options + wrong, ranks: nil)
      #expect(refused.exitCode == 64 || refused.exitCode == 65, "\(refused)")
      #expect(TemporaryFolder.files(below: folder.path) == before)
    }

    @Test func `is refused by the monitor's commands, by whatever name`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 100, weightsApart: true)
      let weights = folder.path("residual.weights")
      let reference = folder.path("normal.ref")
      let learnt = try Program.run(["monitor", "learn"] + files.options + ["--out", reference])
      #expect(learnt.exitCode == 0, "\(learnt)")
      let text = folder.file("notes.txt", text: "not to be lost\n")
      let (models, data) = (try names(files.model, "m"), try names(files.data, "d"))
      let (references, apart) = (try names(reference, "r"), try names(weights, "w"))
      for path in models + data + apart + [text] {
        try expectRefusal(["monitor", "learn"] + files.options + ["--out", path])
      }
      try expectRefusal(["monitor", "learn"] + files.options + ["--out", files.data], ranks: 2)
      try expectRefusal(["monitor", "learn"] + files.options + ["--out", weights], ranks: 2)
      for path in models + data + references + apart + [text] {
        for option in ["--out", "--metrics"] {
          try expectRefusal(["monitor", reference, "--data", files.data, option, path])
        }
      }
      for path in [files.model, reference, weights, text] {
        try expectRefusal(["monitor", reference, "--serve", "127.0.0.1:0", "--out", path])
      }
      let token = folder.file("token", text: "abcdefghijklmnop\n")
      try expectRefusal(["monitor", reference, "--serve", "127.0.0.1:0", "--token", "@" + token, "--out", token])
      let watched = folder.path("watched")
      try FileManager.default.createDirectory(atPath: watched, withIntermediateDirectories: true)
      for option in ["--out", "--metrics"] {
        try expectRefusal(["monitor", reference, "--watch", watched, option, watched + "/lines"])
      }
      let both = folder.path("both")
      try expectRefusal(["monitor", reference, "--data", files.data, "--out", both, "--metrics", both])
      // Standard input is a file here.
      let array = folder.file("x.npy", NumericArray(shape: [1, 2, 6, 6], floats: Array(repeating: 0.5, count: 72)).npyBytes())
      let piped = try Command.run(
        "/bin/sh",
        ["-c", "exec \"$0\" monitor \"$1\" --data - --out \"$2\" < \"$2\"", Program.path, reference, array])
      #expect(piped.exitCode == 73 && TemporaryFolder.read(array).count > 72, "\(piped)")
    }

    @Test func `isn't refused where a file of its own kind is replaced`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 90)
      let (reference, lines, metrics) = (folder.path("normal.ref"), folder.path("lines"), folder.path("metrics"))
      for _ in 0..<2 {
        let learnt = try Program.run(["monitor", "learn"] + files.options + ["--out", reference])
        #expect(learnt.exitCode == 0, "\(learnt)")
        let judged = try Program.run(
          ["monitor", reference, "--data", files.data, "--self-test", "--out", lines, "--metrics", metrics])
        #expect(judged.exitCode == 0, "\(judged)")
      }
      let silent = try Program.run(["monitor", reference, "--data", files.data, "--out", "/dev/null"])
      #expect(silent.exitCode == 0, "\(silent)")
      #expect(
        Set(TemporaryFolder.files(below: folder.path).keys) == [
          "residual.onnx", "residual.npz", "normal.ref", "lines", "metrics",
        ])
      // A file beside it with the name of a draft is someone else's.
      let draft = folder.file("normal.ref.new", text: "mine")
      #expect(try Program.run(["monitor", "learn"] + files.options + ["--out", reference]).exitCode == 0)
      #expect(TemporaryFolder.read(draft) == Array("mine".utf8))
    }

    @Test func `is refused by the commands of scans and graphs`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 6)
      for path in try names(files.model, "m") + names(files.data, "d") {
        try expectRefusal(["adjoint", files.model, "--layer", "stem", "--data", files.data, "--out", path])
      }
      let notes = folder.file("notes.txt", text: "mine")
      try expectRefusal(["adjoint", files.model, "--layer", "stem", "--data", files.data, "--out", notes])
      #expect(TemporaryFolder.read(notes) == Array("mine".utf8))
      let scan = folder.path("scan")
      let scanned = try Program.run(
        files.options + [
          "--grid", "3x3x2", "--stimuli", "2", "--no-tracts", "--keep-scores", "--progress", "none", "--out", scan,
        ])
      #expect(scanned.exitCode == 0, "\(scanned)")
      for path in [scan, scan + "/", scan + "/../scan"] {
        try expectRefusal(["report", scan, "--value", "prob", "--out", path], code: 64)
        try expectRefusal(["extend", scan, "--stimuli", "3", "--out", path], code: 64)
      }
    }
  }
}
