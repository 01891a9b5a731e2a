import Shapley
import Statistics
import TestSupport
import Testing

@testable import Tractography

@Suite struct `Pathways` {
  /// A layered graph with random strengths, of which some are 0 and some are equal.
  private static func graph(_ counts: [Int], seed: UInt64) -> LayeredGraph {
    var random = WeightGenerator(seed: seed)
    return LayeredGraph(
      regionCounts: counts,
      strengths: zip(counts, counts.dropFirst()).map { sources, targets in
        (0..<sources * targets).map { _ in Double(Int.random(in: 0..<6, using: &random)) }
      })
  }

  /// All pathways, strongest first.
  private static func all(_ graph: LayeredGraph) -> [Pathway] {
    graph.regionCounts.reduce([[]]) { paths, count in paths.flatMap { path in (0..<count).map { path + [$0] } } }
      .map { Pathway(regions: $0, strength: graph.strength(of: $0)) }
      .sorted { $0.strength > $1.strength }
  }

  @Test(arguments: [[4, 4], [3, 5, 2, 4], [1, 6, 6, 1], [7, 1, 7], [2, 2, 2, 2, 2, 2]], [1, 3, 10, 1000])
  func `are the strongest of all`(_ counts: [Int], _ limit: Int) throws {
    for seed in 0..<5 as Range<UInt64> {
      let graph = Self.graph(counts, seed: seed)
      let (all, found) = (Self.all(graph), StrongestPathways(in: graph, limit: limit).pathways)
      #expect(found.count == min(limit, all.count))
      #expect(Set(found.map(\.regions)).count == found.count)
      for (a, b) in zip(found, all) { #expect(abs(a.strength - b.strength) < 1e-12) }
      #expect(found.allSatisfy { abs(graph.strength(of: $0.regions) - $0.strength) < 1e-12 })
    }
  }

  @Test func `of equal strength go by region number`() {
    let graph = LayeredGraph(regionCounts: [2, 2, 2], strengths: [[1, 1, 1, 1], [1, 1, 1, 1]])
    let found = StrongestPathways(in: graph, limit: 3).pathways.map(\.regions)
    #expect(found == StrongestPathways(in: graph, limit: 8).pathways.prefix(3).map(\.regions))
    #expect(Set(found).count == 3)
  }

  @Test func `weigh every step alike, however strong it is`() {
    let graph = LayeredGraph(regionCounts: [2, 2, 2], strengths: [[8e6, 0, 1e6, 1e6], [0, 1, 3, 0]])
    #expect(graph.steps.map { $0.reduce(0, +) } == [1, 1])
    #expect(graph.strength(of: [0, 0, 1]) == 0.8 + 0.25)
    let silent = LayeredGraph(regionCounts: [1, 2], strengths: [[0, 0]])
    #expect(silent.strength(of: [0, 1]) == 0)
  }

  // MARK: Stability

  private static func stability(
    _ steps: [[[Float]]], _ counts: [Int], limit: Int, of pathways: [Pathway], replicates: Range<Int> = 0..<200
  ) -> [Double] {
    var stability = PathwayStability(
      replicates: replicates, stimulusCount: steps[0].count, firstRegionCount: counts[0], limit: limit, seed: 1)
    for (step, strengths) in steps.enumerated() { stability.extend(regionCount: counts[step + 1]) { strengths[$0] } }
    return stability.counts(of: pathways).map { Double($0) / Double(replicates.count) }
  }

  @Test func `are found in every sample of stimuli that are alike`() {
    let strengths: [Float] = [5, 1, 2, 3]
    let graph = LayeredGraph(regionCounts: [2, 2], strengths: [strengths.map(Double.init)])
    let best = StrongestPathways(in: graph, limit: 2).pathways
    #expect(Self.stability([[strengths, strengths, strengths]], [2, 2], limit: 2, of: best) == [1, 1])
    #expect(
      Self.stability([[strengths, strengths]], [2, 2], limit: 2, of: [Pathway(regions: [0, 1], strength: 0)]) == [0])
  }

  @Test func `that one of two stimuli has are found when it is drawn`() {
    // The first of two dominates wherever it is drawn at all, which three of four samples do.
    let shares = Self.stability(
      [[[100, 0], [0, 1]]], [1, 2], limit: 1, of: [Pathway(regions: [0, 0], strength: 0)])
    #expect(abs(shares[0] - 0.75) < 0.12)
  }

  @Test func `are found as often when samples are gone through in parts`() {
    let steps: [[[Float]]] = [[[5, 1, 2, 3], [1, 4, 2, 2], [3, 3, 1, 0]], [[1, 2, 2, 1], [0, 1, 4, 2], [2, 2, 2, 1]]]
    let pathways = [Pathway(regions: [0, 0, 1], strength: 0), Pathway(regions: [0, 1, 0], strength: 0)]
    func found(_ replicates: Range<Int>) -> [Double] {
      Self.stability(steps, [2, 2, 2], limit: 2, of: pathways, replicates: replicates).map { $0 * Double(replicates.count) }
    }
    #expect(found(0..<100) == zip(found(0..<16), found(16..<100)).map(+))
    #expect(found(0..<100) != found(100..<200))
  }

