import Testing

@testable import Statistics

@Suite struct `A mean of clusters` {
  private let sample = [3.1, 2.7, 4.2, 3.3, 2.9, 1.9, 2.5, 2.2, 5.0, 4.4]

  /// statsmodels 0.15: OLS on a constant, cov_type="cluster", use_t=True.
  @Test func `has the published error`() throws {
    let clusters = try #require(Clusters([7, 7, 7, 2, 2, 9, 9, 9, 4, 4]))
    let mean = ClusteredMean(sample, clusters: clusters)
    #expect(abs(mean.mean - 3.22) < 1e-12 && abs(mean.squaredError.squareRoot() - 0.4939419669016457) < 1e-12)
    #expect(mean.degreesOfFreedom == 3)
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

  @Test func `needs three clusters`() {
    #expect(Clusters([0, 0, 1, 1]) == nil && Clusters([0, 0, 1, 2]) != nil)
  }
}
