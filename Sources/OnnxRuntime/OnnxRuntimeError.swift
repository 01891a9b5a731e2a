package import UserErrors

/// Something that ONNX Runtime, or the search for its library, refused.
package struct OnnxRuntimeError: UserError {
  package enum Code: Sendable {
    /// No usable library of ONNX Runtime was found.
    case libraryMissing
    /// The model can't be loaded: malformed, or with an operator that the runtime lacks.
    case modelRefused
    /// A forward pass failed.
    case runFailed
    /// No library has the execution provider that is asked for, or the machine no device for it.
    case providerMissing
    /// The execution provider can't be used.
    case providerRefused
    /// The execution provider doesn't take its options.
    case optionsRefused
  }

  package let code: Code
  /// The runtime's own words, or what was looked for where.
  package let detail: String

  package var message: String {
    switch code {
    case .libraryMissing, .providerMissing, .providerRefused, .optionsRefused: detail
    case .modelRefused: "ONNX Runtime doesn't load the model: \(detail)"
    case .runFailed: "ONNX Runtime couldn't run the model: \(detail)"
    }
  }

  package var exitStatus: ExitStatus {
    switch code {
    case .libraryMissing, .providerMissing, .providerRefused: .unavailable
    case .optionsRefused: .usage
    case .modelRefused, .runFailed: .badInput
    }
  }
}
