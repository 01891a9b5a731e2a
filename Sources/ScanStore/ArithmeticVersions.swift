package import Shapley

/// The versions of the rules that results were made by, as `scan.json` holds them.
package struct ArithmeticVersions: Codable, Sendable, Hashable {
  package var designs: Int
  /// Of those that were used, by name.
  package var estimators: [String: Int]

  /// Today's.
  ///
  /// - Parameters:
  ///   - designs: the plan's.
  ///   - estimators: those that are used.
  package init(designs: Int, estimators: some Sequence<EstimatorName>) {
    self.designs = designs
    self.estimators = Dictionary(estimators.map { ($0.rawValue, $0.version) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether the same values would give the same estimates today.
  package var isCurrent: Bool {
    estimators.allSatisfy { EstimatorName(rawValue: $0.key)?.version == $0.value }
  }
}
