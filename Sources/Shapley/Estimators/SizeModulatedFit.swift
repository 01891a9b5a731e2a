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

  let regression: OddRegression
  let pairs: MeasuredPairs
  /// Of h, γ and β.
  let coefficients: [Double]
  /// `[pairs]`
  let residuals: [Double]

  var beta: [Double] { Array(coefficients.suffix(pairs.table.playerCount)) }

  /// - Parameter values: `[2 + 2·pairs]`, in the order of the regression's pairs.
  init(_ regression: OddRegression, values: [Double]) throws(ShapleyError) {
    try self.init(regression, MeasuredPairs(regression.features.pairs, values: values))
  }

  init(_ pairs: MeasuredPairs) throws(ShapleyError) {
    try self.init(SizeModulatedFit.regression(on: pairs.table), pairs)
  }

  private init(_ regression: OddRegression, _ pairs: MeasuredPairs) throws(ShapleyError) {
    self.regression = regression
    self.pairs = pairs
    let targets = SizeModulatedFit.deviations(of: pairs, imbalances: regression.features.centres)
    coefficients = try regression.coefficients(for: targets)
    residuals = zip(targets, regression.features.predictions(of: coefficients)).map { $0 - $1 }
  }

  static func regression(on pairs: PairTable) throws(ShapleyError) -> OddRegression {
    try OddRegression(features(of: pairs), ridge: 1.2 * Double(pairs.playerCount) / Double(pairs.count), isCentred: true)
  }

  private static func features(of pairs: PairTable) -> OddFeatures {
    OddFeatures(sizeModulated: pairs, isModulated: (4...largestModulatedCount).contains(pairs.playerCount))
  }

  /// y − Δ/2·u
  private static func deviations(of pairs: MeasuredPairs, imbalances: [Double]) -> [Double] {
    zip(pairs.oddParts, imbalances).map { $0 - pairs.effect / 2 * $1 }
  }

  /// What is left of other pairs of the same game, `[others]`, after Δ and the given coefficients.
  func residuals(of others: MeasuredPairs, coefficients: [Double]) -> [Double] {
    let features = SizeModulatedFit.features(of: others.table)
    let targets = SizeModulatedFit.deviations(of: others, imbalances: features.centres)
    return zip(targets, features.predictions(of: coefficients)).map { $0 - $1 }
  }
}
