import Lesion
import OnnxRuntime

/// What rows of a layer are painted from: the activations of the series' stimulus, and what takes their place.
final class LesionedSeries {
  let prefix: Prefix
  private let lesion: LesionKind
  private let restingActivations: [Float]
  /// The series that is current.
  private(set) var current: LesionedNetwork.Series?
  /// The intact activations of its stimulus.
  private(set) var activations: Tensor
  private var donors: [Tensor] = []

  /// - Parameter activations: of any stimulus, until a series begins.
  init(prefix: Prefix, configuration: LesionedNetwork.Configuration, activations: Tensor) {
    self.prefix = prefix
    lesion = configuration.lesion
    restingActivations = configuration.restingActivations
    self.activations = activations
  }

  /// Makes a series current and fills the suffix's side inputs. Cost: one prefix run for the stimulus and each donor that
  /// isn't cached.
  func begin(_ series: LesionedNetwork.Series, sides: [Tensor]) throws {
    guard series != current else { return }
    current = nil
    let state = try prefix.state(of: series.stimulus)
    activations = state.activations
    prefix.load(state, into: sides)
    donors = try series.donors.map { try prefix.state(of: $0).activations }
    current = series
  }

  /// Lends what lesioned units become, [units]; `nil` for zeros.
  func withReplacement(_ donor: Int?, _ body: (UnsafeBufferPointer<Float>?) throws -> Void) rethrows {
    switch lesion.source {
    case .nothing:
      try body(nil)
    case .resting:
      try restingActivations.withUnsafeBufferPointer { try body($0) }
    case .donors:
      try body(UnsafeBufferPointer(donors[donor ?? 0].floats))
    }
  }
}
