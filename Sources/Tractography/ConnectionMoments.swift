/// Mean and standard error of connection strengths over stimuli, taken in one by one, in their order.
package struct ConnectionMoments: Sendable {
  package private(set) var count = 0
  /// [sources x targets].
  package private(set) var mean: [Double]
  private var squares: [Double]

  package init(edgeCount: Int) {
    mean = [Double](repeating: 0, count: edgeCount)
    squares = mean
  }

  /// Takes in a stimulus. - Parameter strengths: [sources x targets].
  package mutating func add(_ strengths: [Float]) {
    precondition(strengths.count == mean.count)
    count += 1
    let share = 1 / Double(count)
    for edge in strengths.indices {
      let deviation = Double(strengths[edge]) - mean[edge]
      mean[edge] += deviation * share
      squares[edge] += deviation * (Double(strengths[edge]) - mean[edge])
    }
  }

  /// sd/√N; `nil` for a single stimulus.
  package var standardError: [Double]? {
    count < 2 ? nil : squares.map { ($0 / Double(count - 1) / Double(count)).squareRoot() }
  }
}
