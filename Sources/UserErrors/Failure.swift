/// Why something that a user asked for can't start or go on: an exit code and a sentence.
package struct Failure: UserError, Hashable {
  package let exitStatus: ExitStatus
  package let message: String

  package init(_ exitStatus: ExitStatus, _ message: String) {
    self.exitStatus = exitStatus
    self.message = message
  }

  /// Any error in these terms; one that no module means for users is a defect.
  package init(_ error: any Error) {
    if let error = error as? any UserError {
      self.init(error.exitStatus, error.message)
    } else {
      self.init(.defect, "\(error)")
    }
  }
}
