import Random

/// What units become under lesions by noise.
package enum LesionNoise {
  /// A draw for a stimulus: mean + sd·z of each unit, z standard normal, unit after unit.
  ///
  /// - Parameters:
  ///   - moments: means, then standard deviations; [2 x units].
  ///   - seed: of the layer.
  /// - Returns: [units]; a function of the arguments alone.
  package static func draw(moments: [Float], seed: UInt64, stimulus: Int) -> [Float] {
    let units = moments.count / 2
    var random = CounterRandom(seed: seed, domain: .lesionNoise, index: UInt64(stimulus))
    return (0..<units).map { Float(Double(moments[$0]) + Double(moments[units + $0]) * random.nextGaussian()) }
  }

  /// The seed of a layer's draws. - Parameter layer: its number in the scan.
  package static func seed(_ seed: UInt64, layer: Int) -> UInt64 {
    CounterRandom.derivedSeed(from: seed, stream: UInt64(CounterRandom.Domain.lesionNoise.rawValue) << 32 | UInt64(layer))
  }
}
