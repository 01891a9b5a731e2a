/// The mean of a layer's units over stimuli, summed in double precision in the order in which they come.
package struct MeanActivation {
  private var sums: [Double]
  private var count = 0

  package init(unitCount: Int) { sums = [Double](repeating: 0, count: unitCount) }

  /// - Parameter activations: of one more stimulus; [units].
  package mutating func add(_ activations: UnsafeBufferPointer<Float>) {
    precondition(activations.count == sums.count, "\(activations.count) of \(sums.count) units")
    for (unit, activation) in activations.enumerated() { sums[unit] += Double(activation) }
    count += 1
  }

  /// [units]
  package var means: [Double] { sums.map { $0 / Double(count) } }
  /// [units]
  package var floats: [Float] { means.map { Float($0) } }
}
