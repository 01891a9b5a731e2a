package import Grids

extension ScanPlan.Layer {
  /// The grid over the layer.
  ///
  /// - Throws: `GridError` if its shape has no anatomy.
  package func grid(_ measurement: MeasurementOptions) throws(GridError) -> Grid {
    Grid(measurement.grid, over: try TensorGeometry(shape: shape, layout: measurement.layout))
  }
}
