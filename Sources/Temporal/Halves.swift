/// The same quantity of a window from either half of what it was measured on, taken in turns so that neither half is earlier.
///
/// How far halves agree over windows tells how much of a picture would come out again: see `Consistency`.
package struct Halves: Sendable, Hashable {
  package var first: Double
  package var second: Double

  package init(first: Double, second: Double) {
    self.first = first
    self.second = second
  }
}
