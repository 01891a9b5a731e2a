package import UserErrors

/// A worker's answer: the output of a task, and the seconds that it took.
package struct TaskAnswer: Coded {
  package var seconds = 0.0
  package var output: ArraySlice<UInt8> = []

  package init() {}

  package init(_ output: [UInt8], seconds: Double) {
    self.output = output[...]
    self.seconds = seconds
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&seconds)
    try coder.code(&output)
  }
}

/// Why a task failed, with the exit code that it means: both travel to the coordinator and to the launcher.
package struct FailureMessage: Coded {
  /// 0 where nothing failed.
  package private(set) var status = ExitStatus.defect.rawValue
  private var sentence = ""

  /// Nothing failed.
  package static var none: FailureMessage {
    var message = FailureMessage()
    message.status = 0
    return message
  }

  package init() {}

  package init(_ failure: Failure) {
    status = failure.exitStatus.rawValue
    sentence = failure.message
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&status)
    try coder.code(&sentence)
  }

  package var failure: Failure { Failure(ExitStatus(rawValue: status) ?? .defect, sentence) }
}
