internal import CBLAS
import Statistics

/// Products of three regions' signs, with how much of a fit's residuals goes with each and how large each is expected to be.
///
/// The products are of the `regionCount` regions with the largest |β|. The prior variance of a product's coefficient is
/// taken to be |β_aβ_bβ_c|^½: regions that matter interact more (heredity). Where positions are known, a second prior
/// variance is `nearness` times larger for each 3 x 3 window that holds all three.
///
/// Cost for P pairs: P·regionCount³/3 multiply-adds in single precision. Memory: 0.7·regionCount³ bytes.
struct TripleCandidates {
  static let regionCount = 128
  private static let nearness: Float = 10

  private struct Candidate {
    let term: TripleTerm
    /// The square of its sum, times the variance.
    let rank: Float
    let place: Int
  }

  /// Ascending.
  private let regions: [Int]
  /// `[regions]`: |β|^½.
  private let heredities: [Float]
  /// `[triples]`, in order: Σ w·e·(χ_aχ_bχ_c − u) over the pairs.
  private let sums: [Float]
  private let positions: PlayerPositions?

  /// The first goes by heredity alone, the second by nearness too.
  var priorCount: Int { positions == nil ? 1 : 2 }

  /// - Parameter residuals: `[pairs]`: what is left of the fit's pairs.
  init(fit: SizeModulatedFit, residuals: [Double], positions: PlayerPositions?) {
    let beta = fit.beta
    let strongest = beta.indices.sorted { (-abs(beta[$0]), $0) < (-abs(beta[$1]), $1) }
    regions = strongest.prefix(TripleCandidates.regionCount).sorted()
    heredities = regions.map { Float(abs(beta[$0]).squareRoot()) }
    sums = TripleCandidates.sums(fit.pairs.table, residuals, regions)
    self.positions = positions?.isSpread == true ? positions : nil
  }

  /// The products with the largest sums times prior deviations, ties in order of the regions.
  func best(_ count: Int, prior: Int) -> [TripleTerm] {
    var kept: [Candidate] = []
    var least: Float = 0
    func prune() {
      kept.sort { ($1.rank, $0.place) < ($0.rank, $1.place) }
      kept = Array(kept.prefix(count))
      if kept.count == count, let last = kept.last { least = last.rank }
    }
    var place = 0
    for first in regions.indices {
      for second in regions.indices[(first + 1)...] {
        let heredity = heredities[first] * heredities[second]
        for third in regions.indices[(second + 1)...] {
          let triple = PlayerTriple(regions[first], regions[second], regions[third])
          var variance = heredity * heredities[third]
          if prior > 0, let positions { variance *= 1 + Self.nearness * Float(positions.sharedWindows(triple)) }
          let rank = sums[place] * sums[place] * variance
          if rank > least {
            kept.append(Candidate(term: TripleTerm(triple: triple, variance: variance), rank: rank, place: place))
          }
          place += 1
        }
      }
      if kept.count > 2 * count { prune() }
    }
    prune()
    return kept.map(\.term)
  }

  private static func sums(_ pairs: PairTable, _ residuals: [Double], _ regions: [Int]) -> [Float] {
    let columns = pairs.count
    let amounts = zip(pairs.weights, residuals).map { Float($0 * $1) }
    let centre = zip(amounts, pairs.imbalances).reduce(0) { $0 + $1.0 * Float($1.1) }
    // Row-major `[regions x pairs]`.
    let signs = regions.flatMap { region in (0..<columns).map { pairs.isIntact(region, in: $0) ? 1 : -1 as Float } }
    var result: [Float] = []
    for first in regions.indices {
      let left = regions.count - first - 1
      if left < 2 { break }
      let rest = Array(signs[(first + 1) * columns..<regions.count * columns])
      var scaled = rest
      for row in 0..<left {
        for column in 0..<columns { scaled[row * columns + column] *= amounts[column] * signs[first * columns + column] }
      }
      var products = [Float](repeating: centre, count: left * left)
      let (order, depth) = (Int32(left), Int32(columns))
      withLinearAlgebra {
        unsafe cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, order, order, depth, 1, rest, depth, scaled, depth, -1, &products,
          order)
      }
      for second in 0..<left { result += products[second * left + second + 1..<(second + 1) * left] }
    }
    return result
  }
}
