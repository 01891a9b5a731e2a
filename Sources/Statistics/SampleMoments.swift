/// Mean and variance of a sample, in two passes in the order given.
package struct SampleMoments: Sendable, Hashable {
  package let count: Int
  package let mean: Double
  /// The unbiased variance; 0 for a single value.
  package let variance: Double

  package init(_ sample: [Double]) {
    precondition(!sample.isEmpty)
    count = sample.count
    let mean = sample.reduce(0, +) / Double(sample.count)
    self.mean = mean
    variance =
      sample.count == 1
      ? 0 : sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sample.count - 1)
  }

  package var standardDeviation: Double { variance.squareRoot() }
  /// sd/√N.
  package var standardError: Double { (variance / Double(count)).squareRoot() }
}
