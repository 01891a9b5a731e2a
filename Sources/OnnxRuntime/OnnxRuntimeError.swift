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
  }

  package let code: Code
  /// The runtime's own words, or what was looked for where.
  package let detail: String

  package var message: String {
    switch code {
    case .libraryMissing: detail
    case .modelRefused: "ONNX Runtime doesn't load the model: \(detail)"
    case .runFailed: "ONNX Runtime couldn't run the model: \(detail)"
    }
  }

  package var exitStatus: ExitStatus { code == .libraryMissing ? .unavailable : .badInput }
}
