import Grids
import TestSupport
import Testing

@Suite struct `A mask` {
  private static let cases: [(shape: [Int], layout: TensorLayout)] = [
    ([1, 7], .nchw), ([1, 300], .nchw), ([1, 5, 9], .nchw), ([1, 6, 9, 7], .nchw), ([1, 9, 7, 6], .nhwc),
    ([1, 1, 1, 5], .nchw), ([1, 3, 2, 5, 4], .nchw), ([1, 2, 5, 4, 3], .nhwc), ([1, 70, 3, 3], .nchw),
  ]
  private static let grids = ["1x1x1", "2x2x2", "3x2x5", "8x8x4", "100x100x100"]

  @Test(arguments: cases, grids)
  func `keeps the units of intact regions and replaces all others`(
    _ tensor: (shape: [Int], layout: TensorLayout), _ size: String
  ) throws {
    let grid = Grid(try GridSize(parsing: size), over: try TensorGeometry(shape: tensor.shape, layout: tensor.layout))
    let mask = RegionMask(grid)
    #expect(mask.unitCount == grid.unitCount)
    #expect(mask.regionCount == grid.regionCount)
    var random = WeightGenerator(seed: 5)
    let activations = random.floats(grid.unitCount)
    let replacement = random.floats(grid.unitCount)
    var scratch = mask.makeScratch()
    for coalition in Coalition.samples(of: grid.regionCount, drawn: 4).suffix(6) {
      for other in [nil, replacement] {
        var expected = other ?? [Float](repeating: 0, count: grid.unitCount)
        for h in 0..<grid.geometry.height {
          for w in 0..<grid.geometry.width {
            for c in 0..<grid.geometry.channels where coalition[grid.region(height: h, width: w, channel: c)] {
              let unit = grid.geometry.offset(height: h, width: w, channel: c)
              expected[unit] = activations[unit]
            }
          }
        }
        var painted = [Float](repeating: .nan, count: grid.unitCount)
        paint(mask, coalition, activations, other, &scratch, &painted)
        #expect(painted == expected)
      }
    }
  }

  @Test func `passes every bit pattern through and leaves none of a lesioned unit`() throws {
    let grid = Grid(GridSize(height: 1, width: 1, channels: 2), over: try TensorGeometry(shape: [1, 4]))
    let mask = RegionMask(grid)
    let odd: [Float] = [.nan, -.infinity, .nan, -0.0]
    var scratch = mask.makeScratch()
    var painted = [Float](repeating: 1, count: 4)
    paint(mask, Coalition(of: 2, intact: [0]), odd, nil, &scratch, &painted)
    #expect(painted[0].isNaN && painted[1] == -.infinity)
    #expect(painted[2].bitPattern == 0 && painted[3].bitPattern == 0)
    paint(mask, Coalition(of: 2, intact: [1]), [1, 2, 3, 4], odd, &scratch, &painted)
    #expect(painted[0].isNaN && painted[1] == -.infinity && painted[2...] == [3, 4])
  }

  private func paint(
    _ mask: RegionMask, _ coalition: Coalition, _ activations: [Float], _ replacement: [Float]?,
    _ scratch: inout [UInt32], _ output: inout [Float]
  ) {
    activations.withUnsafeBufferPointer { activations in
      output.withUnsafeMutableBufferPointer { output in
        if let replacement {
          replacement.withUnsafeBufferPointer {
            mask.paint(coalition, activations: activations, replacement: $0, scratch: &scratch, into: output)
          }
        } else {
          mask.paint(coalition, activations: activations, replacement: nil, scratch: &scratch, into: output)
        }
      }
    }
  }
}
