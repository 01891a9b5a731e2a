import Foundation
import TestSupport
import Testing

extension DistributedTests {
  @Suite struct `The parts of a scan` {
    private let folder = TemporaryFolder()

    private func part(_ number: Int, of count: Int, _ options: [String], ranks: Int? = nil) throws -> Command {
      try Program.run(
        ["scan"] + options + ["--part", "\(number)/\(count)", "--out", folder.path("part\(number)"), "--progress", "none"],
        ranks: ranks)
    }

    private func merge(_ parts: [String], into output: String, _ options: [String] = []) throws -> Command {
      try Program.run(["merge"] + parts.map(folder.path) + ["--out", folder.path(output)] + options)
    }

    private func results(_ output: String) -> [String: [UInt8]] {
      TemporaryFolder.files(below: folder.path(output)).filter { $0.key != "scan.json" }
    }

    struct Variant: Sendable, CustomTestStringConvertible {
      let network: SmallNetwork
      let parts: Int
      let options: [String]
      var testDescription: String { "\(network) in \(parts) parts \(options.joined(separator: " "))" }
    }

    static let variants = [
      Variant(network: .residual, parts: 3, options: ["--grid", "2x2x2", "--samples", "40", "--lesion", "mean"]),
      Variant(network: .residual, parts: 2, options: ["--grid", "2x2x2", "--samples", "30", "--lesion", "resample"]),
      Variant(network: .perceptron, parts: 4, options: ["--layers", "all", "--no-acquisition", "--flips", "50"]),
    ]

    @Test(arguments: variants)
    func `joined are the bytes of a single run`(_ variant: Variant) throws {
      let files = try variant.network.write(to: folder, stimuli: 40)
      let options = files.options + variant.options
      let single = try ScanRun(options, ranks: 2)
      #expect(single.command.exitCode == 0, "\(single.command)")
      for number in 1...variant.parts {
        let command = try part(number, of: variant.parts, options, ranks: number)
        #expect(command.exitCode == 0, "\(command)")
      }
      // Merging needs neither the network nor the stimuli.
      try FileManager.default.removeItem(atPath: files.model)
      let names = (1...variant.parts).map { "part\($0)" }.reversed()
      let keeping = variant.options.filter { $0 == "--no-acquisition" }
      let merged = try merge(Array(names), into: "whole", keeping)
      #expect(merged.exitCode == 0, "\(merged)")
      // What the network answers with the regions lesioned that rank first can't be asked without it, and the page shows it.
      let asked: Set = ["lesions.json", "acquisition/answers.json"]
      #expect(Set(results("whole").keys) == Set(single.results.keys).subtracting(asked))
      let differing = results("whole").filter { $0.value != single.results[$0.key] }.keys.sorted()
      #expect(differing == ["report.html"])
      let summary = String(decoding: TemporaryFolder.read(folder.path("whole/scan.json")), as: UTF8.self)
      #expect(summary.contains("\"complete\" : true"))
    }

    @Test func `are told when one is missing, unfinished, given twice or another scan's`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 6)
      let options = files.options + ["--layers", "first", "--samples", "20"]
      for number in [1, 2] { #expect(try part(number, of: 3, options).exitCode == 0) }

      let missing = try merge(["part2", "part1"], into: "whole")
      #expect(missing.exitCode == 66 && missing.errors.contains("part 3/3"), "\(missing)")
      let twice = try merge(["part1", "part2", "part1"], into: "whole")
      #expect(twice.exitCode == 65 && twice.errors.contains("both hold part 1/3"), "\(twice)")

      #expect(try part(3, of: 3, options + ["--seed", "7"]).exitCode == 0)
      let foreign = try merge(["part1", "part2", "part3"], into: "whole")
      #expect(foreign.exitCode == 65 && foreign.errors.contains("--seed is 7"), "\(foreign)")
      let otherwise = try part(3, of: 3, options + ["--resume"])
      #expect(otherwise.exitCode == 64 && otherwise.errors.contains("--seed is 42 now and was 7 then"), "\(otherwise)")

      try FileManager.default.removeItem(atPath: folder.path("part3"))
      #expect(try part(3, of: 3, options).exitCode == 0)
      let path = folder.path("part3/checkpoint.bin")
      let whole = TemporaryFolder.read(path)
      _ = folder.file("part3/checkpoint.bin", whole.dropLast(5))
      let torn = try merge(["part1", "part2", "part3"], into: "whole")
      #expect(torn.exitCode == 66 && torn.errors.contains("--resume") && torn.errors.contains("part3"), "\(torn)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("whole")))

      // It is mended by going on with it, and known to be finished then.
      for words in ["Going on with", "nothing to go on with"] {
        let mended = try part(3, of: 3, options + ["--resume"])
        #expect(mended.exitCode == 0 && mended.errors.contains(words), "\(mended)")
      }
      #expect(try merge(["part1", "part2", "part3"], into: "whole").exitCode == 0)
      let complete = try merge(["whole"], into: "again")
      #expect(complete.exitCode == 65 && complete.errors.contains("whole scan"), "\(complete)")
    }

    @Test func `that were to be analysed otherwise are analysed as the first, which is said`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 6)
      let options = files.options + ["--layers", "first", "--samples", "20"]
      let single = try ScanRun(options + ["--confidence", "0.8"], ranks: nil)
      #expect(try part(1, of: 2, options + ["--confidence", "0.8"]).exitCode == 0)
      #expect(try part(2, of: 2, options + ["--flips", "20"]).exitCode == 0)
      let merged = try merge(["part2", "part1"], into: "whole")
      #expect(merged.exitCode == 0, "\(merged)")
      let words = "--confidence 0.8 --flips 0 and \(folder.path("part2")) with --confidence 0.95 --flips 20"
      #expect(merged.errors.contains(words), "\(merged)")
      #expect(results("whole")["impact.json"] == single.results["impact.json"])
    }

    @Test(arguments: ["0/3", "4/3", "1", "a/b", "1/0", "1/2/3"])
    func `have a number and a count`(_ text: String) throws {
      let command = try Program.run(["scan", "--part", text])
      #expect(command.exitCode == 64, "\(command)")
    }

    @Test(arguments: [["--tolerance", "5"], ["--allocate", "decisions"], ["--stream", "all"]])
    func `exclude what needs the whole scan`(_ options: [String]) throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
      let command = try part(1, of: 2, files.options + options, ranks: 2)
      #expect(command.exitCode == 64 && command.errors.contains(options[0]), "\(command)")
    }

    @Test func `aren't more than the series`() throws {
      let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
      let command = try part(3, of: 3, files.options + ["--layers", "first"])
      #expect(command.exitCode == 64 && command.errors.contains("2 series"), "\(command)")
    }
  }
}