  // MARK: Efficiency

  @Test func `are efficient where critical regions sit on the strongest wiring`() {
    let strengths = [9.0, 1, 2, 8, 3, 0]
    func value(_ sources: [Bool], _ targets: [Bool]) -> Double? {
      PathwayEfficiency.value(strengths, isCriticalSource: sources, isCriticalTarget: targets)
    }
    #expect(value([true, false], [true, false, false]) == 1)
    #expect(value([false, true], [false, false, true]) == 0)
    #expect(value([true, false], [true, false, true]) == 11.0 / 17)
    #expect(value([true, true], [true, true, true]) == 1)
    #expect(value([false, false], [true, true, true]) == nil)
    #expect(PathwayEfficiency.value([0, 0], isCriticalSource: [true], isCriticalTarget: [true, true]) == nil)
  }

  // MARK: Random pathways

  @Test func `drawn at random differ, have the sizes asked for, and meet every region of that size`() {
    let units = [
      [4, 6, 4, 4] + [Int](repeating: 4, count: 9), [Int](repeating: 9, count: 10), [1] + [Int](repeating: 2, count: 8),
    ]
    let drawn = RandomPathways.draw([4, 9, 2], unitCounts: units, count: 300, seed: 5, family: 0)
    #expect(drawn.allSatisfy { RandomPathways.profile($0, unitCounts: units) == [4, 9, 2] })
    #expect(drawn.count == 300 && Set(drawn).count == 300)
    for (layer, regions) in [[0] + Array(2..<13), Array(0..<10), Array(1..<9)].enumerated() {
      for region in regions {
        let share = Double(drawn.count { $0[layer] == region }) / 300
        #expect(abs(share - 1 / Double(regions.count)) < 0.07)
      }
    }
    #expect(RandomPathways.draw([4, 9, 2], unitCounts: units, count: 5, seed: 5, family: 0) == Array(drawn.prefix(5)))
    #expect(RandomPathways.draw([4, 9, 2], unitCounts: units, count: 300, seed: 5, family: 1) != drawn)
  }

  @Test(arguments: [11, 12, 199])
  func `drawn at random are all that there are where they are few`(count: Int) {
    let drawn = RandomPathways.draw(
      [4, 9, 2], unitCounts: [[4, 6, 4, 4], [9, 9], [1, 2, 2]], count: count, seed: 5, family: 0)
    #expect(drawn.count == min(count, 12) && Set(drawn).count == drawn.count)
  }

  @Test func `are tested by their rank among random ones`() {
    let random = (1...99).map(Double.init)
    let tests = PathwayTest.tests(
      effects: [[200, 50, 0], [202, 50, 0]], family: [0, 0, 1], randomEffects: [random, [0, 1, 2]], own: [[], [], []])
    #expect(tests.map(\.p) == [1.0 / 100, 51.0 / 100, 1])
    #expect(tests.map(\.effect) == [201, 50, 0])
    #expect(tests[0].q == 0.03 && tests[0].standardError == 1)
    #expect(PathwayTest.tests(effects: [], family: [0], randomEffects: [random], own: [[]])[0].effect.isNaN)
    // The largest of all 99 that there are.
    let all = PathwayTest.tests(effects: [[99]], family: [0], randomEffects: [random], own: [[98]])
    #expect(all[0].p == 1.0 / 99)
  }

  // MARK: Rank correlation

  @Test func `rank correlation is Spearman's`() throws {
    // What scipy.stats.spearmanr gives, without ties and with them.
    let x = [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    let plain = try #require(RankCorrelation(x, [2, 1, 4, 3, 7, 8, 6, 5, 10, 9].map(Double.init), confidence: 0.95))
    #expect(abs(plain.coefficient - 0.8545454545454544) < 1e-12)
    let ties = try #require(
      RankCorrelation([1, 2, 2, 3, 4], [5, 6, 7, 8, 7], confidence: 0.95))
    #expect(abs(ties.coefficient - 0.7631578947368421) < 1e-6)
    #expect(plain.lower < plain.coefficient && plain.coefficient < plain.upper && plain.upper < 1)
    let reversed = try #require(RankCorrelation(x, x.reversed(), confidence: 0.95))
    #expect(reversed.coefficient == -1 && reversed.lower == -1)
    #expect(RankCorrelation([1, 2, 3], [1, 2, 3], confidence: 0.95) == nil)
    #expect(RankCorrelation(x, x.map { _ in 4 }, confidence: 0.95) == nil)
  }

  @Test func `mean and error of strengths are those of the sample`() {
    var moments = ConnectionMoments(edgeCount: 2)
    #expect(moments.standardError == nil)
    for strengths in [[1, 5], [2, 5], [6, 5]] as [[Float]] { moments.add(strengths) }
    #expect(moments.mean == [3, 5])
    let expected = SampleMoments([1, 2, 6]).standardError
    #expect(abs(moments.standardError![0] - expected) < 1e-12 && moments.standardError![1] == 0)
  }
}
