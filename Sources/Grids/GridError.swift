package import UserErrors

/// What went wrong between a layer and its grid, for the person who asked for it.
package struct GridError: UserError, Equatable {
  package enum Code: Sendable, Equatable {
    /// A flag that cannot be read, such as a grid of two numbers.
    case usage
    /// A tensor that has no anatomy, such as a scalar.
    case badInput
  }

  package let code: Code
  /// One sentence: what, where and how to mend it.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var exitStatus: ExitStatus { code == .usage ? .usage : .badInput }
}
