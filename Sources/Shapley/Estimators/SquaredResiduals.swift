/// Σ w·(what is left of pairs)², without and with products.
struct SquaredResiduals {
  var before: Double
  var after: Double

  var share: Double { after / before }
}
