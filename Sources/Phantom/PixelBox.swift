/// A rectangle of pixels, rows `top..<bottom` and columns `left..<right`.
package struct PixelBox: Sendable, Hashable {
  package let top: Int
  package let left: Int
  package let bottom: Int
  package let right: Int

  package init(top: Int, left: Int, bottom: Int, right: Int) {
    precondition(top <= bottom && left <= right, "a box ends before it begins")
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// Whether the two boxes share a pixel.
  package func overlaps(_ other: PixelBox) -> Bool {
    top < other.bottom && other.top < bottom && left < other.right && other.left < right
  }
}
