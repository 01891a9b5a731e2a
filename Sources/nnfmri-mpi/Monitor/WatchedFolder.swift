import Distribution
import Files
internal import FoundationEssentials
internal import Glibc
import UserErrors

/// A folder that others put files into.
struct WatchedFolder {
  private let path: String

  /// - Throws: `Failure` (`missingInput`) if it isn't a folder.
  init(_ path: String) throws(Failure) {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      throw Failure(.missingInput, "\(path) is no folder: make it, and put stimuli into it")
    }
    self.path = path
  }

  /// Calls the body with each file once, in the order of names, until a signal comes. A file that still grows waits for the next
  /// look, half a second later; names that begin with a dot are left alone.
  ///
  /// - Parameter rest: called between looks.
  func forEachFile(_ body: (String) throws -> Void, rest: () throws -> Void) throws {
    var seen: Set<String> = []
    var sizes: [String: Int] = [:]
    while !StopRequest.isSignalled {
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
      // What was taken away may come again.
      seen.formIntersection(names)
      for name in names where !seen.contains(name) && !StopRequest.isSignalled {
        let file = path + "/" + name
        var status = stat()
        guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        guard sizes[name] == Int(status.st_size) else {
          sizes[name] = Int(status.st_size)
          continue
        }
        sizes[name] = nil
        seen.insert(name)
        try body(file)
      }
      try rest()
      usleep(500_000)
    }
  }
}
