internal import CBLAS

/// Products of three regions' signs, with how much of a fit's residuals goes with each and how large each is expected to be.
///
/// The products are of the `regionCount` regions with the largest |β|. The prior standard deviation of a product's
/// coefficient is taken to be |β_aβ_bβ_c|^¼: regions that matter interact more (heredity). Where positions are known, a
/// second prior variance is `nearness` times larger for each 3 x 3 window that holds all three.
///
/// Cost for P pairs: P·regionCount³/3 multiply-adds in single precision.
struct TripleCandidates {
  static let regionCount = 64
  private static let nearness: Float = 10

  private let triples: [PlayerTriple]
  /// `[triples]`: Σ w·e·χ_aχ_bχ_c over the pairs.
  private let sums: [Float]
  /// By prior, `[triples]`: prior standard deviations, up to a factor.
  private let deviations: [[Float]]

  var priorCount: Int { deviations.count }

  init(fit: SizeModulatedFit, positions: PlayerPositions?) {
    let beta = fit.beta
    let strongest = beta.indices.sorted { (-abs(beta[$0]), $0) < (-abs(beta[$1]), $1) }
    let regions = strongest.prefix(TripleCandidates.regionCount).sorted()
    var triples: [PlayerTriple] = []
    for first in regions.indices {
      for second in regions.indices[(first + 1)...] {
        for third in regions.indices[(second + 1)...] {
          triples.append(PlayerTriple(a: regions[first], b: regions[second], c: regions[third]))
        }
      }
    }
    self.triples = triples
    sums = TripleCandidates.sums(fit, regions)
    let heredity = triples.map { Float(abs(beta[$0.a] * beta[$0.b] * beta[$0.c]).squareRoot()) }
    var variances = [heredity]
    if let positions, positions.isSpread {
      variances.append(zip(heredity, triples).map { $0 * (1 + Self.nearness * Float(positions.sharedWindows($1))) })
    }
    deviations = variances.map { $0.map { $0.squareRoot() } }
  }

  /// The products with the largest sums times prior deviations, ties in order of the regions, and the deviations with a mean
  /// square of 1.
  func best(_ count: Int, prior: Int) -> (triples: [PlayerTriple], deviations: [Float]) {
    let priors = deviations[prior]
    let sizes = triples.indices.map { abs(sums[$0]) * priors[$0] }
    let places = triples.indices.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }.prefix(count).filter { sizes[$0] > 0 }
    let meanSquare = places.reduce(0) { $0 + priors[$1] * priors[$1] } / Float(max(1, places.count))
    return (places.map { triples[$0] }, places.map { priors[$0] / meanSquare.squareRoot() })
  }

  /// `[triples]`, in order.
  private static func sums(_ fit: SizeModulatedFit, _ regions: [Int]) -> [Float] {
    let pairs = fit.pairs
    let columns = pairs.count
    let amounts = fit.residuals.indices.map { Float(pairs.weights[$0] * fit.residuals[$0]) }
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
      var products = [Float](repeating: 0, count: left * left)
      let (order, depth) = (Int32(left), Int32(columns))
      withLinearAlgebra {
        unsafe cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, order, order, depth, 1, rest, depth, scaled, depth, 0, &products,
          order)
      }
      for second in 0..<left { result += products[second * left + second + 1..<(second + 1) * left] }
    }
    return result
  }
}
