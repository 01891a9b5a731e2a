/// What options' numbers may be: what is parsed, and what is read back from a folder, is held against the same.
package enum OptionRange {
  /// Shares and confidences, so far from 0 and 1 that 1 minus one, divided among many tests, is still told from 0.
  package static let share = 1e-12...(1 - 1e-12)
  /// Counts of which no smaller limit is known: no sum or product of two of them overflows.
  package static let count = 0...Int(Int32.max)
  package static let batch = 1...1 << 16
  package static let pathways = 1...1 << 20
  package static let signFlips = 0...1 << 24
  package static let permutations = 1...1 << 24
  package static let parts = 1...1 << 16
}
