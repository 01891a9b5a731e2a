import Distribution
import Files
internal import FoundationEssentials
internal import Glibc
import UserErrors

/// A folder that others put files into.
struct WatchedFolder {
  /// What became of a file.
  enum Outcome {
    case judged
    /// It can't be judged as it is. - Parameter isFinal: whether a part of it has been judged, so that it isn't tried again.
    case failed(Failure, isFinal: Bool)
  }

  /// Size and time of the last change: while they stay, nobody has written to the file.
  private struct State: Equatable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    /// `nil` for what is no file.
    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      (size, seconds, nanoseconds) = (Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    }
  }

  private struct Entry {
    var state: State
    /// When it was first found in this state.
    var since: Double
    /// Of the last try; nobody has been told of it.
    var failure: Failure?
    /// Judged, or refused, as it is in this state.
    var isSettled = false
    /// Judged, as a whole or in part; that is done once.
    var isJudged = false
  }

  /// Seconds between looks.
  private static let interval = 0.5
  /// Seconds for which a file that can't be read may stay as it is before it is refused: its writer may have paused.
  private static let patience = 10.0

  private let path: String

  /// - Throws: `Failure` (`missingInput`) if it isn't a folder.
  init(_ path: String) throws(Failure) {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      throw Failure(.missingInput, "\(path) is no folder: make it, and put stimuli into it")
    }
    self.path = path
  }

  /// Calls the body with each file until it is judged, in the order of names, until a signal comes. A file that still grows waits for the
  /// next look, half a second later. One that can't be judged may be half written: it is tried again when it has changed, and once more, and
  /// refused if it fails then too, when it hasn't for ten seconds. Names that begin with a dot are left alone.
  ///
  /// - Parameters:
  ///   - refuse: told of a file that isn't judged, or that has changed after it was.
  ///   - rest: called between looks.
  func forEachFile(
    _ body: (String) throws -> Outcome, refuse: (Failure) -> Void, rest: () throws -> Void
  ) throws {
    var entries: [String: Entry] = [:]
    while !StopRequest.isSignalled {
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
      // What was taken away may come again.
      let present = Set(names)
      entries = entries.filter { present.contains($0.key) }
      for name in names where !StopRequest.isSignalled {
        let file = path + "/" + name
        guard let state = State(of: file) else { continue }
        guard var entry = entries[name], entry.state == state else {
          let known = entries[name]
          if known?.isJudged == true, known?.isSettled == true {
            refuse(
              Failure(.badInput, "\(file) has changed since it was judged, and isn't judged again: put files there by renaming"))
          }
          let isJudged = known?.isJudged ?? false
          entries[name] = Entry(state: state, since: monotonicSeconds(), isSettled: isJudged, isJudged: isJudged)
          continue
        }
        let isLastTry = monotonicSeconds() - entry.since >= Self.patience
        guard !entry.isSettled, entry.failure == nil || isLastTry else { continue }
        switch try body(file) {
        case .judged:
          (entry.isSettled, entry.isJudged, entry.failure) = (true, true, nil)
        case .failed(let failure, let isFinal):
          entry.failure = failure
          if isFinal || isLastTry {
            refuse(failure)
            (entry.isSettled, entry.isJudged, entry.failure) = (true, isFinal, nil)
          }
        }
        entries[name] = entry
      }
      try rest()
      usleep(UInt32(Self.interval * 1e6))
    }
    for (_, entry) in entries.sorted(by: { $0.key < $1.key }) { entry.failure.map(refuse) }
  }
}
