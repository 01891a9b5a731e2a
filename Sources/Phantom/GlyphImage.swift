/// An image with one glyph in it, and where the glyph is.
package struct GlyphImage: Sendable {
  /// The length of either side of an image, in pixels.
  package static let side = 32
  /// Red, green and blue.
  package static let channels = 3
  /// Bytes of one image.
  package static let byteCount = channels * side * side

  /// The glyph that is shown; its number is the label.
  package let glyph: Glyph
  /// The pixels in which the glyph lies.
  package let box: PixelBox
  /// [channel x row x column] intensities.
  package let pixels: [UInt8]

  /// Whether the glyph covers this pixel of the image.
  package func isPainted(row: Int, column: Int) -> Bool {
    guard (box.top..<box.bottom).contains(row), (box.left..<box.right).contains(column) else { return false }
    return glyph.paints(row: row - box.top, column: column - box.left)
  }
}
