import Foundation

/// A program that was run to its end.
package struct Command: Sendable, CustomStringConvertible {
  package let words: [String]
  /// As a shell would say it: 128 and the signal's number, where a signal ended it.
  package let exitCode: Int
  package let output: String
  package let errors: String
  /// Whether it was ended because it took longer than it was given.
  package let isTimedOut: Bool

  /// The lines of standard error by which the program itself complains.
  package var complaints: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("nnfmri-mpi:") || $0.hasPrefix("Error:") }
  }

  package var description: String {
    """
    \(words.joined(separator: " "))
    exit code \(exitCode)\(isTimedOut ? ", out of time" : "")
    \(output)\(errors)
    """
  }

  /// Runs a program. The processes that it started end with it, in every case.
  ///
  /// - Parameters:
  ///   - environment: what differs from this process's; `nil` removes a variable. What a launcher around the tests may
  ///     have set for its own ranks is removed.
  ///   - limit: seconds after which it is ended.
  ///   - meanwhile: called once with its process number, as soon as it runs.
  package static func run(
    _ executable: String, _ arguments: [String], environment: [String: String?] = [:], in folder: String? = nil,
    limit: Double = 60, meanwhile: (Int32) -> Void = { _ in }
  ) throws -> Command {
    let scratch = TemporaryFolder()
    // Files, not pipes: a rank that outlives its launcher would hold a pipe open.
    let (outputPath, errorPath) = (scratch.file("out", []), scratch.file("err", []))
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    var variables = ProcessInfo.processInfo.environment.filter { name, _ in
      !["PMI_", "PMIX_", "MPI_", "SLURM_", "HYDRA_"].contains { name.hasPrefix($0) }
    }
    for (name, value) in environment { variables[name] = value }
    process.environment = variables
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: outputPath)
    process.standardError = FileHandle(forWritingAtPath: errorPath)
    try process.run()

    meanwhile(process.processIdentifier)
    let deadline = Date(timeIntervalSinceNow: limit)
    var isTimedOut = false
    while process.isRunning {
      usleep(5000)
      if Date() > deadline {
        isTimedOut = true
        ProcessTree.end(process.processIdentifier)
        break
      }
    }
    process.waitUntilExit()
    let status = Int(process.terminationStatus)
    return Command(
      words: [executable] + arguments, exitCode: process.terminationReason == .exit ? status : 128 + status,
      output: String(decoding: TemporaryFolder.read(outputPath), as: UTF8.self),
      errors: String(decoding: TemporaryFolder.read(errorPath), as: UTF8.self), isTimedOut: isTimedOut)
  }
}
