import Foundation

/// The built program and the launcher that it is started with.
package enum Program {
  package static let name = "nnfmri-mpi"

  /// The project's folder.
  package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The program: the one that NNFMRI_PROGRAM names, or else the one that was built with the tests.
  package static let path = ProcessInfo.processInfo.environment["NNFMRI_PROGRAM"] ?? built(name)

  /// An executable that was built with the tests: beside them, or where a debug build leaves it.
  package static func built(_ name: String) -> String {
    let beside = [Bundle.main.bundlePath, Bundle.main.executablePath ?? "", CommandLine.arguments[0]].flatMap { place in
      let url = URL(filePath: place)
      return [url.path, url.deletingLastPathComponent().path]
    }
    let paths = (beside + [root + "/.build/debug"]).map { $0 + "/" + name }
    return paths.first(where: FileManager.default.isExecutableFile) ?? paths.last!
  }

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
