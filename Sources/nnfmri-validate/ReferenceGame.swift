import Grids
import Phantom
import Random
import Shapley

/// A game whose ζ are known, with which estimators are measured.
struct ReferenceGame: Game {
  let name: String
  let playerCount: Int
  let shapley: [Double]
  let banzhaf: [Double]
  private let value: (Coalition) -> Double

  func values(of coalitions: [Coalition]) -> [Double] { coalitions.map(value) }

  func zeta(_ index: ValueIndex) -> [Double] {
    switch index {
    case .shapley: shapley
    case .banzhaf: banzhaf
    }
  }

  /// Every value of a random network with one hidden layer of rectifiers is listed, and ζ computed from all of them:
  /// interactions of every order.
  static func network(regions: Int, hidden: Int, seed: UInt64) -> ReferenceGame {
    var random = CounterRandom(seed: seed, domain: 0x200, index: UInt64(regions))
    let weights = (0..<hidden).map { _ in (0..<regions).map { _ in random.nextNormal() } }
    let biases = (0..<hidden).map { _ in random.nextNormal() }
    let outputs = (0..<hidden).map { _ in random.nextNormal() }
    let table = (0..<1 << regions).map { mask in
      var value = 0.0
      for unit in 0..<hidden {
        var input = biases[unit]
        for region in 0..<regions where mask >> region & 1 == 1 { input += weights[unit][region] }
        value += outputs[unit] * max(0, input)
      }
      return value
    }
    return ReferenceGame(
      name: "rectifiers", playerCount: regions,
      shapley: ExactSolver.shapley(players: regions, values: table),
      banzhaf: ExactSolver.banzhaf(players: regions, values: table),
      value: { table[Int($0.words[0])] })
  }

  /// Random products of regions with normal weights, `counts[k]` of k + 1 regions, and a term `curve`·(|S|/n)³ in the number
  /// of intact regions alone. ζ in closed form.
  static func products(regions: Int, counts: [Int], curve: Double, seed: UInt64) -> ReferenceGame {
    var random = CounterRandom(seed: seed, domain: 0x201, index: UInt64(regions))
    var terms: [RegionPolynomial.Term] = []
    for (order, count) in counts.enumerated() {
      for _ in 0..<count {
        var members: Set<Int> = []
        while members.count <= order { members.insert(random.next(below: regions)) }
        terms.append(.init(regions: members.sorted(), weight: Float(random.nextNormal())))
      }
    }
    let polynomial = RegionPolynomial(regionCount: regions, constant: 1, terms: terms)
    let activity = [Double](repeating: 1, count: regions)
    func curveValue(_ size: Int) -> Double {
      let share = Double(size) / Double(regions)
      return curve * share * share * share
    }
    // Banzhaf: the mean step of the curve over a binomial number of other regions.
    var weight = 1 / Double(sign: .plus, exponent: regions - 1, significand: 1)
    var meanStep = 0.0
    for size in 0..<regions {
      meanStep += weight * (curveValue(size + 1) - curveValue(size))
      weight *= Double(regions - 1 - size) / Double(size + 1)
    }
    return ReferenceGame(
      name: "products of up to \(counts.count)", playerCount: regions,
      shapley: polynomial.zeta(.shapley, activity: activity).map { $0 + curve / Double(regions) },
      banzhaf: polynomial.zeta(.banzhaf, activity: activity).map { $0 + meanStep },
      value: { polynomial.value(of: $0, activity: activity) + curveValue($0.count) })
  }

  /// A layer under one stimulus: single regions with weights about 1, n pairs and n triples with normal weights of standard
  /// deviation `interactions`. The first `nulls` regions have no weight of their own and are in no pair; if the layer is
  /// varied, each region's weight has a deviation in each stimulus, so that nulls are null on average only.
  static func noisyLayer(
    regions: Int, nulls: Int, layer: Int, stimulus: Int, isVaried: Bool, interactions: Double = 0.3
  ) -> ReferenceGame {
    var shared = CounterRandom(seed: UInt64(layer), domain: 0x202, index: 0)
    var own = CounterRandom(seed: UInt64(layer), domain: 0x203, index: UInt64(stimulus))
    var terms: [RegionPolynomial.Term] = []
    for region in 0..<regions {
      let mean = region < nulls ? 0 : 1 + 0.3 * shared.nextNormal()
      let deviation = isVaried ? 0.4 * own.nextNormal() : 0
      if mean + deviation != 0 { terms.append(.init(regions: [region], weight: Float(mean + deviation))) }
    }
    for size in [2, 3] {
      for _ in 0..<regions {
        var members: Set<Int> = []
        while members.count < size { members.insert(nulls + shared.next(below: regions - nulls)) }
        terms.append(.init(regions: members.sorted(), weight: Float(interactions * shared.nextNormal())))
      }
    }
    let polynomial = RegionPolynomial(regionCount: regions, constant: 1, terms: terms)
    let activity = [Double](repeating: 1, count: regions)
    return ReferenceGame(
      name: "layer", playerCount: regions, shapley: polynomial.zeta(.shapley, activity: activity),
      banzhaf: polynomial.zeta(.banzhaf, activity: activity),
      value: { polynomial.value(of: $0, activity: activity) })
  }

  /// One stimulus of an analytic phantom.
  static func phantom(_ phantom: AnalyticPhantom, stimulus: Int) -> ReferenceGame {
    let activity = phantom.activity(stimulus: stimulus)
    let polynomial = phantom.polynomial
    return ReferenceGame(
      name: "phantom \(phantom.shape.rawValue), order \(phantom.order)", playerCount: phantom.shape.regionCount,
      shapley: polynomial.zeta(.shapley, activity: activity), banzhaf: polynomial.zeta(.banzhaf, activity: activity),
      value: { polynomial.value(of: $0, activity: activity) })
  }
}

extension Design {
  /// The estimate from a game's values as they would be measured, in single precision.
  func estimate(of game: ReferenceGame, by estimator: EstimatorName? = nil) throws -> Estimate {
    try estimate(values: game.values(of: coalitions(in: 0..<rowCount)).map { Float($0) }, by: estimator)
  }
}

extension CounterRandom {
  /// A nearly normal number: the centred sum of twelve uniform ones.
  fileprivate mutating func nextNormal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + nextUnit() } }
}
