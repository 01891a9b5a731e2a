internal import Random

extension Consistency {
  /// The quantities as they were observed, of shifted pictures, and of resampled windows.
  struct Draws {
    let observed: Values
    let shifted: [Values]
    let resampled: [Values]
    private let confidence: Double

    /// - Parameters:
    ///   - points: `[layers][windows]`.
    ///   - distance: the least distance of windows that share no stimulus.
    init(_ points: [[Point]], distance: Int, blockLength: Int, settings: TemporalSettings) {
      let order = Array(points[0].indices)
      let count = order.count
      observed = Values(points, temporal: order, spatial: order)
      let lags = distance <= count - distance ? Array(distance...count - distance) : []
      shifted = lags.map { lag in Values(points, temporal: order, spatial: order.map { ($0 + lag) % count }) }
      let seed = CounterRandom.derivedSeed(from: settings.seed, stream: 0)
      resampled = (0..<settings.resamples).map { draw -> Values in
        var random = CounterRandom(seed: seed, domain: .consistency, index: UInt64(draw))
        var windows: [Int] = []
        while windows.count < count {
          let start = random.next(below: count)
          windows += (start..<start + blockLength).map { $0 % count }
        }
        windows.removeLast(windows.count - count)
        return Values(points, temporal: windows, spatial: windows)
      }
      confidence = settings.confidence
    }

    func measure(_ value: (Values) -> Double?) -> Measure {
      guard let observed = value(observed) else { return Measure() }
      let null = shifted.compactMap(value)
      let reached = null.count { $0 >= observed - 1e-12 }
      return Measure(
        value: observed, interval: interval(value), p: null.isEmpty ? nil : Double(1 + reached) / Double(1 + null.count),
        chance: null.isEmpty ? nil : null.reduce(0, +) / Double(null.count))
    }

    /// Without p and chance: of a quantity that shifts leave as it is, or that is a multiple of another.
    func estimate(_ value: (Values) -> Double?) -> Measure {
      value(observed).map { Measure(value: $0, interval: interval(value)) } ?? Measure()
    }

    private func interval(_ value: (Values) -> Double?) -> ClosedRange<Double>? {
      let sorted = resampled.compactMap(value).sorted()
      guard !sorted.isEmpty else { return nil }
      func quantile(_ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
      }
      return quantile((1 - confidence) / 2)...quantile((1 + confidence) / 2)
    }
  }
}
