import Foundation
import Testing

@testable import Grids

@Suite("A grid over a layer")
struct GridTests {
  static let shapes: [(shape: [Int], layout: TensorLayout)] = [
    ([1, 16, 32, 32], .nchw), ([1, 5, 7, 3], .nchw), ([1, 7, 3, 5], .nhwc), ([2, 12, 10], .nchw), ([1, 10], .nchw),
    ([1, 300], .nhwc), ([1, 6, 2, 5, 4], .nchw), ([1, 2, 5, 4, 6], .nhwc), ([1, 1, 1, 1], .nchw),
  ]
  static let sizes = ["8x8x4", "1x1x1", "3x2x5", "100x100x100", "2x1x3"]

  static func grid(_ shape: [Int], _ layout: TensorLayout, _ size: String) throws -> Grid {
    Grid(try GridSize(parsing: size), over: try TensorGeometry(shape: shape, layout: layout))
  }

  @Test("puts every unit into exactly one region, the one the formula names", arguments: shapes, sizes)
  func partition(tensor: (shape: [Int], layout: TensorLayout), size: String) throws {
    let grid = try Self.grid(tensor.shape, tensor.layout, size)
    let geometry = grid.geometry
    var seen = [Int](repeating: -1, count: grid.unitCount)
    for h in 0..<geometry.height {
      for w in 0..<geometry.width {
        for c in 0..<geometry.channels {
          let unit = geometry.offset(height: h, width: w, channel: c)
          #expect(seen[unit] == -1)
          let i = h * grid.size.height / geometry.height
          let j = w * grid.size.width / geometry.width
          let k = c * grid.size.channels / geometry.channels
          seen[unit] = k + grid.size.channels * (j + grid.size.width * i)
          #expect(grid.region(height: h, width: w, channel: c) == seen[unit])
        }
      }
    }
    #expect(grid.regionOfUnit().map(Int.init) == seen)
  }

  @Test("has regions that fill the layer, none of them empty, equal up to one unit along each axis", arguments: shapes, sizes)
  func sizesDiffer(tensor: (shape: [Int], layout: TensorLayout), size: String) throws {
    let grid = try Self.grid(tensor.shape, tensor.layout, size)
    let counts = grid.unitCounts
    #expect(counts.reduce(0, +) == grid.unitCount)
    var tally = [Int](repeating: 0, count: grid.regionCount)
    for region in grid.regionOfUnit() { tally[Int(region)] += 1 }
    #expect(counts == tally)
    let extents = (0..<grid.regionCount).map(grid.extent(of:))
    for lengths in [extents.map(\.height.count), extents.map(\.width.count), extents.map(\.channels.count)] {
      #expect(lengths.min()! >= 1)
      #expect(lengths.max()! - lengths.min()! <= 1)
    }
  }

  @Test("covers the row with runs, each as long as it can be", arguments: shapes, sizes)
  func runs(tensor: (shape: [Int], layout: TensorLayout), size: String) throws {
    let grid = try Self.grid(tensor.shape, tensor.layout, size)
    let regions = grid.regionOfUnit()
    var next = 0
    var previous: UInt32?
    for run in grid.runs() {
      #expect(Int(run.offset) == next)
      #expect(run.length > 0)
      #expect(run.region != previous)
      #expect(regions[next..<next + Int(run.length)].allSatisfy { $0 == run.region })
      next += Int(run.length)
      previous = run.region
    }
    #expect(next == grid.unitCount)
  }

  @Test("numbers regions k + g_c·(j + g_w·i) and names them grid_i_j_k")
  func naming() throws {
    let grid = try Self.grid([1, 16, 32, 32], .nchw, "8x8x4")
    #expect(grid.regionCount == 256)
    #expect(grid.name(of: 0) == "grid_0_0_0")
    #expect(grid.name(of: 1) == "grid_0_0_1")
    #expect(grid.name(of: 4) == "grid_0_1_0")
    #expect(grid.name(of: 32) == "grid_1_0_0")
    #expect(grid.name(of: 255) == "grid_7_7_3")
    for region in 0..<256 {
      let (i, j, k) = grid.cell(of: region)
      #expect(grid.region(inCell: i, j, k) == region)
    }
  }

  @Test("is clipped to the axes of the layer")
  func clipping() throws {
    #expect(try Self.grid([1, 2, 4, 64], .nchw, "8x8x4").size == GridSize(height: 4, width: 8, channels: 2))
    #expect(try Self.grid([1, 12, 10], .nchw, "8x8x4").size == GridSize(height: 8, width: 1, channels: 4))
  }

