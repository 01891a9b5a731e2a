import Arrays
package import Grids
import Random
package import Shapley
package import Stimuli

/// A network whose every ζ is known in closed form under the zero lesion: the yardstick for detection, intervals and estimators.
///
/// `input` → Relu → `scanned` → mean of each region → a polynomial of the means with products of up to `order` regions
/// (`RegionPolynomial`) → `logits` [N, 4]. Only the logit of class 0 depends on the regions, the others are constants below it, so the
/// predicted class is 0 whatever is intact. The truth holds for the value `logit` of class 0 on the phantom's own grid.
///
/// Most regions are null. The others are drivers, whose ζ are alike in size however many share a product, and a few
/// suppressors with a negative ζ. At order 1 the suffix is affine, and n + 1 passes find everything exactly.
package struct AnalyticPhantom: Sendable {
  /// The tensor that is scanned, and the grid that its regions form. Each region has eight units.
  package enum Shape: String, Sendable, CaseIterable, Codable {
    /// [N, 8, 16, 16]: channels, rows, columns; grid 8x8x4.
    case conv
    /// [N, 2048] features; grid 1x1x256.
    case dense
    /// [N, 16, 16]: positions, channels; grid 8x1x4.
    case sequence
  }

  package static let inputName = "input"
  package static let scannedTensor = "scanned"
  package static let outputName = "logits"
  package static let classCount = 4
  /// The class whose logit is the polynomial.
  package static let target = 0

  package let shape: Shape
  /// The most regions in a product, 1...3.
  package let order: Int
  package let seed: UInt64
  package let polynomial: RegionPolynomial

  /// - Parameters:
  ///   - order: 1, 2 or 3.
  ///   - seed: chooses the regions, the weights and the stimuli.
  package init(shape: Shape, order: Int, seed: UInt64) {
    precondition((1...3).contains(order), "products of one to three regions")
    self.shape = shape
    self.order = order
    self.seed = seed
    polynomial = Self.polynomial(regionCount: shape.regionCount, order: order, seed: seed)
  }

  /// The first `count` stimuli of the seed, all labelled 0; count > 0.
  package func stimuli(count: Int) -> StimulusSet {
    do {
      return try StimulusSet(
        [(Self.inputName, stimulusArray(count: count))], labels: stimulusLabels(count: count),
        description: "analytic phantom (\(shape.rawValue), order \(order), seed \(seed))")
    } catch {
      preconditionFailure("stimuli of one shape with a label each were refused: \(error)")
    }
  }

  /// v(S) of a stimulus.
  package func value(stimulus: Int, coalition: Coalition) -> Double {
    polynomial.value(of: coalition, activity: activity(stimulus: stimulus))
  }

  /// The exact ζ of every region for a stimulus. [regions]
  package func zeta(stimulus: Int, _ index: ValueIndex) -> [Double] {
    polynomial.zeta(index, activity: activity(stimulus: stimulus))
  }

  /// The exact mean ζ over the first `stimulusCount` stimuli. [regions]
  package func meanZeta(stimulusCount: Int, _ index: ValueIndex) -> [Double] {
    var sum = [Double](repeating: 0, count: shape.regionCount)
    for stimulus in 0..<stimulusCount {
      for (region, zeta) in zeta(stimulus: stimulus, index).enumerated() { sum[region] += zeta }
    }
    return sum.map { $0 / Double(stimulusCount) }
  }

  /// The critical regions, ascending: exact mean ζ above 0 and at least one standard deviation above the layer's mean ζ.
  package func criticalRegions(stimulusCount: Int, _ index: ValueIndex = .shapley) -> [Int] {
    let zeta = meanZeta(stimulusCount: stimulusCount, index)
    let mean = zeta.reduce(0, +) / Double(zeta.count)
    let variance = zeta.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(zeta.count)
    let threshold = mean + variance.squareRoot()
    return zeta.indices.filter { zeta[$0] > 0 && zeta[$0] >= threshold }
  }

  /// The regions whose ζ is exactly zero for every stimulus, ascending.
  package var nullRegions: [Int] { polynomial.nullRegions }

  /// x of a stimulus: the mean of each intact region of `scanned`. [regions]
  package func activity(stimulus: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: shape.regionCount)
    for (unit, value) in units(stimulus: stimulus).enumerated() {
      sums[shape.region(ofUnit: unit)] += Double(max(0, value))
    }
    return sums.map { $0 / Double(Shape.unitsPerRegion) }
  }

  func stimulusArray(count: Int) -> NumericArray {
    precondition(count > 0, "at least one stimulus")
    return NumericArray(shape: [count] + shape.stimulusShape, floats: (0..<count).flatMap(units))
  }

  func stimulusLabels(count: Int) -> [Int] {
    [Int](repeating: Self.target, count: count)
  }

  /// One stimulus: a quarter of the units lie in -1..<0, which Relu silences, the others in 0.5..<1.5, all multiples of 1/128, so that
  /// region means are exact in single precision.
  private func units(stimulus: Int) -> [Float] {
    var random = CounterRandom(seed: seed, domain: .units, index: UInt64(stimulus))
    return (0..<shape.unitCount).map { _ in
      let word = random.nextWord()
      let fraction = Float(word >> 2 & 127) / 128
      return word & 3 == 0 ? fraction - 1 : fraction + 0.5
    }
  }
}

extension AnalyticPhantom.Shape {
  static let unitsPerRegion = 8

  /// The grid's lengths along rows, columns and channels.
  package var grid: (rows: Int, columns: Int, channels: Int) {
    switch self {
    case .conv: (8, 8, 4)
    case .dense: (1, 1, 256)
    case .sequence: (8, 1, 4)
    }
  }

  package var regionCount: Int { grid.rows * grid.columns * grid.channels }

  /// Without the batch axis.
  package var stimulusShape: [Int] {
    switch self {
    case .conv: [8, 16, 16]
    case .dense: [2048]
    case .sequence: [16, 16]
    }
  }

  package var unitCount: Int { stimulusShape.reduce(1, *) }

  /// The region of a unit by its place in memory, by the partition's rule ⌊position·cells/length⌋ on each axis.
  func region(ofUnit unit: Int) -> Int {
    switch self {
    case .conv:
      let (channel, row, column) = (unit / 256, unit / 16 % 16, unit % 16)
      return channel / 2 + 4 * (column / 2 + 8 * (row / 2))
    case .dense:
      return unit / 8
    case .sequence:
      let (position, channel) = (unit / 16, unit % 16)
      return channel / 4 + 4 * (position / 2)
    }
  }
}
