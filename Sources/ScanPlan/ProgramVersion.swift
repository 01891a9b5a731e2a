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

extension ProgramVersion: CustomStringConvertible {
  /// "0.1.0 (4613ea3)".
  package var description: String { commit.isEmpty ? number : "\(number) (\(commit))" }
}
