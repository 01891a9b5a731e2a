package import Distribution
internal import Glibc
import Statistics
import Temporal

/// How far a number is from what is usual of its place, as a normal score: z of all places are alike over normal stimuli.
///
/// z is Φ⁻¹ of the number's mid-rank among the samples of its place, (those below + half of those equal)/n, and linear between them. Beyond
/// the largest sample it goes on from Φ⁻¹(1 − ½/n) by what the number exceeds it by, over the larger of the samples' robust and standard
/// deviation; below the smallest likewise. A deviation alone would do for numbers of a normal distribution: where a unit is silent in half of the
/// stimuli, its robust deviation is nearly 0, and what happens in every second stimulus would be hundreds of deviations off.
///
/// Source: Blom, Statistical Estimates and Transformed Beta-Variables (1958), for normal scores; Hazen's for the ranks.
package struct NormalScores: Sendable, Hashable {
  /// Steps in z that samples are kept for; at most two a step are.
  private static let steps = 32
  /// Differences up to this are rounding where all samples of an end are the same.
  private static let rounding = 1e-4
  /// The deviation where no place of all has any.
  private static let leastDeviation = 0.1

  /// Φ⁻¹(1 − ½/n).
  private var end = 0.0
  /// Where the kept samples of each place begin, and where the last's end. [places + 1]
  private var starts: [Int] = [0]
  /// Different samples of a place, ascending, and their z. [kept]
  private var samples: [Double] = []
  private var scores: [Double] = []
  /// What differences beyond the samples are divided by. [places]
  private var deviations: [Double] = []
  /// |z| up to which a number is known for usual without a search: one from `low` to `high` of its place.
  private static let usual = 1.5
  private var low: [Double] = []
  private var high: [Double] = []

  package init() {}

  /// - Parameter values: `[samples][places]`, at least one sample.
  package init(_ values: [[Double]]) {
    let count = Double(values.count)
    end = StandardNormal.quantile(1 - 0.5 / max(count, 1.001))
    for place in values[0].indices {
      let sorted = values.map { $0[place] }.sorted()
      var kept: [(value: Double, z: Double)] = []
      var first = 0
      while first < sorted.count {
        let next = sorted[first...].firstIndex { $0 != sorted[first] } ?? sorted.count
        kept.append((sorted[first], StandardNormal.quantile(Double(first + next) / 2 / count)))
        first = next
      }
      kept = Self.thinned(kept)
      samples += kept.map(\.value)
      scores += kept.map(\.z)
      starts.append(samples.count)
      let mean = sorted.reduce(0, +) / count
      let standard = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
      deviations.append(max(RobustScale(sorted).deviation, standard))
    }
    // What never changed is taken to vary as the others do.
    let moving = deviations.filter { $0 > Self.rounding }
    let usual = moving.isEmpty ? Self.leastDeviation : RobustScale.median(moving)
    deviations = deviations.map { $0 > Self.rounding ? $0 : usual }
    setUsual()
  }

  private mutating func setUsual() {
    let ranges = (0..<count).map { starts[$0]..<starts[$0 + 1] }
    low = ranges.map { $0.first { scores[$0] >= -Self.usual }.map { samples[$0] } ?? .infinity }
    high = ranges.map { $0.last { scores[$0] <= Self.usual }.map { samples[$0] } ?? -.infinity }
  }

  /// Some of the samples: the first, the last, and between them those without which more than a step in z would lie between two, so that
  /// both sides of a jump are kept.
  private static func thinned(_ all: [(value: Double, z: Double)]) -> [(value: Double, z: Double)] {
    guard all.count > 2 else { return all }
    let step = (all[all.count - 1].z - all[0].z) / Double(steps)
    var kept = [all[0]]
    for number in 1..<all.count - 1 where all[number + 1].z - kept[kept.count - 1].z > step { kept.append(all[number]) }
    return kept + [all[all.count - 1]]
  }

  package var count: Int { deviations.count }

  /// NaN of NaN.
  package func z(_ value: Double, at place: Int) -> Double {
    let (first, last) = (starts[place], starts[place + 1] - 1)
    if value > samples[last] { return scores[last] + beyond(value - samples[last], from: scores[last], at: place) }
    if value < samples[first] { return scores[first] - beyond(samples[first] - value, from: -scores[first], at: place) }
    guard !value.isNaN else { return value }
    // The largest that is no larger. Halves are chosen without a branch, which no processor could foresee.
    var (low, count) = (first, last + 1 - first)
    samples.withUnsafeBufferPointer { samples in
      while count > 1 {
        let half = count / 2
        low += samples[low + half] <= value ? half : 0
        count -= half
      }
    }
    guard low < last else { return scores[last] }
    let share = (value - samples[low]) / (samples[low + 1] - samples[low])
    return scores[low] + (scores[low + 1] - scores[low]) * share
  }

  /// The places of the largest |z|; those that are no numbers first.
  ///
  /// Cost: two comparisons a place, and a search for those that may be among the largest.
  /// - Parameters:
  ///   - most: how many, at least one.
  ///   - values: [places]
  package func largest(_ most: Int, of values: [Double]) -> [(place: Int, z: Double)] {
    func size(_ z: Double) -> Double { z.isNaN ? .infinity : abs(z) }
    var places: [(place: Int, z: Double)] = []
    // What |z| has to exceed.
    var least = -1.0
    for (place, value) in values.enumerated() {
      if least >= Self.usual, value >= low[place], value <= high[place] { continue }
      let z = z(value, at: place)
      guard size(z) > least else { continue }
      if places.count == most { places.removeLast() }
      places.insert((place, z), at: places.firstIndex { size(z) > size($0.z) } ?? places.count)
      if places.count == most { least = size(places[most - 1].z) }
    }
    return places
  }

  /// How much z grows beyond the samples' end.
  private func beyond(_ difference: Double, from score: Double, at place: Int) -> Double {
    (end - score) * min(1, difference / Self.rounding) + difference / deviations[place]
  }

  /// Whether the numbers fit each other.
  var isSound: Bool {
    starts.count == count + 1 && starts[0] == 0 && starts[count] == samples.count && scores.count == samples.count
      && end.isFinite && deviations.allSatisfy { $0 > 0 && $0.isFinite }
      && (0..<count).allSatisfy { place in
        let range = (lower: starts[place], upper: starts[place + 1])
        return range.lower >= 0 && range.lower < range.upper && range.upper <= samples.count
          && (range.lower..<range.upper).allSatisfy { number in
            samples[number].isFinite && scores[number].isFinite
              && (number == range.lower || samples[number] > samples[number - 1] && scores[number] > scores[number - 1])
          }
      }
  }
}

extension NormalScores: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&end)
    try coder.code(&starts)
    try coder.code(&samples)
    try coder.code(&scores)
    try coder.code(&deviations)
    guard coder.isReading else { return }
    guard isSound else { throw MessageError() }
    setUsual()
  }
}
