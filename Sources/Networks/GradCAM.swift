package import Grids

/// Grad-CAM of regions: what each contributes to the map of Selvaraju et al., "Grad-CAM: visual explanations from deep
/// networks via gradient-based localization" (ICCV 2017).
package enum GradCAM {
  /// Σ α_c·a_u over the units u = (h, w, c) of each region, α_c the mean of ∂v/∂a over the places (h, w) of channel c.
  ///
  /// Summed over the channel groups of a cell these are Grad-CAM's map, summed over the cell's places; the map itself can't
  /// tell channels apart. Its final ReLU, which hides what speaks against the class, is left out, as captum does. For a list
  /// of features, which has one place, it is gradient x activation.
  ///
  /// Cost: two passes over the units.
  /// - Parameters:
  ///   - activations: a; [units].
  ///   - gradient: ∂v/∂a; [units].
  /// - Returns: [regions], in units of v.
  package static func scores(
    activations: UnsafeBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, over grid: Parcellation
  ) -> [Double] {
    let geometry = grid.geometry
    precondition(activations.count == geometry.unitCount && gradient.count == geometry.unitCount)
    let regions = grid.regionOfUnit()
    var scores = [Double](repeating: 0, count: grid.regionCount)
    for channel in 0..<geometry.channels {
      var weight = 0.0
      for h in 0..<geometry.height {
        for w in 0..<geometry.width {
          weight += Double(gradient[geometry.offset(height: h, width: w, channel: channel)])
        }
      }
      weight /= Double(geometry.height * geometry.width)
      for h in 0..<geometry.height {
        for w in 0..<geometry.width {
          let unit = geometry.offset(height: h, width: w, channel: channel)
          if regions[unit] != RegionMap.none { scores[Int(regions[unit])] += weight * Double(activations[unit]) }
        }
      }
    }
    return scores
  }
}
