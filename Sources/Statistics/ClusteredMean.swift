/// The mean of a sample that may come in clusters, as neighbours in time are alike, with its standard error.
///
/// Clusters are taken for independent, and what is in one for anything: with e_g the sum of a cluster's n_g deviations from the mean, the
/// squared error is Σ e_g²/(1 − n_g/N)/N², with the degrees of freedom that its variance tells if nothing is alike (`Clusters`). Of equally large
/// clusters these are one less than clusters, and of clusters of one the error is s²/N. Sources: Liang and Zeger, Biometrika 73 (1986); Bell and
/// McCaffrey, Survey Methodology 28 (2002), where clusters differ in size.
package struct ClusteredMean: Sendable, Hashable {
  package let mean: Double
  package let squaredError: Double
  package let degreesOfFreedom: Double

  /// - Parameters:
  ///   - sample: of two clusters or more.
  ///   - clusters: of each; `nil` where each is one of its own.
  package init(_ sample: [Double], clusters: Clusters?) {
    let moments = SampleMoments(sample)
    mean = moments.mean
    guard let clusters else {
      (squaredError, degreesOfFreedom) = (moments.variance / Double(sample.count), Double(sample.count - 1))
      return
    }
    let sums = clusters.sums(sample.map { $0 - moments.mean })
    let total = Double(sample.count)
    squaredError = zip(sums, clusters.weights).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } / (total * total)
    degreesOfFreedom = clusters.degreesOfFreedom
  }
}

/// Which of the members of a sample belong together.
package struct Clusters: Sendable, Hashable {
  /// With fewer, errors across them tell next to nothing.
  package static let least = 3

  /// From 0 on, by member.
  private let numbers: [Int]
  package let count: Int
  /// Members of each.
  package let sizes: [Double]
  /// What squared sums of deviations count, the more the larger their share of the mean: 1/(1 − n_g/N).
  package let weights: [Double]
  /// Of the squared error, by Satterthwaite: twice its squared expectation over its variance, if members aren't alike.
  package let degreesOfFreedom: Double

  /// - Parameters:
  ///   - names: equal ones belong together; numbers go by their first members.
  ///   - least: 2 or more.
  /// - Returns: `nil` for fewer than `least`, and where each member is one of its own.
  package init?(_ names: [Int], least: Int = Self.least) {
    var known: [Int: Int] = [:]
    numbers = names.map { name in
      let number = known[name] ?? known.count
      known[name] = number
      return number
    }
    count = known.count
    guard count >= least, count < names.count else { return nil }
    var sizes = [Double](repeating: 0, count: count)
    for number in numbers { sizes[number] += 1 }
    self.sizes = sizes
    let total = Double(names.count)
    let weights = sizes.map { 1 / (1 - $0 / total) }
    func sum(_ term: (Double, Double) -> Double) -> Double { zip(sizes, weights).reduce(0) { $0 + term($1.0, $1.1) } }
    let (squares, weighted) = (sum { n, _ in n * n }, sum { n, w in w * n * n })
    let fourth = sum { n, w in w * w * n * n * n * n }
    degreesOfFreedom = total * total / (squares + (weighted * weighted - fourth) / (total * total))
    self.weights = weights
  }

  /// `[clusters]`
  package func sums(_ sample: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    for (number, value) in zip(numbers, sample) { sums[number] += value }
    return sums
  }

  /// `[clusters][regions]`: sums of rows.
  package func sums(_ rows: [[Double]]) -> [[Double]] {
    var sums = [[Double]](repeating: [Double](repeating: 0, count: rows.first?.count ?? 0), count: count)
    for (number, row) in zip(numbers, rows) {
      for place in row.indices { sums[number][place] += row[place] }
    }
    return sums
  }
}
