import Random
import TestSupport
import Testing

@testable import Statistics

@Suite struct `A mean of clusters` {
  private let sample = [3.1, 2.7, 4.2, 3.3, 2.9, 1.9, 2.5, 2.2, 5.0, 4.4]

  /// CR2 and Satterthwaite's degrees of freedom as clubSandwich has them, in numpy by square roots of matrices: of clusters of 2 and 3.
  @Test func `has the published error`() throws {
    let clusters = try #require(Clusters([7, 7, 7, 2, 2, 9, 9, 9, 4, 4]))
    let mean = ClusteredMean(sample, clusters: clusters)
    #expect(abs(mean.mean - 3.22) < 1e-12 && abs(mean.squaredError.squareRoot() - 0.24565714285714296.squareRoot()) < 1e-12)
    #expect(abs(mean.degreesOfFreedom - 2.861313868613138) < 1e-12)
  }

  @Test func `is that of the members where these are independent`() {
    let mean = ClusteredMean(sample, clusters: nil)
    let moments = SampleMoments(sample)
    #expect(mean.squaredError == moments.variance / 10 && mean.degreesOfFreedom == 9)
    #expect(Clusters(Array(0..<10)) == nil)
  }

  /// What is shown five times tells no more than what is shown once.
  @Test func `is that of one member of each where all are the same`() throws {
    let repeated = sample.flatMap { [Double](repeating: $0, count: 5) }
    let clusters = try #require(Clusters((0..<50).map { $0 / 5 }))
    let (once, often) = (ClusteredMean(sample, clusters: nil), ClusteredMean(repeated, clusters: clusters))
    #expect(abs(once.mean - often.mean) < 1e-12 && abs(once.squaredError - often.squaredError) < 1e-12)
    #expect(once.degreesOfFreedom == often.degreesOfFreedom)
  }

  /// One cluster that holds half of a sample makes the degrees of freedom few, however many others there are.
  @Test func `knows less where clusters differ in size`() throws {
    let even = try #require(Clusters((0..<40).map { $0 / 4 }))
    let uneven = try #require(Clusters((0..<40).map { max(0, $0 - 19) }))
    #expect(abs(even.degreesOfFreedom - 9) < 1e-9 && uneven.count == 21 && uneven.degreesOfFreedom < 5)
  }

  /// Without an effect, one of 20 clusters with half of all stimuli, half of the variance between clusters: p is below 0.05 in one case of 20,
  /// and in a quarter by the usual factor G/(G − 1) with G − 1 degrees of freedom.
  @Test func `is right where one cluster holds half`() throws {
    let names = (0..<152).map { $0 < 76 ? 0 : 1 + ($0 - 76) / 4 }
    let clusters = try #require(Clusters(names))
    #expect(clusters.count == 20 && clusters.sizes[0] == 76)
    var random = CounterRandom(seed: 5, domain: 1002, index: 0)
    var (own, usual) = (0, 0)
    let count = 2000
    for _ in 0..<count {
      let shared = (0..<20).map { _ in random.nextNormal() }
      let sample = names.map { shared[$0] + random.nextNormal() }
      let mean = ClusteredMean(sample, clusters: clusters)
      func isFound(_ squaredError: Double, _ degrees: Double) -> Bool {
        RegionTest(mean: mean.mean, standardError: squaredError.squareRoot(), degreesOfFreedom: degrees, confidence: 0.95).p
          < 0.05
      }
      let squares = clusters.sums(sample.map { $0 - mean.mean }).reduce(0) { $0 + $1 * $1 }
      own += isFound(mean.squaredError, mean.degreesOfFreedom) ? 1 : 0
      usual += isFound(20.0 / 19 * squares / (152 * 152), 19) ? 1 : 0
    }
    #expect((0.035...0.065).contains(Double(own) / Double(count)), "\(own)")
    #expect((0.2...0.3).contains(Double(usual) / Double(count)), "\(usual)")
  }

  /// Signs of clusters are flipped as if all their members' were, and t is the clustered one.
  @Test func `has family-wise p-values by its own t`() throws {
    let names = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 4]
    let rows: [[Double]] = (0..<12).map { row in
      (0..<3).map { (region: Int) -> Double in
        let number = (row * 7 + region * 5) * 37 % 23
        return Double(number) / 10 - 0.6
      }
    }
    let clusters = try #require(Clusters(names))
    func largest(_ mask: Int) -> [Double] {
      let flipped = zip(names, rows).map { name, row in row.map { mask >> name & 1 == 1 ? -$0 : $0 } }
      return (0..<3).map { region in
        let mean = ClusteredMean(flipped.map { $0[region] }, clusters: clusters)
        return mean.mean * mean.mean / mean.squaredError
      }
    }
    let observed = largest(0)
    let all: [Double] = (0..<32).map { largest($0).max() ?? 0 }
    let p = observed.map { own -> Double in Double(all.count { $0 >= own * (1 - 1e-9) }) / 32 }
    let found = SignFlips.familyWiseP(clusters.sums(rows), clusters: clusters, seed: 1)
    for (a, b) in zip(p, found) { #expect(abs(a - b) < 1e-12) }
    #expect(SignFlips.leastP(of: 5, flips: 100) == 2.0 / 32 && SignFlips.leastP(of: 64, flips: 9) == 0.1)
  }

  @Test func `needs three clusters`() {
    #expect(Clusters([0, 0, 1, 1]) == nil && Clusters([0, 0, 1, 2]) != nil)
  }
}
