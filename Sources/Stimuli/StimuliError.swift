/// What went wrong with a file of stimuli or with their fit to a model, for the person who gave them.
package struct StimuliError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// A file that is not there or cannot be opened.
    case missingInput
    /// A file whose contents are not what its format, its neighbours or the model need.
    case badInput
    /// A file that could not be written.
    case cannotWrite
  }

  package let code: Code
  /// One sentence: what, where and how to mend it.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
