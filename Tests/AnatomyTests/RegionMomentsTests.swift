import Grids
import Testing

@testable import Anatomy

@Suite("The moments of regions")
struct RegionMomentsTests {
  static let layers: [(shape: [Int], layout: TensorLayout)] = [
    ([1, 6, 5, 7], .nchw), ([1, 5, 7, 6], .nhwc), ([1, 9, 8], .nchw), ([1, 50], .nchw), ([1, 3, 2, 4, 5], .nchw),
  ]

  static func grid(_ layer: (shape: [Int], layout: TensorLayout)) throws -> Grid {
    Grid(
      GridSize(height: 3, width: 2, channels: 4),
      over: try TensorGeometry(shape: layer.shape, layout: layer.layout))
  }

  static func activation(_ count: Int, seed: UInt64) -> [Float] {
    InformationContentTests.numbers(count, seed: seed).map { Float($0 * 3 - 1) }
  }

  static func moments(_ activation: [Float], _ grid: Grid) -> RegionMoments {
    RegionMoments(of: activation.span, over: grid.blocks(), regionCount: grid.regionCount)
  }

  static func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(a), abs(b))
  }

  @Test("are the textbook sums over the units that the grid names", arguments: layers)
  func textbook(layer: (shape: [Int], layout: TensorLayout)) throws {
    let grid = try Self.grid(layer)
    let activation = Self.activation(grid.unitCount, seed: 5)
    let moments = Self.moments(activation, grid)
    let regionOfUnit = grid.regionOfUnit()
    for region in 0..<grid.regionCount {
      let values = activation.indices.filter { Int(regionOfUnit[$0]) == region }.map { Double(activation[$0]) }
      let n = Double(values.count)
      let mean = values.reduce(0, +) / n
      #expect(moments.count(region) == n)
      #expect(Int(n) == grid.unitCounts[region])
      #expect(Self.isClose(moments.magnitude(region), values.map(abs).reduce(0, +)))
      #expect(Self.isClose(moments.mean(region), mean))
      #expect(Self.isClose(moments.variance(region), values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / n))
    }
  }

  @Test("of many stimuli combined are those of all their units at once", arguments: layers)
  func combination(layer: (shape: [Int], layout: TensorLayout)) throws {
    let grid = try Self.grid(layer)
    let stimuli = (0..<7).map { Self.activation(grid.unitCount, seed: 100 + UInt64($0)) }
    var combined = RegionMoments(regionCount: grid.regionCount)
    for stimulus in stimuli { combined.combine(Self.moments(stimulus, grid)) }
    let regionOfUnit = grid.regionOfUnit()
    for region in 0..<grid.regionCount {
      let units = regionOfUnit.indices.filter { Int(regionOfUnit[$0]) == region }
      let values = stimuli.flatMap { stimulus in units.map { Double(stimulus[$0]) } }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
      #expect(combined.count(region) == Double(values.count))
      #expect(Self.isClose(combined.mean(region), mean))
      #expect(Self.isClose(combined.variance(region), variance))
    }

    var right = RegionMoments(regionCount: grid.regionCount)
    for stimulus in stimuli[3...] { right.combine(Self.moments(stimulus, grid)) }
    var left = RegionMoments(regionCount: grid.regionCount)
    for stimulus in stimuli[..<3] { left.combine(Self.moments(stimulus, grid)) }
    left.combine(right)
    #expect(zip(left.values, combined.values).allSatisfy { Self.isClose($0, $1) })
  }

  @Test("of a refined grid add up to those of the coarse one")
  func refinement() throws {
    let geometry = try TensorGeometry(shape: [1, 6, 4, 8])
    let coarse = Grid(GridSize(height: 2, width: 2, channels: 3), over: geometry)
    let fine = Grid(GridSize(height: 4, width: 4, channels: 6), over: geometry)
    let activation = Self.activation(geometry.unitCount, seed: 8)
    let fineMoments = Self.moments(activation, fine)
    let coarseMoments = Self.moments(activation, coarse)
    var sums = [Double](repeating: 0, count: coarse.regionCount)
    for region in 0..<fine.regionCount {
      let (i, j, k) = fine.cell(of: region)
      sums[coarse.region(inCell: i / 2, j / 2, k / 2)] += fineMoments.magnitude(region)
    }
    for region in 0..<coarse.regionCount { #expect(Self.isClose(sums[region], coarseMoments.magnitude(region))) }
  }

  @Test("keep a small spread beside a large mean")
  func largeMean() throws {
    let grid = Grid(GridSize(height: 1, width: 1, channels: 1), over: try TensorGeometry(shape: [1, 1000]))
    // Alternating 2²⁰ and 2²⁰ + 1/8, neighbours among Float: the population variance is exactly 1/256.
    let activation = (0..<1000).map { Float(1 << 20) + ($0 % 2 == 0 ? 0 : 0.125) }
    var moments = Self.moments(activation, grid)
    #expect(moments.variance(0) == 1.0 / 256)
    for _ in 0..<9 { moments.combine(Self.moments(activation, grid)) }
    #expect(moments.variance(0) == 1.0 / 256)
    #expect(Self.moments(Array(repeating: 0.1, count: 1000), grid).variance(0) < 1e-30)
  }

  @Test("are stored and sent as plain numbers")
  func values() throws {
    let grid = try Self.grid(([1, 6, 5, 7], .nchw))
    let moments = Self.moments(Self.activation(grid.unitCount, seed: 3), grid)
    #expect(moments.values.count == 4 * grid.regionCount)
    #expect(RegionMoments(values: moments.values) == moments)
    var empty = RegionMoments(regionCount: grid.regionCount)
    empty.combine(moments)
    #expect(empty == moments)
    empty.combine(RegionMoments(regionCount: grid.regionCount))
    #expect(empty == moments)
  }

  @Test("give the density mean|a| + 0.1·ln(σ² + 1e-8)")
  func density() throws {
    let grid = Grid(GridSize(height: 1, width: 1, channels: 2), over: try TensorGeometry(shape: [1, 4]))
    let moments = Self.moments([1, -3, 0, 0], grid)
    // Region 0: mean|a| 2, σ² 4; region 1: silent. ln 4.00000001 and ln 1e-8 from a table.
    #expect(Self.isClose(moments.densities[0], 2 + 0.1 * 1.3862943636198906))
    #expect(Self.isClose(moments.densities[1], 0.1 * -18.420680743952367))
  }

  @Test("give the coverage: regions with at least 5 % of the layer's mean|a|")
  func coverage() throws {
    let grid = Grid(GridSize(height: 1, width: 1, channels: 4), over: try TensorGeometry(shape: [1, 4]))
    #expect(Self.moments([1, 1, 1, 1], grid).coverage == 1)
    #expect(Self.moments([1, 0, -1, 0.01], grid).coverage == 0.5)
    #expect(Self.moments([4, 0, 0, 0], grid).coverage == 0.25)
    #expect(Self.moments([0, 0, 0, 0], grid).coverage == 0)
    #expect(RegionMoments(regionCount: 4).coverage == 0)
  }
}
