/// Size-modulated odd regression, fitted to some complement pairs.
///
/// The odd part y = (v(S) − v(Sᶜ))/2 of a complement pair with s intact regions, u = (2s − n)/n, is modelled as
///
///     y ≈ Δ/2·u + h(s) + Σ_g χ̃_g·(β_g + γ_g·q(s)),   χ̃ = χ − u,   q = u² − its mean over s = 1..<n,
///
/// h and β, γ back-fitted three times. Then ζ_g = 2β_g + Δ/n with Σβ = 0, so Σζ = Δ.
///
/// For any game, ζ_g = Δ/n + 2·mean_s b_g(s), where b_g(s) is the slope of y on χ̃_g within the coalitions of size s; the
/// weights give every size's χ̃ the same variance, and q is orthogonal to 1 under them, so β estimates that mean
/// without bias in the limit, whatever h is and however γ is shrunk: model and shrinkage cost or save variance only.
///
/// γ's prior precision is fixed, so its ridge as a share of the mean diagonal falls with the number of pairs.
struct SizeModulatedFit {
  /// Above this many regions the modulation γ is left out: it doubles the order of the system, which at 4096 regions would
  /// take 0.74 GB and three times the time; without it 0.2 GB.
  static let largestModulatedCount = 1024

  let pairs: PairTable
  /// Δ = v(G) − v(∅).
  let effect: Double
  let regression: OddRegression
  /// `[pairs]`: the leverages of h.
  let sizeLeverages: [Double]
  /// `[n + 1]`: h.
  private(set) var bySize: [Double] = []
  /// [γ | β]
  private(set) var coefficients: [Double] = []
  /// `[pairs]`
  private(set) var residuals: [Double]

  private var playerCount: Int { pairs.playerCount }
  var beta: [Double] { Array(coefficients.suffix(playerCount)) }

  init(pairs: PairTable, effect: Double) throws(ShapleyError) {
    self.pairs = pairs
    self.effect = effect
    let n = pairs.playerCount
    let imbalance = pairs.sizes.map { SizeModulatedFit.imbalance(size: $0, players: n) }
    let isModulated = n >= 4 && n <= SizeModulatedFit.largestModulatedCount
    regression = try OddRegression(
      pairs: pairs, centres: imbalance,
      modulation: isModulated ? imbalance.map { SizeModulatedFit.modulation(imbalance: $0, players: n) } : [],
      ridge: 1.2 * Double(n) / Double(pairs.count), isCentred: true)
    let sizeEffect = SizeEffect(playerCount: n, sizes: pairs.sizes)
    let leverages = sizeEffect.leverages()
    sizeLeverages = pairs.sizes.map { leverages[$0] }
    let deviations = pairs.oddParts.indices.map { pairs.oddParts[$0] - effect / 2 * imbalance[$0] }
    var predictions = [Double](repeating: 0, count: pairs.count)
    residuals = deviations
    for _ in 0..<3 {
      bySize = sizeEffect.fit(
        sizes: pairs.sizes, residuals: deviations.indices.map { deviations[$0] - predictions[$0] })
      let targets = deviations.indices.map { deviations[$0] - bySize[pairs.sizes[$0]] }
      coefficients = try regression.coefficients(for: targets)
      predictions = regression.predictions(of: coefficients)
      residuals = targets.indices.map { targets[$0] - predictions[$0] }
    }
  }

  /// u
  private static func imbalance(size: Int, players n: Int) -> Double { Double(2 * size - n) / Double(n) }

  /// q; the mean of u² over s = 1..<n is (n−2)/(3n).
  private static func modulation(imbalance: Double, players n: Int) -> Double {
    imbalance * imbalance - Double(n - 2) / Double(3 * n)
  }

  /// What is left of other pairs of the same game, `[others]`, after Δ, h and the given coefficients [γ | β].
  func residuals(of others: PairTable, coefficients: [Double]) -> [Double] {
    let beta = Array(coefficients.suffix(playerCount))
    let gamma = Array(coefficients.dropLast(playerCount))
    let (betaTotal, gammaTotal) = (beta.reduce(0, +), gamma.reduce(0, +))
    let betaSums = others.signedSums(of: beta)
    let gammaSums = gamma.isEmpty ? [] : others.signedSums(of: gamma)
    return (0..<others.count).map { pair in
      let u = SizeModulatedFit.imbalance(size: others.sizes[pair], players: playerCount)
      var prediction = effect / 2 * u + bySize[others.sizes[pair]] + betaSums[pair] - u * betaTotal
      if !gamma.isEmpty {
        prediction += SizeModulatedFit.modulation(imbalance: u, players: playerCount) * (gammaSums[pair] - u * gammaTotal)
      }
      return others.oddParts[pair] - prediction
    }
  }
}
