package import Grids
import ModelGraph

extension ScanPlan.Layer {
  /// The grid over the layer.
  ///
  /// - Throws: `GridError` if its shape has no anatomy.
  package func grid(_ measurement: MeasurementOptions) throws(GridError) -> Grid {
    Grid(
      measurement.grid,
      over: try TensorGeometry(
        shape: shape, height: axes.height, width: axes.width, channels: axes.channels))
  }
}
