import Phantom
import Stimuli
import Testing

@Suite("Glyph images")
struct GlyphImageTests {
  @Test("are a function of seed and number alone")
  func determinism() {
    let generator = GlyphGenerator(seed: 5, placement: .anywhere)
    let forward = (0..<8).map { generator.image($0).pixels }
    let backward = (0..<8).reversed().map { generator.image($0).pixels }
    #expect(forward == backward.reversed())
    #expect(GlyphGenerator(seed: 6, placement: .anywhere).image(0).pixels != forward[0])
    #expect(Set(forward).count == 8)
  }

  @Test("keep their bytes: the network was trained on these")
  func knownBytes() {
    let image = GlyphGenerator(seed: 1, placement: .anywhere).image(0)
    #expect(image.glyph.number == 4)
    #expect(image.box == PixelBox(top: 10, left: 6, bottom: 20, right: 16))
    #expect(checksum(image.pixels) == 0x5042_9757_6df2_c61c)
  }

  @Test("show the glyph inside the image, wherever it lies")
  func inside() {
    let generator = GlyphGenerator(seed: 3, placement: .anywhere)
    let boxes = (0..<2000).map { generator.image($0).box }
    for box in boxes {
      #expect(box.top >= 0 && box.left >= 0 && box.bottom <= GlyphImage.side && box.right <= GlyphImage.side)
      #expect(box.bottom - box.top == Glyph.side && box.right - box.left == Glyph.side)
    }
    #expect(Set(boxes.map(\.top)).count == GlyphImage.side - Glyph.side + 1)
    #expect(Set(boxes.map(\.left)).count == GlyphImage.side - Glyph.side + 1)
  }

  @Test("show each glyph once in every ten")
  func balance() {
    let generator = GlyphGenerator(seed: 11, placement: .anywhere)
    for ten in 0..<20 {
      let numbers = (ten * 10..<ten * 10 + 10).map { generator.image($0).glyph.number }
      #expect(numbers.sorted() == Array(0..<Glyph.count))
    }
  }

  @Test("share one place under fixed placement, which the seed chooses")
  func fixedPlace() {
    func boxes(_ seed: UInt64) -> Set<PixelBox> {
      let generator = GlyphGenerator(seed: seed, placement: .fixed)
      return Set((0..<20).map { generator.image($0).box })
    }
    #expect((0..<10).allSatisfy { boxes($0).count == 1 })
    #expect(Set((0..<10).flatMap(boxes)).count > 5)
  }

  @Test("set the glyph off from the ground in every channel", arguments: [GlyphGenerator.Placement.anywhere, .fixed])
  func contrast(placement: GlyphGenerator.Placement) {
    let generator = GlyphGenerator(seed: 17, placement: placement)
    for number in 0..<50 {
      let image = generator.image(number)
      for channel in 0..<GlyphImage.channels {
        #expect(abs(meanLevel(image, channel, painted: true) - meanLevel(image, channel, painted: false)) > 20)
      }
    }
  }

  @Test("differ in glyphs that no shift turns into one another")
  func distinctGlyphs() {
    for one in 0..<Glyph.count {
      for other in 0..<Glyph.count where other != one {
        for down in -3...3 {
          for across in -3...3 {
            #expect(commonShare(Glyph(number: one), Glyph(number: other), down, across) < 0.9)
          }
        }
      }
    }
  }

  @Test("reach a model as intensities in 0...1 with the glyph's number as label")
  func stimuli() throws {
    let phantom = GlyphPhantom(count: 12, seed: 2, placement: .fixed)
    let stimuli = phantom.stimuli
    #expect(stimuli.count == 12)
    #expect(stimuli.labels == phantom.images.map(\.glyph.number))
    #expect(stimuli.inputs[0].shape == [3, 32, 32])
    #expect(try stimuli.floats(stimulus: 7) == phantom.images[7].pixels.map { Float($0) / 255 })
  }

  private func meanLevel(_ image: GlyphImage, _ channel: Int, painted: Bool) -> Double {
    var levels: [Double] = []
    for row in image.box.top..<image.box.bottom {
      for column in image.box.left..<image.box.right where image.isPainted(row: row, column: column) == painted {
        levels.append(Double(image.pixels[(channel * GlyphImage.side + row) * GlyphImage.side + column]))
      }
    }
    return levels.reduce(0, +) / Double(levels.count)
  }

  /// The share of the two glyphs' pixels that both paint when one is shifted.
  private func commonShare(_ one: Glyph, _ other: Glyph, _ down: Int, _ across: Int) -> Double {
    var both = 0
    var either = 0
    for row in -3..<Glyph.side + 3 {
      for column in -3..<Glyph.side + 3 {
        let first = paints(one, row, column)
        let second = paints(other, row + down, column + across)
        both += first && second ? 1 : 0
        either += first || second ? 1 : 0
      }
    }
    return Double(both) / Double(either)
  }

  private func paints(_ glyph: Glyph, _ row: Int, _ column: Int) -> Bool {
    let box = 0..<Glyph.side
    return box.contains(row) && box.contains(column) && glyph.paints(row: row, column: column)
  }
}
