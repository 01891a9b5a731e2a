package import UserErrors

/// Why a model could not be read, searched or cut.
package struct ModelGraphError: UserError, Equatable {
  /// What kind of mistake it was; the command's exit code follows from it.
  package enum Code: Sendable, Equatable {
    /// The model is damaged, or asks for what cannot be done with it.
    case badInput
    /// A file does not exist.
    case missingInput
    /// A name that the user gave is not in the model.
    case unknownTensor
  }

  package let code: Code

  /// One sentence for users: what, where, and how to mend it.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var exitStatus: ExitStatus {
    switch code {
    case .badInput: .badInput
    case .missingInput: .missingInput
    case .unknownTensor: .usage
    }
  }
}
