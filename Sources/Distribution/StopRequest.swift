import Files
internal import Glibc
private import Synchronization

/// The wish that a scan end early and keep what it has: a signal (INT, TERM, USR1, or PIPE where what it says has no reader left), a time limit, or a file.
///
/// A wish is heard once: batch systems send TERM two or three times within a second.
package final class StopRequest {
  private static let signalled = Atomic<Bool>(false)

  /// The folders in which a file named `STOP` is a wish.
  private let folders: [String]
  /// The moment, on the monotonic clock, at which the scan has to be over; `nil` for none.
  private let deadline: Double?
  private var nextLook = 0.0

  package init(folders: [String] = [], deadline: Double? = nil) {
    self.folders = folders
    self.deadline = deadline
  }

  /// Lets the signals be wishes from now on, instead of ending the process.
  package static func listen() {
    // A closed terminal ends no scan.
    signal(SIGHUP, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGUSR1, SIGPIPE] {
      signal(number) { _ in StopRequest.signalled.store(true, ordering: .relaxed) }
      sigaddset(&signals, number)
    }
    // A launcher may have started this process with them blocked.
    sigprocmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Whether this process has been signalled.
  package static var isSignalled: Bool { signalled.load(ordering: .relaxed) }

  /// Why the scan should end, if it should. Cheap: files and clocks are looked at once a second.
  ///
  /// - Parameter margin: seconds that ending takes.
  func reason(margin: Double) -> String? {
    if Self.isSignalled { return "a signal" }
    let now = monotonicSeconds()
    guard now >= nextLook else { return nil }
    nextLook = now + 1
    // The look itself may come a second late.
    if let deadline, now >= deadline - margin - 2 { return "the time limit" }
    return folders.first { access($0 + "/STOP", F_OK) == 0 }.map { "the file \($0)/STOP" }
  }
}
