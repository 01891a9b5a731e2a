/// Which average of marginal contributions v(S ∪ {g}) − v(S) is asked for.
package enum ValueIndex: String, CaseIterable, Sendable, Codable, Hashable {
  /// S uniform in size, then uniform among its size (Shapley 1953). Σζ = v(G) − v(∅).
  case shapley
  /// S uniform over all subsets of the other players (Banzhaf 1965). No efficiency.
  case banzhaf
}
