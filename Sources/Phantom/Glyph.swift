/// One of the ten shapes that a glyph image shows; its number is the image's label.
///
/// The shapes are drawn on ten by ten pixels with strokes of two, so that none is a shifted copy of another and a network must see
/// more than an edge to tell them apart.
package struct Glyph: Sendable, Hashable {
  /// The label of an image that shows this glyph, `0..<Glyph.count`.
  package let number: Int

  /// How many glyphs there are.
  package static let count = drawings.count
  /// The length of either side of every glyph, in pixels.
  package static let side = 10

  package init(number: Int) {
    precondition(Self.drawings.indices.contains(number), "there is no glyph \(number)")
    self.number = number
  }

  /// A short name for people.
  package var name: String {
    Self.drawings[number].name
  }

  /// Whether the glyph covers this pixel of its own box.
  package func paints(row: Int, column: Int) -> Bool {
    Self.drawings[number].rows[row] & (1 << (Self.side - 1 - column)) != 0
  }

  /// One bit a pixel, the leftmost pixel highest.
  private static let drawings: [(name: String, rows: [UInt16])] = [
    (
      "ring",
      [
        0b0001111000, 0b0111111110, 0b0110000110, 0b1100000011, 0b1100000011,
        0b1100000011, 0b1100000011, 0b0110000110, 0b0111111110, 0b0001111000,
      ]
    ),
    (
      "plus",
      [
        0b0000110000, 0b0000110000, 0b0000110000, 0b0000110000, 0b1111111111,
        0b1111111111, 0b0000110000, 0b0000110000, 0b0000110000, 0b0000110000,
      ]
    ),
    (
      "saltire",
      [
        0b1100000011, 0b1110000111, 0b0111001110, 0b0011111100, 0b0001111000,
        0b0001111000, 0b0011111100, 0b0111001110, 0b1110000111, 0b1100000011,
      ]
    ),
    (
      "square",
      [
        0b1111111111, 0b1111111111, 0b1100000011, 0b1100000011, 0b1100000011,
        0b1100000011, 0b1100000011, 0b1100000011, 0b1111111111, 0b1111111111,
      ]
    ),
    (
      "tee",
      [
        0b1111111111, 0b1111111111, 0b0000110000, 0b0000110000, 0b0000110000,
        0b0000110000, 0b0000110000, 0b0000110000, 0b0000110000, 0b0000110000,
      ]
    ),
    (
      "corner",
      [
        0b1100000000, 0b1100000000, 0b1100000000, 0b1100000000, 0b1100000000,
        0b1100000000, 0b1100000000, 0b1100000000, 0b1111111111, 0b1111111111,
      ]
    ),
    (
      "rows",
      [
        0b1111111111, 0b1111111111, 0b0000000000, 0b0000000000, 0b1111111111,
        0b1111111111, 0b0000000000, 0b0000000000, 0b1111111111, 0b1111111111,
      ]
    ),
    (
      "columns",
      [
        0b1100110011, 0b1100110011, 0b1100110011, 0b1100110011, 0b1100110011,
        0b1100110011, 0b1100110011, 0b1100110011, 0b1100110011, 0b1100110011,
      ]
    ),
    (
      "triangle",
      [
        0b0000110000, 0b0000110000, 0b0001111000, 0b0001111000, 0b0011111100,
        0b0011111100, 0b0111111110, 0b0111111110, 0b1111111111, 0b1111111111,
      ]
    ),
    (
      "disc",
      [
        0b0001111000, 0b0111111110, 0b0111111110, 0b1111111111, 0b1111111111,
        0b1111111111, 0b1111111111, 0b0111111110, 0b0111111110, 0b0001111000,
      ]
    ),
  ]
}
