import Foundation
import TestSupport
import Testing

/// Runs that the program has to refuse, in a folder of their own.
struct RefusedRuns {
  let folder = TemporaryFolder()

  /// Runs the program alone and on two ranks; both must refuse in the same words, once.
  ///
  /// - Parameters:
  ///   - withRanks: false where another case of the same kind is run on ranks.
  ///   - prepare: called before each run with the output folder, which isn't there.
  func expectRefusal(
    _ arguments: [String], code: Int, naming words: [String], withRanks: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation, prepare: (String) throws -> Void = { _ in }
  ) throws {
    for ranks in [nil, 2] where ranks == nil || withRanks && arguments.first == "scan" {
      try? FileManager.default.removeItem(atPath: folder.path("out"))
      try prepare(folder.path("out"))
      let command = try Program.run(arguments, ranks: ranks, limit: 30)
      #expect(command.exitCode == code, "\(command)", sourceLocation: sourceLocation)
      #expect(command.complaints.count == 1, "\(command)", sourceLocation: sourceLocation)
      for trace in ["Fatal error", "backtrace", "Stack dump", "Thread 0", "BAD TERMINATION"] {
        let text = command.output + command.errors
        #expect(!text.contains(trace), "\(command)", sourceLocation: sourceLocation)
      }
      let complaint = command.complaints.first ?? ""
      for word in words {
        #expect(complaint.contains(word), "\(word) in \(command)", sourceLocation: sourceLocation)
      }
      // A complaint of our own is the last that is said; the parser's is followed by the usage.
      if complaint.hasPrefix("nnfmri-mpi:") {
        #expect(command.errors.hasSuffix(complaint + "\n"), "\(command)", sourceLocation: sourceLocation)
      }
    }
  }

  func scan(_ files: SmallNetwork.Files, _ options: [String] = []) -> [String] {
    scan(model: files.model, data: files.data, options)
  }

  func scan(model: String, data: String, _ options: [String] = []) -> [String] {
    ["scan", "--model", model, "--data", data, "--progress", "none"]
      + (options.contains("--out") ? [] : ["--out", folder.path("out")]) + options
  }

  func perceptron(stimuli: Int = 3, labels: [Int]? = nil) throws -> SmallNetwork.Files {
    try SmallNetwork.perceptron.write(to: folder, stimuli: stimuli, labels: labels)
  }
}
