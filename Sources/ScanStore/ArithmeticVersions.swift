package import Shapley

/// The versions of the rules that results were made by, as `scan.json` holds them.
package struct ArithmeticVersions: Codable, Sendable, Hashable {
  package var designs: Int
  /// Of those that were used, by name.
  package var estimators: [String: Int]

  /// Today's. - Parameter estimators: those that are used.
  package init(estimators: some Sequence<EstimatorName>) {
    designs = Design.version
    self.estimators = Dictionary(estimators.map { ($0.rawValue, $0.version) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether the same values would give the same estimates today.
  package var isCurrent: Bool {
    estimators.allSatisfy { EstimatorName(rawValue: $0.key)?.version == $0.value }
  }
}
