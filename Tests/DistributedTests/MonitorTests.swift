import Arrays
import Foundation
import Stimuli
import Synchronization
import TestSupport
import Testing

extension DistributedTests {
  /// The monitor's commands, as a person or a pipeline starts them.
  @Suite struct `Monitor` {
    private let folder = TemporaryFolder()

    private func lines(_ command: Command) throws -> [[String: Any]] {
      try command.output.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }

    @Test func `learns, judges, and fails a pipeline only where it is asked to`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 120)
      let reference = folder.path("normal.ref")
      let learnt = try Program.run(["monitor", "learn"] + files.options + ["--out", reference])
      #expect(learnt.exitCode == 0, "\(learnt)")
      let judged = try Program.run(["monitor", reference, "--data", files.data])
      #expect(judged.exitCode == 0 && judged.errors.contains("has learnt from 120 stimuli of these files"), "\(judged)")
      let verdicts = try lines(judged)
      #expect(verdicts.count == 120)
      for verdict in verdicts {
        let p = try #require(verdict["p"] as? [String: Double])
        #expect(Set(p.keys) == ["mahalanobis", "neighbours", "bands", "energy", "combined"])
        #expect(p.values.allSatisfy { $0 > 0 && $0 <= 1 })
      }
      #expect(try Program.run(["monitor", "judge", reference, "--data", files.data]).output == judged.output)
      let misnamed = folder.path("misnamed.npz")
      try writeNPZ([("y", try numbers(.residual, after: 0, count: 4))], to: misnamed)
      let taken = try Program.run(["monitor", reference, "--data", misnamed])
      #expect(taken.exitCode == 0 && taken.errors.contains("its one array \"y\" is taken for"), "\(taken)")
      #expect(!taken.errors.contains("has learnt from"))
      let other = try SmallNetwork.segmenter.write(to: folder, stimuli: 3)
      let refused = try Program.run(["monitor", reference, "--data", files.data, "--model", other.model])
      #expect(refused.exitCode == 65 && refused.complaints.count == 1, "\(refused)")
      #expect(refused.complaints.first?.contains("SHA-256") == true)
      for (rule, code) in [("never", 0), ("outlier", 1)] {
        let command = try Program.run(
          ["monitor", reference, "--data", files.data, "--outliers", "0.5", "--fail-on", rule])
        #expect(command.exitCode == code, "\(command)")
      }
    }

    /// Stimuli of the network's kind.
    private func numbers(_ network: SmallNetwork, after learnt: Int, count: Int) throws -> NumericArray {
      let stimuli = try network.stimuli(learnt + count)
      let values = try (learnt..<learnt + count).flatMap { try stimuli.floats(stimulus: $0) }
      return NumericArray(shape: [count] + stimuli.inputs[0].shape, floats: values)
    }

    /// The same as the bytes of a `.npy` file.
    private func array(_ network: SmallNetwork, after learnt: Int, count: Int) throws -> [UInt8] {
      try numbers(network, after: learnt, count: count).npyBytes()
    }

    @Test func `judges arrays of standard input, one after another, as it judges a file of the same`() throws {
      let network = SmallNetwork.residual
      let files = try network.write(to: folder, stimuli: 100)
      let reference = folder.path("normal.ref")
      #expect(try Program.run(["monitor", "learn"] + files.options + ["--out", reference]).exitCode == 0)
      let parts = try [array(network, after: 100, count: 4), array(network, after: 104, count: 3)]
      let (stream, whole) = (folder.file("stream", parts[0] + parts[1]), folder.path("whole.npy"))
      _ = folder.file("whole.npy", try array(network, after: 100, count: 7))
      let piped = try Command.run(
        "/bin/sh", ["-c", "exec \"$0\" monitor \"$1\" --data - < \"$2\"", Program.path, reference, stream])
      #expect(piped.exitCode == 0, "\(piped)")
      let filed = try Program.run(["monitor", reference, "--data", whole])
      let (read, expected) = (try lines(piped), try lines(filed))
      #expect(read.count == 7 && read.allSatisfy { $0["source"] as? String == "-" })
      for (one, other) in zip(read, expected) {
        #expect(one["p"] as? [String: Double] == other["p"] as? [String: Double])
        #expect(one["stimulus"] as? Int == other["stimulus"] as? Int)
      }
      let cut = folder.file("cut", Array((parts[0] + parts[1]).dropLast(9)))
      let refused = try Command.run(
        "/bin/sh", ["-c", "exec \"$0\" monitor \"$1\" --data - < \"$2\"", Program.path, reference, cut])
      #expect(refused.exitCode == 65 && refused.complaints.count == 1, "\(refused)")
      #expect(try lines(refused).count == 4)
    }

    @Test func `watches a folder: each file once, bad ones told and passed over, until TERM`() throws {
      let network = SmallNetwork.residual
      let files = try network.write(to: folder, stimuli: 100)
      let (reference, metrics) = (folder.path("normal.ref"), folder.path("metrics.prom"))
      #expect(try Program.run(["monitor", "learn"] + files.options + ["--out", reference]).exitCode == 0)
      let watched = folder.path("watched")
      try FileManager.default.createDirectory(atPath: watched, withIntermediateDirectories: true)
      let (first, second) = (try array(network, after: 100, count: 2), try array(network, after: 102, count: 3))
      let out = folder.path("lines")
      func wait(for count: Int) {
        for _ in 0..<3000 where String(decoding: TemporaryFolder.read(out), as: UTF8.self).count(where: { $0 == "\n" }) < count {
          usleep(10_000)
        }
      }
      try Data(first).write(to: URL(filePath: watched + "/a.npy"))
      let command = try Program.run(
        ["monitor", reference, "--watch", watched, "--out", out, "--metrics", metrics, "--self-test"]
      ) { process in
        wait(for: 3)
        try? Data("no array".utf8).write(to: URL(filePath: watched + "/b.npy"))
        try? Data(second).write(to: URL(filePath: watched + "/.hidden.npy"))
        try? Data(second).write(to: URL(filePath: watched + "/c.npy"))
        wait(for: 6)
        kill(process, SIGTERM)
      }
      #expect(command.exitCode == 0 && command.complaints.count == 1, "\(command)")
      #expect(command.complaints.first?.contains("b.npy") == true)
      let found = try String(decoding: TemporaryFolder.read(out), as: UTF8.self).split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      #expect(found.count == 6 && found.first?["self_test"] != nil)
      #expect(
        found.dropFirst().compactMap { ($0["source"] as? String)?.split(separator: "/").last.map(String.init) }
          == ["a.npy", "a.npy", "c.npy", "c.npy", "c.npy"])
      #expect(
        String(decoding: TemporaryFolder.read(metrics), as: UTF8.self).contains(
          "nnfmri_monitor_stimuli_total{model=\"residual.onnx\"} 5"))
    }

    @Test func `waits for a file whose writer pauses, and tells of files that it refuses`() throws {
      let network = SmallNetwork.residual
      let files = try network.write(to: folder, stimuli: 100)
      let (reference, metrics, out) = (folder.path("normal.ref"), folder.path("metrics.prom"), folder.path("lines"))
      #expect(try Program.run(["monitor", "learn"] + files.options + ["--out", reference]).exitCode == 0)
      let watched = folder.path("watched")
      try FileManager.default.createDirectory(atPath: watched, withIntermediateDirectories: true)
      let array = try array(network, after: 100, count: 4)
      let half = Array(array.prefix(array.count / 2))
      func count() -> Int { String(decoding: TemporaryFolder.read(out), as: UTF8.self).count { $0 == "\n" } }
      func wait(for lines: Int) {
        for _ in 0..<3000 where count() < lines { usleep(10_000) }
      }
      var early: Int?
      let command = try Program.run(
        ["monitor", reference, "--watch", watched, "--out", out, "--metrics", metrics, "--fail-on", "alarm"]
      ) { process in
        // Another file shows that the folder was looked at while the first was half there.
        try? Data(half).write(to: URL(filePath: watched + "/a.npy"))
        usleep(2_000_000)
        try? Data(array).write(to: URL(filePath: watched + "/b.npy"))
        wait(for: 4)
        early = count()
        if let file = FileHandle(forWritingAtPath: watched + "/a.npy") {
          file.seekToEndOfFile()
          file.write(Data(array.dropFirst(half.count)))
          try? file.close()
        }
        wait(for: 8)
        try? Data(array).write(to: URL(filePath: watched + "/b.npy"))
        try? Data(half).write(to: URL(filePath: watched + "/c.npy"))
        usleep(3_000_000)
        kill(process, SIGTERM)
      }
      #expect(early == 4)
      // A file that was judged has changed, and one was never whole.
      #expect(command.exitCode == 1 && command.complaints.count == 2, "\(command)")
      #expect(command.complaints.first?.contains("b.npy has changed since it was judged") == true, "\(command)")
      #expect(command.complaints.last?.contains("c.npy") == true, "\(command)")
      #expect(command.errors.contains("8 stimuli") && command.errors.contains("2 files were refused."), "\(command)")
      let text = String(decoding: TemporaryFolder.read(metrics), as: UTF8.self)
      #expect(text.contains("nnfmri_monitor_files_refused_total{model=\"residual.onnx\"} 2\n"), "\(text)")
    }

    @Test func `learns the same bytes on any number of ranks, and refuses once`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 110)
      let references = try [nil, 2, 3].map { ranks in
        let path = folder.path("ranks\(ranks ?? 0).ref")
        let learnt = try Program.run(["monitor", "learn"] + files.options + ["--out", path], ranks: ranks)
        #expect(learnt.exitCode == 0, "\(learnt)")
        return TemporaryFolder.read(path)
      }
      #expect(references[0].count > 10_000 && references[1] == references[0] && references[2] == references[0])
      // A place that can't be written is refused before anything is learnt.
      for (options, code) in [
        (["--layers", "nowhere"], 64), (["--layers", "nowhere", "--out", "/nowhere/x"], 73),
        (["--layers", "nowhere", "--out", folder.path], 73),
      ] {
        let refused = try Program.run(
          ["monitor", "learn"] + files.options + ["--out", folder.path("x.ref")] + options, ranks: 2)
        #expect(refused.exitCode == code && refused.complaints.count == 1, "\(refused)")
        // Drafts' names are the program's own affair.
        #expect(!refused.errors.contains(".new"), "\(refused)")
      }
      // Ranks of another machine may lack the files: those that have them don't wait for it.
      let lame = try Program.launch([
        (1, ["monitor", "learn"] + files.options + ["--out", folder.path("x.ref")]),
        (1, ["monitor", "learn", "--model", folder.path("absent"), "--data", files.data, "--out", folder.path("x.ref")]),
      ])
      #expect(lame.exitCode == 66 && lame.complaints.count == 1 && !lame.isTimedOut, "\(lame)")
      #expect(lame.complaints.first?.contains("rank 1: ") == true)
      let absent = try Program.run(["monitor", folder.path("absent"), "--data", files.data])
      #expect(absent.exitCode == 66 && !absent.errors.contains("stimuli"), "\(absent)")
      #expect(!TemporaryFolder.files(below: folder.path).keys.contains { $0.hasSuffix(".new") })
    }

    @Test func `serves on several ranks as one stream, and ends with all of them`() throws {
      let network = SmallNetwork.residual
      let files = try network.write(to: folder, stimuli: 100)
      let (reference, out, words) = (folder.path("normal.ref"), folder.path("lines"), folder.path("words"))
      #expect(try Program.run(["monitor", "learn"] + files.options + ["--out", reference]).exitCode == 0)
      let launcher = try #require(Program.launcher)
      let stimuli = try network.stimuli(24)
      var answers: [Int: [Double]] = [:]
      var metrics = ""
      let options = ["--serve", "127.0.0.1:0", "--out", out, "--batch", "1", "--self-test"]
      let command = try Command.run(
        "/bin/sh",
        ["-c", "exec \"$0\" \"$@\" 2> \"\(words)\"", launcher, "-n", "3", Program.path, "monitor", reference] + options
      ) { process in
        var port: Int?
        for _ in 0..<3000 where port == nil {
          usleep(10_000)
          let text = String(decoding: TemporaryFolder.read(words), as: UTF8.self)
          port = text.firstMatch(of: #/127\.0\.0\.1:(\d+)//#).flatMap { Int($0.1) }
        }
        let found = Mutex<[Int: [Double]]>([:])
        if let port {
          DispatchQueue.concurrentPerform(iterations: 24) { number in
            guard let values = try? stimuli.floats(stimulus: number), let connection = try? RawConnection(port: port) else {
              return
            }
            let input: [String: Any] = [
              "name": "image", "datatype": "FP32", "shape": [1, 2, 6, 6], "data": values.map(Double.init),
            ]
            guard let body = try? JSONSerialization.data(withJSONObject: ["inputs": [input]]),
              let answer = try? connection.request("POST", "/v2/models/residual/infer", body: Array(body)).json(),
              let output = (answer["outputs"] as? [[String: Any]])?.first?["data"] as? [Double]
            else { return }
            found.withLock { $0[number] = output }
          }
          metrics = (try? RawConnection(port: port).request("GET", "/metrics").text) ?? ""
        }
        answers = found.withLock { $0 }
        // As mpirun passes it on: the others' wishes to stop come when rank 0 has ended already.
        for rank in ProcessTree.descendants(of: process, named: Program.name) { kill(rank, SIGTERM) }
      }
      #expect(command.exitCode == 0, "\(command)")
      let said = String(decoding: TemporaryFolder.read(words), as: UTF8.self)
      #expect(
        said.contains("3 ranks make its passes.") && said.contains("24 stimuli") && !said.contains("nnfmri-mpi:")
          && !said.contains("WARN"), "\(said)")
      #expect(answers.count == 24)
      for (number, answer) in answers {
        let expected = PlainEvaluator(network).run(try network.plainInputs(number, of: 24))["logits"]!.elements
        #expect(answer.count == expected.count && zip(answer, expected).allSatisfy { abs($0 - $1) < 1e-4 })
      }
      // Each rank has tested itself, and what any of them runs is one stream.
      #expect(metrics.contains("nnfmri_monitor_stimuli_total{model=\"residual\"} 24\n"))
      #expect(metrics.contains("nnfmri_monitor_self_tests_total{model=\"residual\"} 3\n"), "\(metrics)")
      let lines = String(decoding: TemporaryFolder.read(out), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 24)
    }

    @Test func `judges a stream in one process only`() throws {
      let refused = try Program.run(["monitor", folder.path("x.ref"), "--data", folder.path("x.npy")], ranks: 2)
      #expect(refused.exitCode == 64 && refused.complaints.count == 1, "\(refused)")
    }

    @Test func `weighs regions by the ζ of a finished scan`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 90)
      let scan = folder.path("scan")
      let scanned = try Program.run(
        files.options + ["--grid", "3x3x2", "--stimuli", "4", "--no-tracts", "--progress", "none", "--out", scan])
      #expect(scanned.exitCode == 0, "\(scanned)")
      let reference = folder.path("normal.ref")
      let learnt = try Program.run(["monitor", "learn", "--scan", scan, "--out", reference])
      #expect(learnt.exitCode == 0, "\(learnt)")
      let verdicts = try lines(try Program.run(["monitor", reference, "--data", files.data]))
      #expect(verdicts.count == 90)
      for verdict in verdicts { #expect((verdict["p"] as? [String: Double])?["critical"] != nil) }
    }
  }
}
