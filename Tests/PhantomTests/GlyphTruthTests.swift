import Phantom
import Testing

@Suite("The truth of a glyph scan")
struct GlyphTruthTests {
  @Test("plants cells under the glyph and leaves distant ones outside", arguments: 0..<12 as Range<UInt64>)
  func cells(seed: UInt64) throws {
    let phantom = GlyphPhantom(count: 20, seed: seed, placement: .fixed)
    let box = phantom.images[0].box
    for tensor in GlyphPhantom.layers {
      let truth = try #require(phantom.truth(of: tensor))
      #expect(truth.rows == 8 && truth.columns == 8)
      for row in 0..<8 {
        for column in 0..<8 {
          let own = PixelBox(top: row * 4, left: column * 4, bottom: row * 4 + 4, right: column * 4 + 4)
          switch truth[row, column] {
          case .planted, .neutral: break
          case .outside: #expect(!own.overlaps(box))
          }
          if truth[row, column] == .planted { #expect(own.overlaps(box)) }
        }
      }
      #expect((2...12).contains(truth.cells.count { $0 == .planted }), "seed \(seed), \(tensor)")
    }
  }

  @Test("leaves fewer cells outside as receptive fields grow")
  func growth() throws {
    let phantom = GlyphPhantom(count: 10, seed: 42, placement: .fixed)
    let outside = try GlyphPhantom.layers.map { layer in
      try #require(phantom.truth(of: layer)).cells.count { $0 == .outside }
    }
    #expect(outside == outside.sorted(by: >))
    #expect(outside[0] > 40)
  }

  @Test("clips the grid to a layer's axes")
  func clipping() throws {
    let phantom = GlyphPhantom(count: 10, seed: 42, placement: .fixed)
    let truth = try #require(phantom.truth(of: "block3", gridRows: 16, gridColumns: 5))
    #expect(truth.rows == 8 && truth.columns == 5 && truth.cells.count == 40)
  }

  @Test("judges critical regions by the cell they lie in")
  func verdict() throws {
    let truth = try #require(GlyphPhantom(count: 10, seed: 42, placement: .fixed).truth(of: "stem"))
    let planted = truth.cells.indices.filter { truth.cells[$0] == .planted }
    let neutral = try #require(truth.cells.firstIndex(of: .neutral))
    let outside = try #require(truth.cells.firstIndex(of: .outside))

    let perfect = truth.verdict(criticalRegions: planted.map { $0 * 4 + 2 }, channelGroups: 4)
    #expect(perfect.found == planted.count && perfect.missed == 0 && perfect.false == 0)

    let poor = truth.verdict(
      criticalRegions: [planted[0] * 4, planted[0] * 4 + 3, neutral * 4, outside * 4, outside * 4 + 1], channelGroups: 4)
    #expect(poor.found == 1 && poor.missed == planted.count - 1 && poor.false == 2 && poor.critical == 5)

    let blind = truth.verdict(criticalRegions: [], channelGroups: 4)
    #expect(blind.found == 0 && blind.missed == planted.count && blind.false == 0)
  }
}
