package import Grids
import ModelGraph

extension ScanPlan.Layer {
  /// The layer's regions.
  ///
  /// - Throws: `GridError` if its shape has no anatomy, or if regions that were named don't cover it.
  package func grid(_ measurement: MeasurementOptions) throws(GridError) -> Parcellation {
    let geometry = try TensorGeometry(shape: shape, height: axes.height, width: axes.width, channels: axes.channels)
    if let regionLabels { return try Parcellation(regionLabels, names: regionNames, over: geometry) }
    return Parcellation(Grid(measurement.grid, over: geometry), names: regionNames)
  }
}
