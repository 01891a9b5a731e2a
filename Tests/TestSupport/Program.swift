import Foundation

/// The built program and the launcher that it is started with.
package enum Program {
  package static let name = "nnfmri-mpi"

  /// The project's folder.
  package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The executable: the one that NNFMRI_PROGRAM names, or else the built one, beside the tests or where a debug build leaves
  /// it.
  package static let path: String = {
    if let named = ProcessInfo.processInfo.environment["NNFMRI_PROGRAM"] { return named }
    let beside = [Bundle.main.bundlePath, Bundle.main.executablePath ?? "", CommandLine.arguments[0]].flatMap { place in
      let url = URL(filePath: place)
      return [url.path, url.deletingLastPathComponent().path]
    }
    let folders = beside + [root + "/.build/debug"]
    return folders.map { $0 + "/" + name }.first(where: FileManager.default.isExecutableFile) ?? folders.last! + "/"
      + name
  }()

  /// MPI's launcher; `nil` where there is none.
  package static let launcher: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return folders.map { $0 + "/mpirun" }.first(where: FileManager.default.isExecutableFile)
  }()

  /// Runs the program: alone, or under the launcher on a number of ranks.
  package static func run(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String?] = [:], in folder: String? = nil,
    limit: Double = 60, meanwhile: (Int32) -> Void = { _ in }
  ) throws -> Command {
    guard let ranks else {
      return try Command.run(
        path, arguments, environment: environment, in: folder, limit: limit, meanwhile: meanwhile)
    }
    return try launch(
      [(ranks, arguments)], environment: environment, in: folder, limit: limit, meanwhile: meanwhile)
  }

  /// Runs the program on ranks that are started with different arguments.
  package static func launch(
    _ groups: [(ranks: Int, arguments: [String])], environment: [String: String?] = [:], in folder: String? = nil,
    limit: Double = 60, meanwhile: (Int32) -> Void = { _ in }
  ) throws -> Command {
    var words: [String] = []
    for (ranks, arguments) in groups {
      if !words.isEmpty { words.append(":") }
      words += ["-n", "\(ranks)", path] + arguments
    }
    guard let launcher else { throw LauncherMissing() }
    return try Command.run(launcher, words, environment: environment, in: folder, limit: limit, meanwhile: meanwhile)
  }

  package struct LauncherMissing: Error, CustomStringConvertible {
    package let description = "mpirun isn't on the path"
  }
}
