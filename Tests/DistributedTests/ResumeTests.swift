import Foundation
import Shapley
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `A scan that ends early` {
    private let folder = TemporaryFolder()
    private var output: String { folder.path("out") }
    private var interrupted: InterruptedScan { InterruptedScan(output: output) }

    private func options(_ files: SmallNetwork.Files) -> [String] { InterruptedScan.options(files) }

    /// A signal to the launcher reaches all ranks. It is sent to them here, since the launcher inherits the signals
    /// that the tests' threads block.
    private func signalAll(_ signal: Int32) -> ([Int32]) -> Void {
      { ranks in for rank in ranks { kill(rank, signal) } }
    }

    @Test func `goes on to the same bytes, however often and however it is ended and on any number of ranks`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let whole = folder.path("whole")
      let reference = try Program.run(options(files) + ["--out", whole], ranks: 2)
      #expect(reference.exitCode == 0, "\(reference)")

      let stopped = try interrupted.run(options(files), ranks: 2, signalAll(SIGTERM))
      #expect(stopped.exitCode == 75, "\(stopped)")
      #expect(stopped.complaints.count == 1 && stopped.errors.contains("--resume"))
      let kept = TemporaryFolder.read(output + "/checkpoint.bin").count

      let killed = try interrupted.run(options(files) + ["--resume"], ranks: 3) { ranks in kill(ranks[1], SIGKILL) }
      #expect(killed.exitCode != 0 && !killed.isTimedOut, "\(killed)")
      #expect(interrupted.hasCheckpoint(of: kept))

      let asked = try interrupted.run(options(files) + ["--resume"], ranks: 2) { ranks in kill(ranks[1], SIGUSR1) }
      #expect(asked.exitCode == 75, "\(asked)")

      let finished = try Program.run(options(files) + ["--out", output, "--resume"], ranks: 5)
      #expect(finished.exitCode == 0, "\(finished)")
      #expect(finished.errors.contains("Going on with"))
      #expect(interrupted.differences(from: whole) == [])

      let again = try Program.run(options(files) + ["--out", output, "--resume"], ranks: 2)
      #expect(again.exitCode == 0 && again.errors.contains("nothing to go on with"), "\(again)")
      #expect(interrupted.differences(from: whole) == [])
    }

    @Test func `isn't taken for finished by another scan's result`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4)
      let scan = files.options + ["--samples", "20", "--out", output, "--progress", "none"]
      #expect(try Program.run(scan, ranks: 1).exitCode == 0)
      let before = TemporaryFolder.files(below: output)
      for (changed, words) in [
        (["--seed", "7"], "--seed is 7 now and was 42 then"), (["--stimuli", "3"], "--stimuli is 3 now and was 256 then"),
        (["--part", "1/2"], "--part is 1/2 now and was not given then"),
      ] {
        let refused = try Program.run(scan + changed + ["--resume"], ranks: 2)
        #expect(refused.exitCode == 64 && refused.errors.contains(words), "\(refused)")
        #expect(refused.complaints.count == 1)
      }
      let same = try Program.run(scan + ["--resume"], ranks: 2)
      #expect(same.exitCode == 0 && same.errors.contains("nothing to go on with"), "\(same)")
      let elsewhere = TemporaryFolder()
      let other = try SmallNetwork.perceptron.write(to: elsewhere, stimuli: 5)
      let changed = try Program.run(
        ["--model", files.model, "--data", other.data] + scan.suffix(from: files.options.count) + ["--resume"], ranks: 1)
      #expect(changed.exitCode == 64 && changed.errors.contains("the stimuli have changed"), "\(changed)")
      let isKept = TemporaryFolder.files(below: output) == before
      #expect(isKept)
    }

    @Test func `that is whole is analysed anew where only the analysis differs`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4)
      let scan = files.options + ["--samples", "20", "--progress", "none"]
      let analysis = ["--confidence", "0.8", "--fdr", "0.2", "--flips", "50"]
      let whole = folder.path("whole")
      #expect(try Program.run(scan + analysis + ["--out", whole], ranks: 2).exitCode == 0)
      #expect(try Program.run(scan + ["--out", output], ranks: 2).exitCode == 0)
      let again = try Program.run(scan + analysis + ["--out", output, "--resume"], ranks: 2)
      #expect(again.exitCode == 0 && again.errors.contains("analysed anew"), "\(again)")
      let names = ["impact.json", "regions.tsv", "report.html", "acquisition/measurements.json"]
      func expectSame(_ folder: String) {
        for name in names {
          #expect(TemporaryFolder.read("\(folder)/\(name)") == TemporaryFolder.read("\(whole)/\(name)"), "\(name)")
        }
      }
      expectSame(output)
      // So it is by whoever takes it up again.
      #expect(try Program.run(["report", output]).exitCode == 0)
      expectSame(output)
    }

    @Test func `that is whole is analysed anew where its estimates are of another arithmetic`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 4)
      let scan = files.options + ["--samples", "20", "--estimator", "regression", "--progress", "none"]
      #expect(try Program.run(scan + ["--out", output], ranks: 1).exitCode == 0)
      let impact = TemporaryFolder.read("\(output)/impact.json")
      let summary = String(decoding: TemporaryFolder.read("\(output)/scan.json"), as: UTF8.self)
      let current = "\"regression\" : \(EstimatorName.regression.version)"
      #expect(summary.contains(current))
      _ = folder.file("out/scan.json", text: summary.replacingOccurrences(of: current, with: "\"regression\" : 0"))
      let again = try Program.run(scan + ["--out", output, "--resume"], ranks: 1)
      #expect(again.exitCode == 0 && again.errors.contains("analysed anew"), "\(again)")
      #expect(TemporaryFolder.read("\(output)/impact.json") == impact)
      #expect(String(decoding: TemporaryFolder.read("\(output)/scan.json"), as: UTF8.self).contains(current))
    }

    @Test func `that ended early goes on under another analysis`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 8)
      let analysis = ["--confidence", "0.8"]
      let whole = folder.path("whole")
      #expect(try Program.run(options(files) + analysis + ["--out", whole], ranks: 2).exitCode == 0)
      let stopped = try interrupted.run(options(files), ranks: 2, signalAll(SIGTERM))
      #expect(stopped.exitCode == 75)
      let finished = try Program.run(options(files) + analysis + ["--out", output, "--resume"], ranks: 3)
      #expect(finished.exitCode == 0, "\(finished)")
      #expect(TemporaryFolder.read("\(output)/impact.json") == TemporaryFolder.read("\(whole)/impact.json"))
    }

    @Test func `outlives a closed terminal`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      // Long enough to be under way still when it is asked to end.
      let long = options(files).map { $0 == "400" ? "20000" : $0 }
      let asked = try interrupted.run(long, ranks: 2) { ranks in
        for rank in ranks { kill(rank, SIGHUP) }
        usleep(300_000)
        for rank in ranks where ProcessTree.isAlive(rank) { kill(rank, SIGTERM) }
      }
      #expect(asked.exitCode == 75, "\(asked)")
    }

    @Test func `ends as if it were asked to where nobody reads what it says`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let output = folder.path("out")
      let words = ["scan"] + options(files) + ["--out", output]
      let deaf = try Command.run(
        "/bin/bash", ["-c", "\"$@\" 2>&1 | true; exit ${PIPESTATUS[0]}", "bash", Program.path] + words, environment: [:])
      #expect(deaf.exitCode == 75, "\(deaf)")
      let whole = try Program.run(words + ["--resume"])
      #expect(whole.exitCode == 0, "\(whole)")
    }

    @Test func `by a full disk keeps what it has, and goes on when there is room`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let whole = folder.path("whole")
      #expect(try Program.run(options(files) + ["--out", whole], ranks: 2).exitCode == 0)
      // No file may grow beyond 40 kB from some moment on.
      let full = try interrupted.run(options(files) + ["--no-acquisition"], ranks: 2) { ranks in
        for rank in ranks { _ = try? Command.run("/usr/bin/prlimit", ["--fsize=40960", "--pid=\(rank)"]) }
      }
      // It fills up while it is added to, or while it is written anew.
      #expect(full.exitCode == 73 && full.errors.contains("/checkpoint.bin"), "\(full)")
      #expect(full.errors.contains(": File too large"))
      #expect(full.complaints.count == 1)
      #expect(interrupted.hasCheckpoint(of: 8000))
      let finished = try Program.run(options(files) + ["--out", output, "--resume"], ranks: 3)
      #expect(finished.exitCode == 0 && finished.errors.contains("Going on with"), "\(finished)")
      #expect(interrupted.differences(from: whole) == [])
    }

    @Test func `because its folder was removed leaves a new one to go on with`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let removed = try interrupted.run(options(files), ranks: 2) { _ in
        try? FileManager.default.removeItem(atPath: output)
      }
      #expect(removed.exitCode == 73 && removed.errors.contains("was removed"), "\(removed)")
      #expect(removed.complaints.count == 1)
      #expect(interrupted.hasCheckpoint(of: 8000))
      let finished = try Program.run(options(files) + ["--out", output, "--resume"], ranks: 2)
      #expect(finished.exitCode == 0 && finished.errors.contains("Going on with"), "\(finished)")
    }

    @Test func `is ended by a time limit or a file`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let long = options(files) + ["--samples", "4000"]
      let hurried = try Program.run(long + ["--out", output, "--max-time", "0.001s"], ranks: 2)
      #expect(hurried.exitCode == 75 && hurried.errors.contains("before anything was measured"), "\(hurried)")
      let limited = try Program.run(long + ["--out", output, "--max-time", "2s"], ranks: 2)
      #expect(limited.exitCode == 75 && limited.errors.contains("time limit"), "\(limited)")
      let asked = try interrupted.run(long + ["--resume"], ranks: 2) { _ in
        _ = folder.file("out/STOP", text: "")
      }
      #expect(asked.exitCode == 75 && asked.errors.contains("STOP"), "\(asked)")
    }

    @Test(arguments: [
      ["SLURM_JOB_ID": "8"], ["SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"],
    ])
    func `is ended by the time that Slurm leaves its job, or its job of an array`(_ job: [String: String]) throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let squeue = folder.file(
        "squeue", text: "#!/bin/sh\ncase \"$*\" in *=8\\ *|*=7_2\\ *) echo 0:03 ;; *) echo 1:00:00 ;; esac\n")
      chmod(squeue, 0o755)
      var environment: [String: String?] = job.mapValues(Optional.some)
      environment["PATH"] = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
      let command = try Program.run(
        options(files) + ["--samples", "4000", "--out", output], ranks: 2, environment: environment)
      #expect(command.exitCode == 75 && command.errors.contains("time limit"), "\(command)")
    }

    @Test func `isn't overwritten, and isn't gone on with otherwise`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      _ = try interrupted.run(options(files), ranks: 2, signalAll(SIGINT))
      let kept = TemporaryFolder.read(output + "/checkpoint.bin")
      #expect(!kept.isEmpty)
      for (changed, words) in [
        ([], ["--resume", output]), (["--resume", "--seed", "7"], ["--seed is 7 now and was 42 then"]),
        (["--resume", "--stimuli", "15"], ["--stimuli"]),
      ] {
        let refused = try Program.run(options(files) + ["--out", output] + changed, ranks: 2)
        #expect([64, 73].contains(refused.exitCode), "\(refused)")
        #expect(refused.complaints.count == 1)
        for word in words { #expect(refused.errors.contains(word), "\(refused)") }
        let isKept = TemporaryFolder.read(output + "/checkpoint.bin") == kept
        #expect(isKept)
      }
    }

    @Test func `isn't begun anew in place of a checkpoint that can't be read, if no earlier one can`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      _ = try interrupted.run(options(files), ranks: 2, signalAll(SIGTERM))
      _ = folder.file("out/checkpoint.bin", text: "NNFMRI01 and then nothing that makes sense")
      let refused = try Program.run(options(files) + ["--out", output, "--resume"], ranks: 2)
      #expect(refused.exitCode == 65 && refused.errors.contains("checkpoint.bin"), "\(refused)")
      #expect(TemporaryFolder.read(output + "/checkpoint.bin").count == 42)
    }

    @Test func `goes on with the checkpoint before a damaged one`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      for _ in 0..<2 { _ = try interrupted.run(options(files) + ["--resume"], ranks: 2, signalAll(SIGTERM)) }
      _ = folder.file("out/checkpoint.bin", [])
      let continued = try interrupted.run(options(files) + ["--resume"], ranks: 2, signalAll(SIGTERM))
      #expect(continued.exitCode == 75 && continued.errors.contains("the one before it"), "\(continued)")
      #expect(continued.errors.contains("Going on with"))
    }

    @Test func `tells damage of its checkpoint, and measures that again`() throws {
      let files = try SmallNetwork.residual.write(to: folder, stimuli: 16)
      let whole = folder.path("whole")
      _ = try Program.run(options(files) + ["--out", whole], ranks: 2)
      _ = try interrupted.run(options(files), ranks: 2, signalAll(SIGTERM))
      var bytes = TemporaryFolder.read(output + "/checkpoint.bin")
      try #require(bytes.count > 8000)
      bytes[bytes.count - 700] ^= 4
      bytes.removeLast(3)
      _ = folder.file("out/checkpoint.bin", bytes)
      let finished = try Program.run(options(files) + ["--out", output, "--resume"], ranks: 3)
      #expect(finished.exitCode == 0 && finished.errors.contains("bytes are damaged"), "\(finished)")
      #expect(interrupted.differences(from: whole) == [])
    }
  }
}
