/// The phases of a scan that other code looks for by name.
package enum PhaseName {
  /// The one that takes the evaluations.
  package static let measuring = "measuring"
}
