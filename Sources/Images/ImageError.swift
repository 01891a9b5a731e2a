/// Why bytes are no picture that can be used.
package struct ImageError: Error, Sendable, Equatable {
  /// The end of a sentence that begins with the file's name.
  package let reason: String

  init(_ reason: String) { self.reason = reason }
}
