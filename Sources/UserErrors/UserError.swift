/// The classes of failure that a caller, or a batch script, may want to tell apart: the program's exit codes, after
/// BSD's sysexits.h.
package enum ExitStatus: Int, Sendable {
  /// Options contradict each other or the model. EX_USAGE.
  case usage = 64
  /// The model or the stimuli are not what they should be. EX_DATAERR.
  case badInput = 65
  /// A file is not there. EX_NOINPUT.
  case missingInput = 66
  /// A library that is loaded at run time is not there. EX_UNAVAILABLE.
  case unavailable = 69
  /// A defect of this program. EX_SOFTWARE.
  case defect = 70
  /// A file or folder can't be written. EX_CANTCREAT.
  case cannotWrite = 73
  /// Ended early with a checkpoint: run again with `--resume`. EX_TEMPFAIL.
  case stopped = 75
}

/// An error that is told to the person at the terminal: every module's error is one.
///
/// The exit code travels with the sentence, from whichever rank fails first to the launcher.
package protocol UserError: Error, Sendable, CustomStringConvertible {
  /// The code that the program ends with.
  var exitStatus: ExitStatus { get }
  /// One full sentence: what, where and how to mend it.
  var message: String { get }
}

extension UserError {
  package var description: String { message }
}
