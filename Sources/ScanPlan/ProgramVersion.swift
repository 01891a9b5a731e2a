/// Which program measures.
package struct ProgramVersion: Sendable, Hashable {
  /// Of the release, by which measurements are told apart.
  package let number: String
  /// What it was built from; empty where that isn't known.
  package let commit: String

  package init(number: String, commit: String) {
    self.number = number
    self.commit = commit
  }
}
