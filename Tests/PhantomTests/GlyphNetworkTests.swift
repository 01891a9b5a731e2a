import ModelGraph
import Phantom
import Testing

@Suite("The network in the program")
struct GlyphNetworkTests {
  @Test("is a small model with a free batch axis")
  func ports() throws {
    let network = GlyphPhantom.network
    #expect((20_000..<500_000).contains(GlyphPhantom.networkBytes.count))
    let input = try #require(network.inputs.first)
    let output = try #require(network.outputs.first)
    #expect(network.inputs.count == 1 && network.outputs.count == 1)
    #expect(input.name == GlyphPhantom.inputName && output.name == GlyphPhantom.outputName)
    #expect(input.dimensions?.dropFirst() == [.fixed(3), .fixed(32), .fixed(32)])
    #expect(output.dimensions?.last == .fixed(Glyph.count))
    guard case .named = input.dimensions?.first else {
      Issue.record("the batch axis is not free")
      return
    }
  }

  @Test("offers its blocks as layers")
  func layers() {
    let candidates = GlyphPhantom.network.layerCandidates().map(\.tensor)
    #expect(GlyphPhantom.layers.allSatisfy(candidates.contains))
  }

  @Test(
    "has receptive fields that follow from its convolutions",
    arguments: [("image", 1, 0, 0), ("stem", 1, -1, 1), ("block1", 1, -3, 3), ("block2", 2, -6, 6), ("block3", 4, -8, 8)])
  func receptiveFields(tensor: String, stride: Int, low: Int, high: Int) throws {
    let field = try #require(ReceptiveField(of: tensor, from: "image", in: GlyphPhantom.network))
    #expect(field.stride == stride && field.low == low && field.high == high)
  }

  @Test("sees everything behind its global mean, so no place is right or wrong there")
  func globalMean() {
    #expect(ReceptiveField(of: "pooled", from: "image", in: GlyphPhantom.network) == nil)
    #expect(GlyphPhantom(count: 1, seed: 0, placement: .fixed).truth(of: "pooled") == nil)
  }
}
