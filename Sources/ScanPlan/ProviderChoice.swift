/// The execution provider that passes are to run on, as the user names it.
package struct ProviderChoice: Sendable, Codable, Hashable {
  /// In lower case.
  package var name: String
  /// The provider's own options, by name.
  package var options: [String: String]

  package init(name: String, options: [String: String] = [:]) {
    self.name = name
    self.options = options
  }

  /// The options as they are given: `k=v`, separated by spaces, sorted; `nil` for none.
  package var optionText: String? {
    options.isEmpty ? nil : options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }
}
