/// Counts with their nouns.
enum Plural {
  /// "1 region", "2 regions".
  static func count(_ number: Int, _ one: String, _ many: String) -> String {
    "\(number) \(number == 1 ? one : many)"
  }
}
