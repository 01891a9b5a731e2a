import Random
import Testing

@testable import Anatomy

@Suite struct `Labels of stimuli that are alike` {
  /// Standard normal numbers.
  private static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var random = CounterRandom(seed: seed, domain: .texture, index: 0)
    return (0..<count).map { _ in random.nextGaussian() }
  }

  /// How often p is at most .05 in regions of which nothing tells the class.
  ///
  /// - Parameter density: of a region's stimuli, by its number.
  private static func rate(_ labels: [Int], _ blocks: LabelBlocks, _ density: (UInt64) -> [Double]) -> Double {
    let information = InformationContent(labels: labels, blocks: blocks, permutations: 99, seed: 3, stream: 1)
    let pValues = (0..<400).map { information.estimate(density(UInt64($0)))!.pValue }
    return Double(pValues.count { $0 <= 0.05 }) / 400
  }

  /// What each cluster has of its own, and a little of each stimulus.
  private static func alike(_ numbers: [Int], seed: UInt64) -> [Double] {
    let own = Self.numbers(numbers.max()! + 1, seed: 2 * seed)
    return zip(numbers, Self.numbers(numbers.count, seed: 2 * seed + 1)).map { own[$0] + 0.3 * $1 }
  }

  @Test(arguments: [[4], [1, 2, 3, 10]]) func `go by cluster where each has one class`(sizes: [Int]) {
    let numbers = (0..<16).flatMap { Array(repeating: $0, count: sizes[$0 % sizes.count]) }
    let labels = numbers.map { $0 / 4 % 2 }
    let rate = Self.rate(labels, LabelBlocks(numbers: numbers)) { Self.alike(numbers, seed: $0) }
    #expect(rate < 0.09)
    // Taken for independent, clusters' own means tell their class.
    #expect(Self.rate(labels, LabelBlocks()) { Self.alike(numbers, seed: $0) } > 0.2)
  }

  @Test func `tell of a class that clusters differ by`() throws {
    let numbers = (0..<64).map { $0 / 4 }
    let labels = numbers.map { $0 % 2 }
    let information = InformationContent(
      labels: labels, blocks: LabelBlocks(numbers: numbers), permutations: 199, seed: 3, stream: 1)
    let telling = zip(Self.alike(numbers, seed: 1), labels).map { $0 + 8 * Double($1) }
    #expect(try #require(information.estimate(telling)).pValue <= 0.01)
  }

  @Test func `go by stimuli of a cluster that has seen all classes`() throws {
    let numbers = (0..<64).map { $0 / 4 }
    let labels = (0..<64).map { $0 % 2 }
    let blocks = LabelBlocks(numbers: numbers)
    #expect(Self.rate(labels, blocks) { Self.alike(numbers, seed: $0) } < 0.09)
    let information = InformationContent(labels: labels, blocks: blocks, permutations: 199, seed: 3, stream: 1)
    let telling = zip(Self.numbers(64, seed: 9), labels).map { $0 + 2 * Double($1) }
    #expect(try #require(information.estimate(telling)).pValue <= 0.01)
  }

  @Test func `go by stretches of a stream, in order`() {
    // Densities and classes both drift, each by itself.
    let numbers = (0..<128).map { $0 / 8 }
    func drifting(_ seed: UInt64) -> [Double] {
      let steps = Self.numbers(16, seed: seed)
      return numbers.map { steps[$0] }
    }
    let labels = zip(drifting(77), Self.numbers(128, seed: 78)).map { $0 + 0.5 * $1 > 0 ? 1 : 0 }
    #expect(Self.rate(labels, LabelBlocks(numbers: numbers, keepsOrder: true), drifting) < 0.09)
    #expect(Self.rate(labels, LabelBlocks(), drifting) > 0.2)
    #expect(Self.rate(labels, LabelBlocks(numbers: numbers, keepsOrder: true)) { Self.numbers(128, seed: $0) } < 0.09)
  }

  /// A film that goes back and forth, as often in each stretch.
  @Test func `tell of what comes again and again in a stream`() throws {
    let labels = (0..<256).map { $0 / 8 % 2 }
    let blocks = LabelBlocks(numbers: (0..<256).map { $0 / 64 }, keepsOrder: true)
    let information = InformationContent(labels: labels, blocks: blocks, permutations: 199, seed: 3, stream: 1)
    let telling = zip(Self.numbers(256, seed: 9), labels).map { 0.2 * $0 + 2 * Double($1) }
    // Each of four stretches is as it was or backwards, which changes its classes: two arrangements of sixteen tell as much.
    #expect(abs(try #require(information.estimate(telling)).pValue - 1.0 / 8) < 0.06)
  }

  /// One label of 250 more or less changes nothing for the rest.
  @Test func `tell of a class that clusters differ by but for a stimulus`() throws {
    let numbers = (0..<20).flatMap { Array(repeating: $0, count: 3 + $0) }
    var labels = numbers.map { $0 % 2 }
    labels[100] = 1 - labels[100]
    let information = InformationContent(
      labels: labels, blocks: LabelBlocks(numbers: numbers), permutations: 199, seed: 3, stream: 1)
    let telling = zip(Self.alike(numbers, seed: 1), labels).map { $0 + 8 * Double($1) }
    #expect(try #require(information.estimate(telling)).pValue <= 0.02)
    #expect(Self.rate(labels, LabelBlocks(numbers: numbers)) { Self.alike(numbers, seed: $0) } < 0.09)
  }

  @Test func `are the same ones, by clusters of one size`() {
    let labels: [UInt32] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    let numbers = [5, 5, 1, 1, 9, 9, 2, 2, 2, 2]
    let permutation = LabelPermutation(labels, within: LabelBlocks(numbers: numbers))
    var (pairs, alone): (Set<Set<UInt32>>, Set<[UInt32]>) = ([], [])
    for draw in 0..<400 {
      var random = CounterRandom(seed: 1, domain: .classPermutations, index: UInt64(draw))
      let drawn = permutation.drawn(&random)
      #expect(drawn.sorted() == labels && Set(drawn[6...]) == [6, 7, 8, 9])
      for start in [0, 2, 4] { pairs.insert(Set(drawn[start..<start + 2])) }
      alone.insert(Array(drawn[6...]))
    }
    #expect(pairs == [[0, 1], [2, 3], [4, 5]])
    #expect(alone.count == 24)
  }

  @Test func `leave what a class of one stimulus tells out`() throws {
    // Clusters of 1 and of 39: the other class is now one stimulus, now most of them.
    let numbers = [0, 0] + Array(repeating: 1, count: 39) + [2]
    let labels = [7, 7] + Array(repeating: 4, count: 40)
    let information = InformationContent(
      labels: labels, blocks: LabelBlocks(numbers: numbers), permutations: 50, seed: 1, stream: 0)
    let estimate = try #require(information.estimate(Self.numbers(42, seed: 5)))
    #expect((1.0 / 51...1).contains(estimate.pValue) && estimate.bits.isFinite)
  }
}
