/// Weighted least squares of the even parts of complement pairs on products of two regions' signs.
///
/// The even part e(S) = (v(S) + v(Sᶜ))/2 of a pair with s intact regions, signs χ ∈ {±1}, u = (2s − n)/n their mean,
/// is modelled as
///
///     e ≈ a(s) + nu·Σ_g c_g·χ̃_g + Σ_{i<j} b_ij·p_ij,   χ̃ = χ − u,
///     p_ij = χ_iχ_j − (nu² − 1)/(n − 1) − n/(n − 2)·u·(χ̃_i + χ̃_j),
///
/// a(s) even Legendre polynomials in u, g, i, j among the chosen regions. Among the coalitions of one size p_ij is what is
/// left of χ_iχ_j when its mean and its projection on single regions are taken off, so what is left out of the model,
/// single regions and pairs with others among them, moves the coefficients by chance only, but for pairs with others,
/// whose p is not orthogonal to those of the chosen: the projector Π of the pairs on what is orthogonal to sizes and single
/// regions,
///
///     Π = (n−3)/(n−1) for a pair with itself, −(n−3)/((n−1)(n−2)) with one region in common, 2/((n−1)(n−2)) with none,
///
/// is the same for every size up to a factor (the Johnson scheme), and so is that of single regions, 1 − 1/n and −1/n. With
/// both, the faithful Shapley interaction, whose weights over sizes are the regression's, is
///
///     I_ij = 4·((Πb)_ij + (Pc)_i + (Pc)_j + ρ),   ρ = 3·Σ_s (e₀ − ē_s)/(n(n² − 1)),
///
/// e₀ = (v(G) + v(∅))/2, ē_s the mean over size s = 1..n − 1: single regions' part Pc and the part ρ that all pairs
/// share belong to the best approximation by pairs as much as Πb. In the limit this is exact for every game.
///
/// Banzhaf: coalitions are uniform, all χ_iχ_j are orthogonal, and I_ij = 4·b_ij with e ≈ a + Σ b_ij·χ_iχ_j.
struct EvenRegression {
  private static let mostSizeTerms = 5

  private let table: PairTable
  private let index: ValueIndex
  private let pairs: RegionPairs
  private let sizeTermCount: Int
  /// `[pairs of the table]`.
  private let evenParts: [Double]
  /// e₀.
  private let anchor: Double

  private var singleCount: Int { index == .shapley ? pairs.regions.count : 0 }
  private var featureCount: Int { sizeTermCount + singleCount + pairs.count }

  init(table: PairTable, evenParts: [Double], anchor: Double, index: ValueIndex, pairs: RegionPairs) {
    self.table = table
    self.evenParts = evenParts
    self.anchor = anchor
    self.index = index
    self.pairs = pairs
    sizeTermCount = EvenRegression.sizeTerms(players: table.playerCount, index: index)
  }

  /// Polynomials that describe how e depends on the number of intact regions.
  static func sizeTerms(players: Int, index: ValueIndex) -> Int {
    index == .banzhaf ? 1 : min(mostSizeTerms, players / 2)
  }

  /// - Returns: `nil` where the coalitions don't tell the pairs apart: some regions were always lesioned together.
  func estimate() -> PairEstimate? {
    var system = NormalSystem(tailCount: featureCount)
    var right = [Double](repeating: 0, count: featureCount)
    for pair in 0..<table.count {
      let root = table.weights[pair].squareRoot()
      let row = features(pair).map { root * $0 }
      system.addProducts(of: row, count: 1, to: .tail)
      for (feature, value) in row.enumerated() { right[feature] += root * evenParts[pair] * value }
    }
    guard system.factorise(), let coefficients = try? system.solve(right) else { return nil }
    return PairEstimate(
      interaction: interactions(from: coefficients, shared: sharedPart),
      standardError: variances(coefficients, system).map { $0.squareRoot() },
      degreesOfFreedom: Double(max(1, table.count - featureCount)))
  }

