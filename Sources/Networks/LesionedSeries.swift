import Lesion
import OnnxRuntime
import Random

/// What rows of a layer are painted from: the activations of the series' stimulus, and what takes their place.
final class LesionedSeries {
  /// Class means that are kept: as many rows of the layer as a batch has already.
  private let mostMeans: Int

  let prefix: Prefix
  private let lesion: LesionKind
  private let restingActivations: [Float]
  private let noiseSeed: UInt64
  /// The series that is current.
  private(set) var current: LesionedNetwork.Series?
  /// The intact activations of its stimulus.
  private(set) var activations: Tensor
  private var donors: [Tensor] = []
  /// What takes the place of its units where neither donors nor resting activations do; [units].
  private var replacement: [Float] = []
  /// Means over stimuli that earlier series took.
  private var means: [[Int]: [Float]] = [:]

  /// - Parameter activations: of any stimulus, until a series begins.
  init(prefix: Prefix, configuration: LesionedNetwork.Configuration, activations: Tensor) {
    self.prefix = prefix
    lesion = configuration.lesion
    restingActivations = configuration.restingActivations
    noiseSeed = configuration.noiseSeed
    mostMeans = configuration.batch
    self.activations = activations
  }

  /// Makes a series current and fills the suffix's side inputs. Cost: one prefix run for the stimulus and each donor that
  /// isn't cached.
  ///
  /// - Returns: the side inputs, others where they are of another length.
  func begin(_ series: LesionedNetwork.Series, sides: [Tensor]) throws -> [Tensor] {
    guard series != current else { return sides }
    current = nil
    let state = try prefix.state(of: series.stimulus)
    activations = state.activations
    let others = lesion.runsInPair ? try series.donors.first.map { try prefix.state(of: $0) } : nil
    let sides = try prefix.load(others ?? state, into: sides)
    donors = []
    switch lesion.source {
    case .nothing, .resting: break
    case .donors, .partner: donors = try series.donors.map { try prefix.state(of: $0).activations }
    case .noise:
      replacement = LesionNoise.draw(moments: restingActivations, seed: noiseSeed, stimulus: series.stimulus)
    case .peers: replacement = try mean(of: series.donors)
    }
    current = series
    return sides
  }

  /// Lends what lesioned units become, [units]; `nil` for zeros.
  func withReplacement(_ donor: Int?, _ body: (UnsafeBufferPointer<Float>?) throws -> Void) rethrows {
    switch lesion.source {
    case .nothing:
      try body(nil)
    case .resting:
      try restingActivations.withUnsafeBufferPointer { try body($0) }
    case .noise, .peers:
      try replacement.withUnsafeBufferPointer { try body($0) }
    case .donors, .partner:
      try body(UnsafeBufferPointer(donors[donor ?? 0].floats))
    }
  }

  /// The mean activation over some stimuli, summed in double precision, in their order; [units].
  private func mean(of stimuli: [Int]) throws -> [Float] {
    if let known = means[stimuli] { return known }
    var mean = MeanActivation(unitCount: activations.count)
    for stimulus in stimuli {
      try prefix.state(of: stimulus).activations.withFloats { mean.add(UnsafeBufferPointer($0)) }
    }
    if means.count >= mostMeans { means = [:] }
    means[stimuli] = mean.floats
    return mean.floats
  }
}
