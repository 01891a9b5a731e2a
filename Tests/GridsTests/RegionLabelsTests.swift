import Foundation
import Testing

@testable import Grids

@Suite("Regions that someone names")
struct RegionLabelsTests {
  /// N, C, H, W with three channels of 4 x 2 places.
  private static let tensor = [1, 3, 4, 2]

  private static func fitted(_ shape: [Int], _ regions: [Int], to tensor: [Int] = tensor) throws -> [Int] {
    let labels = try RegionLabels(shape: shape, regions: regions, place: "regions.npy")
    let channels = [1]
    let places = Array(2..<tensor.count)
    let fitted = try labels.fitted(to: tensor, places: places, channels: channels)
    return fitted.spread(over: Array(tensor.dropFirst())).map { $0 == RegionMap.none ? -1 : Int($0) }
  }

  @Test("may be given for each channel, for each place, for each unit, or along any axis")
  func broadcasting() throws {
    let byChannel = [2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    #expect(try Self.fitted([3], [2, 0, 1]) == byChannel)
    #expect(try Self.fitted([3, 1, 1], [2, 0, 1]) == byChannel)
    #expect(try Self.fitted([1, 3, 1, 1], [2, 0, 1]) == byChannel)
    let places = [0, 1, 1, -1, 2, 2, 0, 0]
    #expect(try Self.fitted([4, 2], places) == places + places + places)
    #expect(try Self.fitted([1, 4, 2], places) == places + places + places)
    let units = (0..<24).map { $0 % 5 - 1 }
    #expect(try Self.fitted([3, 4, 2], units) == units)
    let rows = [0, 0, 0, 0, 1, 1, 1, 1]
    #expect(try Self.fitted([1, 4, 1], [0, 0, 1, 1]) == rows + rows + rows)
  }

  @Test("are refused where their shape fits neither the units nor the places nor the channels")
  func misfit() {
    #expect {
      try Self.fitted([5], [0, 1, 0, 1, 0])
    } throws: { error in
      (error as? GridError)?.message.contains("[3, 4, 2], [4, 2], [3]") == true
    }
  }

  @Test("are refused where their shape may be that of the places or that of the channels")
  func ambiguity() throws {
    #expect {
      try Self.fitted([4], [0, 1, 0, 1], to: [1, 4, 4])
    } throws: { error in
      (error as? GridError)?.message.contains("[1, 4] or [4, 1]") == true
    }
    #expect(try Self.fitted([4, 1], [0, 1, 0, 1], to: [1, 4, 4]) == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1])
  }

  @Test(
    "are refused where a number is below −1 or left out, or where there are fewer than two",
    arguments: [([0, -2, 1], "-2"), ([0, 2, 0], "region 1"), ([0, 0, -1], "a single region"), ([-1, -1, -1], "no region")])
  func wrongNumbers(regions: [Int], words: String) {
    #expect {
      try RegionLabels(shape: [3], regions: regions, place: "regions.npy")
    } throws: { error in
      guard let message = (error as? GridError)?.message else { return false }
      return message.contains("regions.npy") && message.contains(words)
    }
  }

  @Test("come back from their encoding, and no other numbers do")
  func coding() throws {
    let labels = try RegionLabels(shape: [2, 3], regions: [0, 0, -1, 1, 1, 0], place: "regions.npy")
    let bytes = try JSONEncoder().encode(labels)
    #expect(try JSONDecoder().decode(RegionLabels.self, from: bytes) == labels)
    for text in [
      #"{"shape":[2,3],"runs":[0,2,-1,1,1,2]}"#, #"{"shape":[2,3],"runs":[0,2,-1,1,1,2,0,2]}"#,
      #"{"shape":[2],"runs":[0,1,3,1]}"#,
      #"{"shape":[4000000000,4000000000],"runs":[0,1,1,1]}"#, #"{"shape":[2],"runs":[0,1,1]}"#, #"{"shape":[0],"runs":[]}"#,
      #"{"shape":[2],"runs":[0,1,1,1,1,1]}"#, #"{"shape":[2],"runs":[0,1,1,9223372036854775807]}"#,
    ] {
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(RegionLabels.self, from: Data(text.utf8)) }
    }
  }

  @Test("divide a layer as the grid does whose regions they name", arguments: GridTests.shapes, GridTests.sizes)
  func likeGrid(tensor: (shape: [Int], layout: TensorLayout), size: String) throws {
    let grid = try GridTests.grid(tensor.shape, tensor.layout, size)
    guard grid.regionCount > 1 else { return }
    let shape = Array(tensor.shape.dropFirst())
    let labels = try RegionLabels(shape: shape, regions: grid.regionOfUnit().map(Int.init), place: "a grid")
    let parcellation = try Parcellation(labels, over: grid.geometry)
    #expect(parcellation.regionCount == grid.regionCount)
    #expect(parcellation.unitCounts == grid.unitCounts)
    #expect(parcellation.regionOfUnit() == grid.regionOfUnit())
    let blocks = parcellation.blocks()
    let spread = blocks.patternOfBlock.flatMap { blocks.regions[$0 * blocks.length..<($0 + 1) * blocks.length] }
    #expect(spread == grid.regionOfUnit())
  }

  @Test("keep units of no region intact in every coalition, and by every share")
  func intactUnits() throws {
    let geometry = try TensorGeometry(shape: [1, 6])
    let labels = try RegionLabels(shape: [6], regions: [0, -1, 1, 1, -1, 0], place: "regions.npy")
    let mask = RegionMask(try Parcellation(labels, over: geometry))
    let activations: [Float] = [1, 2, 3, 4, 5, 6]
    var painted = [Float](repeating: 0, count: 6)
    var (scratch, shares, sums) = (mask.makeScratch(), mask.makeShares(), mask.makeSums())
    activations.withUnsafeBufferPointer { activations in
      painted.withUnsafeMutableBufferPointer { painted in
        mask.paint(
          Coalition(of: 2, intact: [1]), activations: activations, replacement: nil, scratch: &scratch, into: painted)
      }
    }
    #expect(painted == [0, 2, 3, 4, 5, 0])
    activations.withUnsafeBufferPointer { activations in
      painted.withUnsafeMutableBufferPointer { painted in
        [Float(0.5), 0].withUnsafeBufferPointer {
          mask.paint(mask: $0, activations: activations, replacement: nil, shares: &shares, into: painted)
        }
      }
    }
    #expect(painted == [0.5, 2, 0, 0, 5, 3])
    var derivatives: [Float] = [0, 0]
    activations.withUnsafeBufferPointer { activations in
      derivatives.withUnsafeMutableBufferPointer { derivatives in
        mask.sum(gradient: activations, activations: activations, replacement: nil, sums: &sums, into: derivatives)
      }
    }
    #expect(derivatives == [37, 25])
  }
}
