/// Options of one role, by their names on the command line.
package protocol OptionEntries {
  /// Every option that is set or has a default, as text, in a fixed order. This is the one list that identity, digests
  /// and `scan.json` are made from.
  var entries: [(name: String, text: String)] { get }
}

extension OptionEntries {
  /// The entries by name.
  package var byName: [String: String] {
    Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.text) })
  }
}
