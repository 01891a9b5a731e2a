package import Distribution
import Temporal

/// Centre and spread of each of several numbers, by median and median absolute deviation.
package struct NormalRange: Sendable, Hashable {
  private var centres: [Double] = []
  private var deviations: [Double] = []

  package init() {}

  /// A number that hardly ever changes is taken to vary as the least varying of the others, so that a change counts much but not
  /// beyond all measure.
  ///
  /// - Parameter samples: `[samples][numbers]`, at least one.
  init(_ samples: [[Double]]) {
    let scales = samples[0].indices.map { place in RobustScale(samples.map { $0[place] }) }
    let least = scales.map(\.deviation).filter { $0 > 0 }.min() ?? 1
    centres = scales.map(\.centre)
    deviations = scales.map { $0.deviation > 0 ? $0.deviation : least }
  }

  package var count: Int { centres.count }

  /// How many deviations a number lies above the centre of its place: of one that is finite at most 10⁹ either way, so that what is made of
  /// it is finite too.
  package func z(_ value: Double, at place: Int) -> Double {
    ((value - centres[place]) / deviations[place]).bounded(asOf: value)
  }

  /// How many deviations each lies above its centre.
  package func z(_ values: [Double]) -> [Double] { values.indices.map { z(values[$0], at: $0) } }

  var isSound: Bool {
    centres.count == deviations.count && deviations.allSatisfy { $0 > 0 && $0.isFinite } && centres.allSatisfy(\.isFinite)
  }
}

extension NormalRange: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&centres)
    try coder.code(&deviations)
  }
}
