package import Grids
import ModelGraph
package import Shapley

extension ScanPlan.Layer {
  /// Where its regions lie; all in one place where they have none.
  package var positions: PlayerPositions { PlayerPositions(height: grid[0], width: grid[1], channels: grid[2]) }

  /// The layer's regions.
  ///
  /// - Throws: `GridError` if its shape has no anatomy, or if regions that were named don't cover it.
  package func grid(_ measurement: MeasurementOptions) throws(GridError) -> Parcellation {
    let geometry = try TensorGeometry(shape: shape, height: axes.height, width: axes.width, channels: axes.channels)
    if let regionLabels {
      let size = GridSize(height: grid[0], width: grid[1], channels: grid[2])
      return try Parcellation(regionLabels, size: size, names: regionNames, over: geometry)
    }
    return Parcellation(Grid(measurement.grid, over: geometry), names: regionNames)
  }
}
