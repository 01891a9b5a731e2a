/// A share of a scan's series that one of several runs measures, without the others.
///
/// Series are dealt out in turn, so that each part has about as many of every layer.
package struct ScanPart: Codable, Sendable, Hashable, CustomStringConvertible {
  /// From 1.
  package let number: Int
  package let count: Int

  /// - Returns: `nil` unless `number` is one of 1 to `count`, and `count` in `OptionRange.parts`.
  package init?(number: Int, count: Int) {
    guard OptionRange.parts.contains(count), (1...count).contains(number) else { return nil }
    self.number = number
    self.count = count
  }

  package var description: String { "\(number)/\(count)" }

  /// Whether the part has a series. - Parameter series: counted through all layers, from 0.
  package func contains(series: Int) -> Bool {
    series % count == number - 1
  }
}
