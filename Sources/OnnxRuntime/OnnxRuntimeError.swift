/// Something that ONNX Runtime, or the search for its library, refused.
package struct OnnxRuntimeError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable {
    /// No usable library of ONNX Runtime was found.
    case libraryMissing
    /// The model can't be loaded: malformed, or with an operator that the runtime lacks.
    case modelRefused
    /// A forward pass failed.
    case runFailed
  }

  package let code: Code
  /// One full sentence for the user.
  package let message: String

  package var description: String { message }
}
