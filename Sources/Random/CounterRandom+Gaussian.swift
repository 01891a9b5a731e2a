internal import Glibc

extension CounterRandom {
  /// A standard normal number. Uses four words.
  ///
  /// Source: Box and Muller, "A note on the generation of random normal deviates", Ann. Math. Stat. 29 (1958), with the second
  /// number of the pair thrown away, so that each draw uses the same part of the stream. The largest is √(106·ln 2) = 8.57.
  package mutating func nextGaussian() -> Double {
    let radius = (-2 * log(1 - nextUnit())).squareRoot()
    return radius * cos(2 * .pi * nextUnit())
  }
}
