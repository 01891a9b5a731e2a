internal import Random

extension AnalyticPhantom {
  /// Draws the products. Drivers contribute alike: a product of t regions has the weight t/μ^(t−1) up to a tenth, μ the mean
  /// activity of a region, so that each of its members' Shapley value is about μ.
  static func polynomial(regionCount: Int, order: Int, seed: UInt64) -> RegionPolynomial {
    var random = CounterRandom(seed: seed, domain: .terms, index: UInt64(order))
    var regions = Array(0..<regionCount)
    random.shuffle(&regions)
    let isLarge = regionCount >= 256
    // Few enough of all regions that every driver stands a standard deviation above the layer's mean.
    let drivers = isLarge ? 32 : 6
    let suppressors = isLarge ? 4 : 1
    let triples = order < 3 ? 0 : max(1, drivers / 8)
    let pairs = order < 2 ? 0 : max(1, order == 2 ? drivers / 4 : drivers * 3 / 16)
    let singles = drivers - 2 * pairs - 3 * triples

    var terms: [RegionPolynomial.Term] = []
    func add(_ members: some Sequence<Int>, weight: Double) {
      let jitter = 0.9 + 0.2 * random.nextUnit()
      terms.append(.init(regions: members.sorted(), weight: Float(weight * jitter)))
    }
    var unused = regions[...]
    func take(_ count: Int) -> ArraySlice<Int> {
      defer { unused = unused.dropFirst(count) }
      return unused.prefix(count)
    }

    for (size, count) in [(1, singles), (2, pairs), (3, triples)] {
      let power = (1..<size).reduce(1.0) { weight, _ in weight / meanActivity }
      for _ in 0..<count { add(take(size), weight: Double(size) * power) }
    }
    for _ in 0..<suppressors { add(take(1), weight: -0.6) }
    // Two of the products' drivers get in each other's way, so that a region can belong to several products.
    if order >= 2 {
      add([regions[singles], regions[0]], weight: -0.2 / meanActivity)
    }
    return RegionPolynomial(regionCount: regionCount, constant: 0.5, terms: terms)
  }

  /// μ: three units in four are intact to Relu, at 1 on average.
  private static let meanActivity = 0.75
}
