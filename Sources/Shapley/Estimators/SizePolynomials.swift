/// h(s): what the odd part of a game owes to the number of intact regions alone, beyond the straight line from ∅ to G.
///
/// Odd polynomials of u = (2s − n)/n that vanish at u = ±1, where h is known to be 0: (u³ − u)·P_2j(u), P Legendre's.
enum SizePolynomials {
  private static let mostTerms = 3

  /// No more than there are sizes to tell them apart by.
  static func count(players n: Int) -> Int { min(mostTerms, (n - 1) / 2) }

  /// `[count][sizes]`
  static func values(players n: Int, imbalances: [Double]) -> [[Double]] {
    (0..<count(players: n)).map { term in imbalances.map { ($0 * $0 * $0 - $0) * evenLegendre(term, $0) } }
  }

  /// P₀, P₂, P₄.
  private static func evenLegendre(_ term: Int, _ u: Double) -> Double {
    let square = u * u
    return switch term {
    case 0: 1
    case 1: (3 * square - 1) / 2
    default: (35 * square * square - 30 * square + 3) / 8
    }
  }
}
