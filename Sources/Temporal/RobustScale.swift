/// Centre and spread by median and median absolute deviation, which up to half of the values can't carry away.
package struct RobustScale: Sendable, Hashable {
  /// The median.
  package let centre: Double
  /// 1.4826 times the median absolute deviation, which is a normal distribution's standard deviation. Where more than half
  /// of the values are equal it is 0, and the mean absolute deviation times √(π/2) stands in for it.
  ///
  /// Source: Rousseeuw & Croux, J. Am. Stat. Assoc. 88 (1993); Iglewicz & Hoaglin (1993).
  package let deviation: Double

  /// One that was kept.
  package init(centre: Double, deviation: Double) {
    self.centre = centre
    self.deviation = deviation
  }

  /// - Parameter values: not empty.
  package init(_ values: [Double]) {
    let centre = Self.median(values)
    let deviations = values.map { abs($0 - centre) }
    let median = 1.4826022185056018 * Self.median(deviations)
    self.centre = centre
    deviation = median > 0 ? median : 1.2533141373155001 * deviations.reduce(0, +) / Double(values.count)
  }

  /// How many deviations a value lies above the centre; a deviation counts as at least 10⁻⁹ of the centre, which is
  /// rounding. Where all reference values are 0, ±infinity for others.
  package func z(_ value: Double) -> Double {
    value == centre ? 0 : (value - centre) / max(deviation, 1e-9 * abs(centre))
  }

  /// The middle value, or the mean of the two middle ones.
  package static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty)
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
