/// The mean of a sample that may come in clusters, as neighbours in time are alike, with its standard error.
///
/// Clusters are taken for independent, and what is in one for anything: with e_g the sum of a cluster's deviations from the mean, the
/// squared error is G/(G − 1)·Σ e_g²/N², with G − 1 degrees of freedom; of clusters of one it is s²/N. Source: Liang and Zeger,
/// Biometrika 73 (1986), with the usual factor for few clusters.
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
    let (count, total) = (Double(sums.count), Double(sample.count))
    squaredError = count / (count - 1) * sums.reduce(0) { $0 + $1 * $1 } / (total * total)
    degreesOfFreedom = count - 1
  }
}

/// Which of the members of a sample belong together.
package struct Clusters: Sendable, Hashable {
  /// With fewer, errors across them tell next to nothing.
  package static let least = 3

  /// From 0 on, by member.
  private let numbers: [Int]
  package let count: Int

  /// - Parameter names: equal ones belong together; numbers go by their first members.
  /// - Returns: `nil` for fewer than `least`, and where each member is one of its own.
  package init?(_ names: [Int]) {
    var known: [Int: Int] = [:]
    numbers = names.map { name in
      let number = known[name] ?? known.count
      known[name] = number
      return number
    }
    count = known.count
    guard count >= Self.least, count < names.count else { return nil }
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
