import ModelGraph
import Networks

/// A layer's networks for a comparison of methods.
struct ComparisonNetworks {
  /// One network, forward alone, and with its way back, or why there is none.
  struct Pair {
    let lesioned: LesionedNetwork
    let gradients: Result<GradientNetwork, Undifferentiable>

    /// Makes a series current in both.
    func begin(_ series: LesionedNetwork.Series) throws {
      try lesioned.begin(series)
      if case .success(let network) = gradients { try network.begin(series) }
    }
  }

  let layer: Int
  let own: Pair
  /// With the weights after the layer shuffled; `nil` where none could be.
  let shuffled: Pair?
}