  @Test("spends its whole budget on the one axis of a feature list", arguments: [(1000, 256), (100, 100)])
  func features(count: Int, regions: Int) throws {
    #expect(try Self.grid([1, count], .nchw, "8x8x4").regionCount == regions)
  }

  @Test("refined by a whole factor, splits regions without moving their borders")
  func refinement() throws {
    let coarse = try Self.grid([1, 7, 9, 10], .nchw, "2x3x2")
    let fine = try Self.grid([1, 7, 9, 10], .nchw, "4x9x6")
    let counts = fine.unitCounts
    var sums = [Int](repeating: 0, count: coarse.regionCount)
    for region in 0..<fine.regionCount {
      let (i, j, k) = fine.cell(of: region)
      sums[coarse.region(inCell: i / 2, j / 3, k / 3)] += counts[region]
    }
    #expect(sums == coarse.unitCounts)
  }

  @Test("reads its size from cells along three axes")
  func parsing() throws {
    #expect(try GridSize(parsing: "8x8x4") == .standard)
    #expect("\(try GridSize(parsing: "10x1x999"))" == "10x1x999")
    let largest = try GridSize(parsing: "\(Int.max)x2x2")
    #expect(largest.budget == .max)
  }

  @Test(
    "refuses a size that is none, naming what is wrong",
    arguments: [
      ("0x8x4", "\"0\" cells along height"), ("9x9", "2 of its 3 axes"), ("8x-1x4", "\"-1\" cells along width"),
      ("8x8x", "\"\" cells along channels"), ("8x8x4x2", "4 of its 3"), ("8x8xfour", "\"four\""), ("", "\"\""),
      ("8x+8x4", "\"+8\""), ("8x8x99999999999999999999", "99999999999999999999"),
    ])
  func badSizes(text: String, expected: String) throws {
    let error = #expect(throws: GridError.self) { try GridSize(parsing: text) }
    #expect(error?.code == .usage)
    #expect(error?.message.contains(expected) == true)
    #expect(error?.message.contains("8x8x4") == true)
  }

  @Test("has no place on a tensor without axes", arguments: [[], [4], [1, 0, 3], [1, -1, 3, 3], [1, 2, 3, 4, 5, 6]])
  func badShapes(shape: [Int]) {
    let error = #expect(throws: GridError.self) { try TensorGeometry(shape: shape) }
    #expect(error?.code == .badInput)
    #expect(error?.message.contains("\(shape)") == true)
  }

  @Test(
    "lays regions over axes in any order, several of them as the digits of one",
    arguments: [
      ([1, 6, 20], [2], [], [1]), ([1, 5, 3, 4], [1], [2], [3]), ([1, 3, 5, 4], [2], [1], [3]),
      ([1, 2, 2, 4, 4, 6], [1, 3], [2, 4], [5]), ([1, 4, 3, 5], [1], [3], [2]), ([1, 7, 9], [1, 2], [], []),
    ] as [([Int], [Int], [Int], [Int])])
  func axes(_ shape: [Int], _ height: [Int], _ width: [Int], _ channels: [Int]) throws {
    let geometry = try TensorGeometry(shape: shape, height: height, width: width, channels: channels)
    let grid = Grid(GridSize(height: 3, width: 2, channels: 2), over: geometry)
    let regions = grid.regionOfUnit()
    #expect(regions.count == shape.reduce(1, *))
    // Every unit, by its place along each axis of the tensor.
    for unit in regions.indices {
      var places = [Int](repeating: 0, count: shape.count)
      var rest = unit
      for axis in shape.indices.reversed() {
        places[axis] = rest % shape[axis]
        rest /= shape[axis]
      }
      func place(_ axes: [Int]) -> Int { axes.reduce(0) { $0 * shape[$1] + places[$1] } }
      #expect(
        Int(regions[unit]) == grid.region(height: place(height), width: place(width), channel: place(channels)))
    }
  }

  @Test(
    "refuses layouts that leave out an axis or name one twice",
    arguments: [([1], [2], []), ([1], [2], [2]), ([], [], [1, 2]), ([1], [2], [3, 0])] as [([Int], [Int], [Int])])
  func axesRefused(_ height: [Int], _ width: [Int], _ channels: [Int]) {
    #expect(throws: GridError.self) {
      try TensorGeometry(shape: [1, 4, 5, 6], height: height, width: width, channels: channels)
    }
  }

  @Test("is read back from JSON only where each axis has a cell")
  func sizeFromJSON() throws {
    let size = GridSize(height: 2, width: 3, channels: 4)
    #expect(try JSONDecoder().decode(GridSize.self, from: JSONEncoder().encode(size)) == size)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(GridSize.self, from: Data(#"{"height": 2, "width": 0, "channels": 4}"#.utf8))
    }
  }
}
