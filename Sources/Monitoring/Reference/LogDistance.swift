internal import Glibc
import Temporal

/// The logarithm of a distance in deviations.
///
/// One of stimuli that are all alike is 0, and counts as a thousandth of a deviation, which is as good as none.
func logDistance(_ distance: Double) -> Double { log(max(distance, 1e-3)) }

extension RobustScale {
  /// z: of a finite value at most 10⁹ either way, also where what was learnt has no spread; infinite of one that is no number.
  func boundedZ(_ value: Double) -> Double {
    let z = z(value)
    return z.isNaN ? .infinity : z.bounded(asOf: value)
  }
}

extension Double {
  /// The largest z of a finite number.
  private static let largestZ = 1e9

  /// Within ±10⁹ where it is the z of a finite number.
  func bounded(asOf value: Double) -> Double {
    value.isFinite ? Swift.min(Swift.max(self, -Self.largestZ), Self.largestZ) : self
  }
}
