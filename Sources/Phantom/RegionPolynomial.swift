package import Grids
package import Shapley

/// A game with a closed form: v(S) = c + Σ_T w_T Π_{g∈T} x_g·[g ∈ S], a sum of products over sets T of regions.
///
/// x_g is what region g holds when it is intact; a lesion sets it to zero. The product over T survives only if all of T is
/// intact, so w_T·Π x_g is at once the coefficient of T in the game's unanimity basis (Harsanyi's dividend), and every index
/// follows from it: Shapley values share a dividend equally among T (Shapley 1953), Banzhaf values give each member the part
/// 1/2^(|T|−1) (the probability that the rest of T is intact).
package struct RegionPolynomial: Sendable, Equatable {
  /// One product.
  package struct Term: Sendable, Hashable, Codable {
    /// The regions of T, ascending, each once; at least one.
    package let regions: [Int]
    /// w_T.
    package let weight: Float

    package init(regions: [Int], weight: Float) {
      precondition(!regions.isEmpty && zip(regions, regions.dropFirst()).allSatisfy(<), "a term's regions ascend, each once")
      self.regions = regions
      self.weight = weight
    }
  }

  package let regionCount: Int
  /// c: what is left when everything is lesioned.
  package let constant: Float
  package let terms: [Term]

  package init(regionCount: Int, constant: Float, terms: [Term]) {
    precondition(terms.allSatisfy { $0.regions[0] >= 0 && $0.regions.last! < regionCount }, "a term of regions that do not exist")
    self.regionCount = regionCount
    self.constant = constant
    self.terms = terms
  }

  /// v(S). `activity`: [regions].
  package func value(of coalition: Coalition, activity: [Double]) -> Double {
    terms.reduce(Double(constant)) { sum, term in
      term.regions.allSatisfy { coalition[$0] } ? sum + dividend(of: term, activity) : sum
    }
  }

  /// ζ of every region. [regions] from `activity` [regions].
  package func zeta(_ index: ValueIndex, activity: [Double]) -> [Double] {
    var zeta = [Double](repeating: 0, count: regionCount)
    for term in terms {
      let share =
        switch index {
        case .shapley: 1 / Double(term.regions.count)
        case .banzhaf: 1 / Double(1 << (term.regions.count - 1))
        }
      for region in term.regions {
        zeta[region] += share * dividend(of: term, activity)
      }
    }
    return zeta
  }

  /// The regions of no term: their ζ is exactly zero, whatever the activity.
  package var nullRegions: [Int] {
    let active = Set(terms.flatMap(\.regions))
    return (0..<regionCount).filter { !active.contains($0) }
  }

  private func dividend(of term: Term, _ activity: [Double]) -> Double {
    term.regions.reduce(Double(term.weight)) { $0 * activity[$1] }
  }
}
