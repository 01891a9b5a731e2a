/// Why a phantom could not be written.
package struct PhantomError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// A folder or file that could not be made.
    case cannotWrite
  }

  package let code: Code
  /// One sentence for users: what, where, and how to mend it.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