  /// The features of a complement pair: sizes, single regions, pairs of regions.
  private func features(_ pair: Int) -> [Double] {
    let signs = pairs.regions.map { region in
      table.words[pair * table.wordsPerPair + region >> 6] >> UInt64(region & 63) & 1 == 1 ? 1.0 : -1.0
    }
    guard index == .shapley else { return [1] + pairs.places.map { signs[$0.first] * signs[$0.second] } }
    let n = Double(table.playerCount)
    let u = (2 * Double(table.sizes[pair]) - n) / n
    var row: [Double] = []
    row.reserveCapacity(featureCount)
    // Legendre polynomials of even degree.
    var (before, polynomial) = (0.0, 1.0)
    for degree in 0..<2 * sizeTermCount - 1 {
      if degree & 1 == 0 { row.append(polynomial) }
      let k = Double(degree)
      (before, polynomial) = (polynomial, ((2 * k + 1) * u * polynomial - k * before) / (k + 1))
    }
    for sign in signs { row.append(n * u * (sign - u)) }
    let mean = (n * u * u - 1) / (n - 1)
    let slope = n / (n - 2) * u
    for (first, second) in pairs.places {
      row.append(signs[first] * signs[second] - mean - slope * (signs[first] + signs[second] - 2 * u))
    }
    return row
  }

  /// ρ, from the means of the sizes that were drawn.
  private var sharedPart: Double {
    guard index == .shapley else { return 0 }
    return zip(evenParts, sharedWeights).reduce(0) { $0 + $1.1 * (anchor - $1.0) }
  }

  /// `[pairs of the table]`: what e₀ − e of each adds to ρ.
  private var sharedWeights: [Double] {
    let n = table.playerCount
    let sizes = table.sizes.map { min($0, n - $0) }
    var counts = [Double](repeating: 0, count: n / 2 + 1)
    for size in sizes { counts[size] += 1 }
    func shares(_ size: Int) -> Double { 2 * size == n ? 1 : 2 }
    let drawn = counts.indices.reduce(0) { counts[$1] > 0 ? $0 + shares($1) : $0 }
    let scale = 3 * Double(n - 1) / (Double(n) * (Double(n * n) - 1)) / drawn
    return sizes.map { scale * shares($0) / counts[$0] }
  }

  /// `[pairs]`: I from coefficients; linear in them.
  private func interactions(from coefficients: [Double], shared: Double) -> [Double] {
    let b = coefficients[(sizeTermCount + singleCount)...]
    guard index == .shapley else { return b.map { 4 * $0 } }
    let n = Double(table.playerCount)
    let c = coefficients[sizeTermCount..<sizeTermCount + singleCount]
    let mean = c.reduce(0, +) / n
    let singles = c.map { $0 - mean }
    // Π with the sums of b over pairs that share a region and over all.
    let (own, joint, apart) = ((n - 3) / (n - 1), -(n - 3) / ((n - 1) * (n - 2)), 2 / ((n - 1) * (n - 2)))
    var sums = [Double](repeating: 0, count: pairs.regions.count)
    for (place, value) in zip(pairs.places, b) {
      sums[place.first] += value
      sums[place.second] += value
    }
    let total = b.reduce(0, +)
    return zip(pairs.places, b).map { place, value in
      let sharing = sums[place.first] + sums[place.second] - 2 * value
      let projected = own * value + joint * sharing + apart * (total - sharing - value)
      return 4 * (projected + singles[place.first] + singles[place.second] + shared)
    }
  }

  /// The sandwich over complement pairs with HC2's correction, as in `OddRegression`, and ρ's own variance: that of the
  /// sizes' means, from what sizes alone leave of e.
  private func variances(_ coefficients: [Double], _ system: NormalSystem) -> [Double] {
    let factor = FactorBlocks(system)
    var sums = [Double](repeating: 0, count: pairs.count)
    var head: [Float] = []
    let sharedWeights = index == .shapley ? sharedWeights : []
    var shared = 0.0
    for pair in 0..<table.count {
      let root = table.weights[pair].squareRoot()
      let row = features(pair)
      let residual = evenParts[pair] - zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
      var column = row.map { Float(root * $0) }
      factor.whiten(head: &head, tail: &column, count: 1)
      let leverage = FactorBlocks.squaredNorm(column, rows: featureCount, column: 0)
      factor.unwhiten(tail: &column, count: 1)
      let squared = table.weights[pair] * residual * residual * table.unmeasuredShares[pair]
      let scale = squared / max(1 - leverage, 1e-3)
      for (place, value) in interactions(from: column.map(Double.init), shared: 0).enumerated() {
        sums[place] += scale * value * value
      }
      if index == .shapley {
        let deviation = evenParts[pair] - zip(row.prefix(sizeTermCount), coefficients).reduce(0) { $0 + $1.0 * $1.1 }
        let part = 4 * sharedWeights[pair] * deviation
        shared += table.unmeasuredShares[pair] * part * part
      }
    }
    return sums.map { $0 + shared }
  }
}
