/// Why a scan can't start or go on.
package struct ScanError: Error, Sendable, CustomStringConvertible {
  /// The classes of failure that a caller, or a batch script, may want to tell apart.
  package enum Code: Int, Sendable {
    /// The options contradict each other or the model.
    case usage = 64
    /// The model or the stimuli are not what they should be.
    case badInput = 65
    /// A file is not there.
    case missingInput = 66
    /// The inference runtime's library is not there.
    case runtimeMissing = 69
    /// A defect of this program.
    case defect = 70
    /// The output folder can't be written.
    case cannotWrite = 73
    /// Ended early with a checkpoint: run again with `--resume`.
    case stopped = 75
  }

  package let code: Code
  /// One full sentence for the user.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
