package import Distribution
package import Grids
package import ModelGraph
import UserErrors

/// A layer that is watched, and the cells of places that its activations are averaged over in the pass itself.
///
/// Cells are as long as divides an axis into at most the asked number of them, all alike but the last; along channels nothing is
/// averaged. Regions are the cells with neighbouring channels put together, as in a scan's grid where the cells divide the axes.
package struct WatchedLayer: Sendable, Hashable {
  /// The most cells of a layer: as many as 512 x 512 places of 64 channels.
  package static let cellLimit = 1 << 24

  package private(set) var tensor = ""
  /// For one stimulus; the first length is 1.
  package private(set) var shape: [Int] = []
  private var height: [Int] = []
  private var width: [Int] = []
  private var channelAxes: [Int] = []
  /// Of the grid that was asked for: cells along height, width and channels.
  private var cells: [Int] = []

  package init() {}

  /// - Parameters:
  ///   - shape: of the tensor for one stimulus.
  ///   - grid: how many cells are asked for.
  package init(tensor: String, shape: [Int], axes: GridAxes, grid: GridSize) {
    self.tensor = tensor
    self.shape = shape
    height = axes.height
    width = axes.width
    channelAxes = axes.channels
    cells = [grid.height, grid.width, grid.channels]
  }

  /// What was asked for when the reference was learnt.
  package var requestedGrid: GridSize { GridSize(height: cells[0], width: cells[1], channels: cells[2]) }

  package var pool: CellPool {
    let lengths = shape.indices.dropFirst().map { axis in
      let wanted = height.contains(axis) ? cells[0] : width.contains(axis) ? cells[1] : .max
      return wanted >= shape[axis] ? 1 : (shape[axis] + wanted - 1) / wanted
    }
    return CellPool(tensor: tensor, shape: shape, lengths: lengths)
  }

  /// Whether the layer has no more cells than can be held.
  package var isSmallEnough: Bool { pool.pooledShape.reduce(1.0) { $0 * Double($1) } <= Double(Self.cellLimit) }

  /// Of the cells. - Throws: `GridError` where the axes don't fit the shape.
  package func geometry() throws(GridError) -> TensorGeometry {
    try TensorGeometry(shape: pool.pooledShape, height: height, width: width, channels: channelAxes)
  }

  /// Regions over the cells. - Throws: `GridError` where the axes don't fit the shape.
  package func grid() throws(GridError) -> Grid {
    Grid(GridSize(height: cells[0], width: cells[1], channels: cells[2]), over: try geometry())
  }

  /// Whether the regions are those that a scan of this grid has.
  package var matchesScannedGrid: Bool {
    [(height, cells[0]), (width, cells[1])].allSatisfy { axes, wanted in
      axes.count <= 1 && axes.allSatisfy { shape[$0] <= wanted || shape[$0].isMultiple(of: wanted) }
    }
  }

  /// - Throws: `Failure` (`badInput`) for numbers that no layer has.
  func check() throws(Failure) {
    let isSound =
      shape.count >= 2 && shape.allSatisfy { (1...(1 << 32)).contains($0) } && cells.count == 3
      && cells.allSatisfy { $0 > 0 } && shape.reduce(1.0, { $0 * Double($1) }) < 1e12
    // In this order: of what is too large no grid is made.
    guard isSound, isSmallEnough, (try? grid()) != nil, pool.isSupported else {
      throw Failure(.badInput, "layer \"\(tensor)\" of the reference has a shape or axes that don't fit each other")
    }
  }
}

extension WatchedLayer: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&tensor)
    try coder.code(&shape)
    try coder.code(&height)
    try coder.code(&width)
    try coder.code(&channelAxes)
    try coder.code(&cells)
  }
}
