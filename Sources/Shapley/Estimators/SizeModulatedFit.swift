/// Size-modulated odd regression, fitted to some complement pairs.
///
/// The odd part y = (v(S) − v(Sᶜ))/2 of a complement pair with s intact regions, u = (2s − n)/n, is modelled as
///
///     y ≈ Δ/2·u + h(s) + Σ_g χ̃_g·(β_g + γ_g·q(s)),   χ̃ = χ − u,   q = u² − its mean over s = 1..<n,
///
/// h three polynomials (`SizePolynomials`). Then ζ_g = 2β_g + Δ/n with Σβ = 0, so Σζ = Δ.
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

  /// Δ = v(G) − v(∅).
  let effect: Double
  let regression: OddRegression
  /// Of h, γ and β.
  let coefficients: [Double]
  /// `[pairs]`
  let residuals: [Double]

  var pairs: PairTable { regression.features.pairs }
  var beta: [Double] { Array(coefficients.suffix(pairs.playerCount)) }

  /// - Parameters:
  ///   - regression: `regression(on:)` of these pairs, or of pairs that have the same coalitions.
  ///   - oddParts: `[pairs]`.
  init(_ regression: OddRegression, oddParts: [Double], effect: Double) throws(ShapleyError) {
    self.regression = regression
    self.effect = effect
    let targets = SizeModulatedFit.deviations(of: oddParts, effect: effect, imbalances: regression.features.centres)
    coefficients = try regression.coefficients(for: targets)
    residuals = zip(targets, regression.features.predictions(of: coefficients)).map { $0 - $1 }
  }

  init(pairs: PairTable, effect: Double) throws(ShapleyError) {
    try self.init(SizeModulatedFit.regression(on: pairs), oddParts: pairs.oddParts, effect: effect)
  }

  static func regression(on pairs: PairTable) throws(ShapleyError) -> OddRegression {
    try OddRegression(features(of: pairs), ridge: 1.2 * Double(pairs.playerCount) / Double(pairs.count), isCentred: true)
  }

  private static func features(of pairs: PairTable) -> OddFeatures {
    let isModulated = (4...largestModulatedCount).contains(pairs.playerCount)
    return OddFeatures(sizeModulated: pairs, isModulated: isModulated)
  }

  /// y − Δ/2·u
  private static func deviations(of oddParts: [Double], effect: Double, imbalances: [Double]) -> [Double] {
    zip(oddParts, imbalances).map { $0 - effect / 2 * $1 }
  }

  /// What is left of other pairs of the same game, `[others]`, after Δ and the given coefficients.
  func residuals(of others: PairTable, coefficients: [Double]) -> [Double] {
    let features = SizeModulatedFit.features(of: others)
    let targets = SizeModulatedFit.deviations(of: others.oddParts, effect: effect, imbalances: features.centres)
    return zip(targets, features.predictions(of: coefficients)).map { $0 - $1 }
  }
}
