import Anatomy
import Grids
import Lesion

/// The grid over a layer, and how its regions lie in memory.
struct LayerGeometry {
  let grid: Grid
  let blocks: RegionBlocks
  let stencil: Stencil

  init(_ layer: ScanPlan.Layer, request: ScanRequest) throws(GridError) {
    grid = Grid(request.grid, over: try TensorGeometry(shape: layer.shape, layout: request.layout))
    blocks = grid.blocks()
    stencil = Stencil(grid)
  }
}
