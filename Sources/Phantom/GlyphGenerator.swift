internal import Random

/// Draws images that show one of ten glyphs on a textured ground, each a function of (seed, index) alone.
///
/// The ground is value noise: bytes on lattices 16, 8 and 4 pixels apart, interpolated bilinearly, and a byte for each pixel, around
/// a random colour; each channel has its own. The glyph's colour lies 60 to 123 levels from the ground's in every channel, up or down
/// at random, so that no colour and no brightness tells one glyph from another: only its shape does.
///
/// Arithmetic is on integers throughout, so the bytes are the same on every machine.
package struct GlyphGenerator: Sendable {
  /// Where the glyphs of a set lie.
  package enum Placement: Sendable, Hashable {
    /// Each image has its own place and palette: for training, and for measuring accuracy.
    case anywhere
    /// All images show one glyph in one place and one palette, which the seed chooses, and differ in texture: for a scan,
    /// whose statistics across stimuli ask about fixed regions of space and channels, as a scanner's phantom is one
    /// object measured many times.
    case fixed
  }

  package let seed: UInt64
  package let placement: Placement

  package init(seed: UInt64, placement: Placement) {
    self.seed = seed
    self.placement = placement
  }

  /// The image with this number. Placed anywhere, every ten consecutive numbers from a multiple of ten show the ten
  /// glyphs, in random order.
  package func image(_ index: Int) -> GlyphImage {
    image(index, contrast: Self.fullContrast, texture: { Self.texture(&$1) })
  }

  /// Of a glyph that is as clear as can be.
  static let fullContrast = 256

  /// The image with this number, its glyph faded towards the ground.
  ///
  /// - Parameters:
  ///   - contrast: 0, no glyph, to `fullContrast`.
  ///   - texture: draws the ground's deviations of a channel. [row x column]
  func image(
    _ index: Int, contrast: Int, texture: (_ channel: Int, _ random: inout CounterRandom) -> [Int]
  ) -> GlyphImage {
    let glyph = glyph(of: index)
    let box = box(of: index)
    var random = stream(.texture, index)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(GlyphImage.byteCount)
    for (channel, (ground, ink)) in palette(of: index).enumerated() {
      let texture = texture(channel, &random)
      for row in 0..<GlyphImage.side {
        for column in 0..<GlyphImage.side {
          let isInk =
            (box.top..<box.bottom).contains(row) && (box.left..<box.right).contains(column)
            && glyph.paints(row: row - box.top, column: column - box.left)
          let deviation = texture[row * GlyphImage.side + column]
          let bare = ground + deviation
          let inked = ink + deviation / 2
          pixels.append(
            UInt8(clamping: isInk ? bare + (inked - bare) * contrast / Self.fullContrast : bare))
        }
      }
    }
    return GlyphImage(glyph: glyph, box: box, pixels: pixels)
  }

  private func glyph(of index: Int) -> Glyph {
    let shown = placement == .fixed ? 0 : index
    let (ten, position) = shown.quotientAndRemainder(dividingBy: Glyph.count)
    var random = stream(.labels, ten)
    var numbers = Array(0..<Glyph.count)
    random.shuffle(&numbers)
    return Glyph(number: numbers[position])
  }

  /// For each channel the mean level of the ground and of the glyph.
  private func palette(of index: Int) -> [(ground: Int, ink: Int)] {
    var random = placement == .fixed ? stream(.sharedPalette, 0) : stream(.ownPalette, index)
    return (0..<GlyphImage.channels).map { _ in
      let ground = 64 + random.next(below: 128)
      let contrast = 60 + random.next(below: 64)
      // Up or down at random where both fit, so that clipping never takes the contrast away; one of them always does.
      let prefersUp = random.next(below: 2) == 1
      let rises = ground + contrast <= 255 && (prefersUp || ground < contrast)
      return (ground, rises ? ground + contrast : ground - contrast)
    }
  }

  private func box(of index: Int) -> PixelBox {
    var random = placement == .fixed ? stream(.sharedPlace, 0) : stream(.ownPlace, index)
    let places = GlyphImage.side - Glyph.side + 1
    let top = random.next(below: places)
    let left = random.next(below: places)
    return PixelBox(top: top, left: left, bottom: top + Glyph.side, right: left + Glyph.side)
  }

  /// [row x column] deviations from the ground's level, about -80...80.
  static func texture(_ random: inout CounterRandom) -> [Int] {
    let side = GlyphImage.side
    var texture = [Int](repeating: 0, count: side * side)
    for (spacing, amplitude) in [(16, 36), (8, 28), (4, 20)] {
      let points = side / spacing + 1
      let lattice = signedBytes(points * points, &random)
      for row in 0..<side {
        for column in 0..<side {
          let (top, down) = row.quotientAndRemainder(dividingBy: spacing)
          let (left, right) = column.quotientAndRemainder(dividingBy: spacing)
          let corner = top * points + left
          let above = (spacing - right) * lattice[corner] + right * lattice[corner + 1]
          let below = (spacing - right) * lattice[corner + points] + right * lattice[corner + points + 1]
          let value = ((spacing - down) * above + down * below) / (spacing * spacing)
          texture[row * side + column] += amplitude * value / 128
        }
      }
    }
    for (pixel, grain) in grain(&random).enumerated() { texture[pixel] += grain }
    return texture
  }

  /// [row x column] the part of a texture that differs from pixel to pixel, -12...11.
  static func grain(_ random: inout CounterRandom) -> [Int] {
    signedBytes(GlyphImage.side * GlyphImage.side, &random).map { 12 * $0 / 128 }
  }

  /// Numbers uniform on -128...127, four from each word.
  private static func signedBytes(_ count: Int, _ random: inout CounterRandom) -> [Int] {
    var bytes: [Int] = []
    bytes.reserveCapacity(count + 3)
    while bytes.count < count {
      let word = random.nextWord()
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        bytes.append(Int((word >> shift) & 0xff) - 128)
      }
    }
    return Array(bytes.prefix(count))
  }

  func stream(_ domain: CounterRandom.Domain, _ index: Int) -> CounterRandom {
    CounterRandom(seed: seed, domain: domain, index: UInt64(index))
  }
}
