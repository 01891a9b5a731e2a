package import Random

extension CounterRandom {
  /// A nearly normal number: the centred sum of twelve uniform ones.
  package mutating func nextNormal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + nextUnit() } }
}
