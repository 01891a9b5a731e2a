package import Arrays
package import ScanPlan

/// How methods compare on the layers, regions and stimuli of a scan.
package struct ComparisonResult: Sendable {
  /// A layer's trials.
  package struct Layer: Sendable {
    package let plan: ScanPlan.Layer
    /// By stimulus, as in the settings.
    package let series: [SeriesTrial]

    package init(plan: ScanPlan.Layer, series: [SeriesTrial]) {
      self.plan = plan
      self.series = series
    }
  }

  /// What a map costs: passes forward alone, passes with a way back, seconds of a rank.
  package struct Cost: Sendable {
    package var passes: Double
    package var gradientPasses: Double
    package var seconds: Double
  }

  package let settings: ComparisonSettings
  package let plan: ScanPlan
  package let measurement: MeasurementOptions
  /// What of the scan's stimuli is independent.
  package let units: IndependentUnits
  /// Of intervals.
  package let confidence: Double
  package let layers: [Layer]
  /// Layers that were asked for and can't be compared.
  package let refusals: [ScanPlan.Refusal]

  package init(
    settings: ComparisonSettings, plan: ScanPlan, measurement: MeasurementOptions, units: IndependentUnits, confidence: Double,
    layers: [Layer],
    refusals: [ScanPlan.Refusal]
  ) {
    self.settings = settings
    self.plan = plan
    self.measurement = measurement
    self.units = units
    self.confidence = confidence
    self.layers = layers
    self.refusals = refusals
  }

  // MARK: One layer

  /// A measure of a method's maps of a layer; `nil` where there is none.
  package func mean(_ measure: ComparisonMeasure, _ method: ComparisonMethod, in layer: Layer) -> StimulusMean? {
    summary(values(measure, method, in: layer), isShare: measure.isShare)
  }

  /// The method's measure less the reference's, stimulus by stimulus.
  package func difference(_ measure: ComparisonMeasure, _ method: ComparisonMethod, in layer: Layer) -> StimulusMean? {
    difference([layer], measure, method)
  }

  /// The share of a layer's stimuli whose answer changes with the first `ComparisonSettings.shares[place]` of the regions
  /// lesioned.
  package func flips(_ method: ComparisonMethod, in layer: Layer, share place: Int) -> StimulusMean? {
    let flips = layer.series.map { series -> Double? in
      let map = series.maps[Self.place(method)]
      return map.refusal.isEmpty && !map.flips.isEmpty ? map.flips[place] : nil
    }
    return summary(flips, isShare: ComparisonMeasure.flips.isShare)
  }

  /// Means over stimuli of a method's curves; `nil` where there are none.
  package func curve(_ curve: KeyPath<MapTrial, [Double]>, _ method: ComparisonMethod, in layer: Layer) -> [Double]? {
    let curves = trials(method, in: layer).map { $0[keyPath: curve] }.filter { !$0.isEmpty }
    guard let first = curves.first else { return nil }
    return first.indices.map { point in curves.reduce(0) { $0 + $1[point] } / Double(curves.count) }
  }

  /// Why a method has no map of a layer; `nil` where it has.
  package func refusal(_ method: ComparisonMethod, in layer: Layer) -> String? {
    let trials = layer.series.map { $0.maps[Self.place(method)] }
    return trials.allSatisfy { !$0.refusal.isEmpty } ? trials.first?.refusal : nil
  }

  /// v(G) − v(∅) over the stimuli.
  package func effect(_ layer: Layer) -> StimulusMean? {
    summary(layer.series.map { $0.full - $0.empty }, isShare: false)
  }

  /// The mean reliability of the reference's maps.
  package func referenceReliability(_ layer: Layer) -> Double {
    let values = layer.series.map(\.referenceReliability).filter(\.isFinite)
    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// All maps of a layer, float32 [methods, stimuli, regions]; NaN where a method has none.
  package func maps(_ layer: Layer) -> NumericArray {
    let regions = layer.plan.regionCount
    let none = [Float](repeating: .nan, count: regions)
    let scores = ComparisonMethod.all.indices.flatMap { method in
      layer.series.flatMap { $0.maps[method].scores.isEmpty ? none : $0.maps[method].scores }
    }
    return NumericArray(shape: [ComparisonMethod.all.count, layer.series.count, regions], floats: scores)
  }

  // MARK: All layers

  /// A measure of a method's maps: of each stimulus the mean over layers, then the mean over stimuli.
  package func mean(_ measure: ComparisonMeasure, _ method: ComparisonMethod) -> StimulusMean? {
    summary(overLayers(layers.map { values(measure, method, in: $0) }), isShare: measure.isShare)
  }

  /// The method's measure less the reference's, over all layers that have both.
  package func difference(_ measure: ComparisonMeasure, _ method: ComparisonMethod) -> StimulusMean? {
    difference(layers, measure, method)
  }

  /// What a map costs by a method, a mean over the series of all layers; `nil` where there is no map.
  package func cost(_ method: ComparisonMethod) -> Cost? { cost(method, in: layers) }

  /// The same of some layers.
  package func cost(_ method: ComparisonMethod, in layers: [Layer]) -> Cost? {
    let all = layers.flatMap { trials(method, in: $0) }
    guard !all.isEmpty else { return nil }
    var cost = Cost(passes: 0, gradientPasses: 0, seconds: 0)
    for trial in all {
      cost.passes += Double(trial.passes) / Double(all.count)
      cost.gradientPasses += Double(trial.gradientPasses) / Double(all.count)
      cost.seconds += trial.seconds / Double(all.count)
    }
    return cost
  }

  // MARK: Values

  private static func place(_ method: ComparisonMethod) -> Int { ComparisonMethod.all.firstIndex(of: method)! }

  private func trials(_ method: ComparisonMethod, in layer: Layer) -> [MapTrial] {
    layer.series.map { $0.maps[Self.place(method)] }.filter { $0.refusal.isEmpty }
  }

  /// - Parameter values: by stimulus; `nil` where there is none.
  private func summary(_ values: [Double?], isShare: Bool) -> StimulusMean? {
    StimulusMean(values, units: units, stimuli: settings.stimuli, isShare: isShare, confidence: confidence)
  }

  private func difference(
    _ layers: [Layer], _ measure: ComparisonMeasure, _ method: ComparisonMethod
  ) -> StimulusMean? {
    guard method != .reference else { return nil }
    let differences = layers.map { layer in
      zip(values(measure, method, in: layer), values(measure, .reference, in: layer)).map { own, reference in
        own.flatMap { own in reference.map { own - $0 } }
      }
    }
    return summary(overLayers(differences), isShare: false)
  }

  /// Of each stimulus the mean over the layers that have a value. - Parameter values: by layer, by stimulus.
  private func overLayers(_ values: [[Double?]]) -> [Double?] {
    settings.stimuli.indices.map { stimulus in
      let own = values.compactMap { $0[stimulus] }
      return own.isEmpty ? nil : own.reduce(0, +) / Double(own.count)
    }
  }

  /// By stimulus; `nil` where there is no value.
  private func values(_ measure: ComparisonMeasure, _ method: ComparisonMethod, in layer: Layer) -> [Double?] {
    let scale = effectScale(layer)
    return layer.series.map { series in
      let map = series.maps[Self.place(method)]
      guard map.refusal.isEmpty else { return nil }
      let value: Double? =
        switch measure {
        case .deletion: scale.map { (Self.area(map.deletion, layer) - series.empty) / $0 }
        case .insertion: scale.map { (Self.area(map.insertion, layer) - series.empty) / $0 }
        case .deletionProbability: Self.area(map.deletionProbability, layer)
        case .insertionProbability: Self.area(map.insertionProbability, layer)
        case .flips: map.flips.isEmpty ? nil : map.flips[ComparisonSettings.shownShare]
        case .correlation: map.correlation
        case .rankCorrelation: map.rankCorrelation
        case .topOverlap: map.topOverlap
        case .randomised: map.randomised
        case .randomisedMagnitude: map.randomisedMagnitude
        }
      return value.flatMap { $0.isFinite ? $0 : nil }
    }
  }

  /// What areas are shares of: the layer's mean effect, where it is positive for certain.
  private func effectScale(_ layer: Layer) -> Double? {
    effect(layer).flatMap { $0.interval.lowerBound > 0 ? $0.mean : nil }
  }

  /// The area under a curve over the share of regions, by the trapezoid rule; NaN for none.
  static func area(_ curve: [Double], _ layer: Layer) -> Double {
    let regions = layer.plan.regionCount
    let counts = ComparisonSettings.counts(regions: regions)
    guard curve.count == counts.count else { return .nan }
    var area = 0.0
    for point in 1..<counts.count {
      area += (curve[point] + curve[point - 1]) / 2 * Double(counts[point] - counts[point - 1]) / Double(regions)
    }
    return area
  }
}
