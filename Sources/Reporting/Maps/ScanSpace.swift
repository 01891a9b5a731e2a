import Anatomy
import Grids

/// Where the regions of all layers lie in one space, so that maps and tracts of a scan fit over each other.
///
/// Every layer is a slab of 64 x 64 x 16 mm, whatever its tensor's shape: x runs with the width, left to right; y against the
/// height, so that the first row is on top; z with the channels. The slab of layer L begins at z = 24·L mm.
struct ScanSpace {
  private static let side = 64.0
  private static let thickness = 16.0
  private static let pitch = 24.0

  private let size: (i: Double, j: Double, k: Double)
  private let floor: Double

  /// - Parameter layer: the layer's number.
  init(layer: Int, _ grid: GridSize) {
    size = (Double(grid.height), Double(grid.width), Double(grid.channels))
    floor = Self.pitch * Double(layer)
  }

  /// Millimetres along the height, the width and the channels of a region.
  var cellSize: (i: Double, j: Double, k: Double) {
    (Self.side / size.i, Self.side / size.j, Self.thickness / size.k)
  }

  /// The centre of region (i, j, k), in mm.
  func centre(_ i: Int, _ j: Int, _ k: Int) -> (x: Double, y: Double, z: Double) {
    (
      (Double(j) + 0.5) * cellSize.j - Self.side / 2, Self.side / 2 - (Double(i) + 0.5) * cellSize.i,
      floor + (Double(k) + 0.5) * cellSize.k
    )
  }
}
