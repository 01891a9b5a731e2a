package import UserErrors

/// A network, an input or a measurement that can't be used as asked.
package struct LesionError: UserError {
  package enum Code: Sendable {
    /// The model, or its output, isn't something that can be scanned as asked.
    case badModel
    /// What the user asks doesn't fit the model.
    case badRequest
    /// A stimulus doesn't fit the model's inputs.
    case badStimulus
    /// The network's answer is NaN or infinite.
    case nonFinite
    /// A file of intermediate results can't be made.
    case cannotWrite
  }

  package let code: Code
  /// One full sentence for the user.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var exitStatus: ExitStatus {
    switch code {
    case .cannotWrite: .cannotWrite
    case .badRequest: .usage
    case .badModel, .badStimulus, .nonFinite: .badInput
    }
  }
}
