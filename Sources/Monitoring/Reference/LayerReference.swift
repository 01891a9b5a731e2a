package import Distribution
internal import Glibc
import Grids
import Statistics
import Temporal
import UserErrors

/// What is normal of a layer.
package struct LayerReference: Sendable {
  /// Stimuli of a predicted class that it takes for a centre of its own.
  package static let leastOfClass = 20
  /// Of the covariance, so that it has an inverse where stimuli differ in one direction only.
  private static let leastShrinkage = 1e-6

  package private(set) var layer = WatchedLayer()
  private var scale = FeatureScale()
  private var features = NormalRange()
  /// Of the groups of channels and of the regions, whatever class a stimulus is taken for.
  private var places = Places(channels: NormalScores(), regions: NormalScores())
  private var bounds = NormalRange()
  /// The predicted classes that have centres of their own, ascending.
  package private(set) var classes: [Int] = []
  /// [classes][features], in deviations of `features`.
  private var classCentres: [[Double]] = []
  private var covariance = ShrinkageCovariance(centre: [], shrinkage: 0, factor: [])
  /// Of log distances of stimuli that nothing above was fitted to.
  private var distances = RobustScale(centre: 0, deviation: 1)
  /// ζ of the regions, as weights that sum to 1; empty where no scan was given.
  package private(set) var zetaWeights: [Double] = []

  /// In one place, since a copy of the layer would hold on to each of their arrays.
  private final class Places: Sendable {
    let channels: NormalScores
    let regions: NormalScores

    init(channels: NormalScores, regions: NormalScores) { (self.channels, self.regions) = (channels, regions) }
  }

  package init() {}

  /// Fits centres, spreads and the covariance.
  ///
  /// - Parameters:
  ///   - readings: of the stimuli to fit to, at least two.
  ///   - regionMeans: of the same stimuli. [stimuli][regions]
  ///   - predicted: the class that each was taken for; `nil` where there are no classes.
  ///   - zetaWeights: by region, or empty.
  init(
    _ layer: WatchedLayer, readings: [LayerReading], regionMeans: [[Double]], predicted: [Int?], zetaWeights: [Double]
  ) {
    self.layer = layer
    self.zetaWeights = zetaWeights
    let groups = CellLayout.groupCount(of: layer)
    scale = FeatureScale(of: readings.flatMap { $0.moments.prefix(groups) })
    let raw = readings.map { $0.moments.map(scale.feature) }
    features = NormalRange(raw)
    places = Places(
      channels: NormalScores(raw.map { Array($0.prefix(groups)) }),
      regions: NormalScores(regionMeans.map { $0.map(scale.feature) }))
    bounds = NormalRange(readings.map { $0.bounds.map(scale.feature) })
    let z = raw.map(features.z)
    for (predicted, members) in Dictionary(grouping: z.indices.filter { predicted[$0] != nil }, by: { predicted[$0]! })
      .sorted(by: { $0.key < $1.key }) where members.count >= Self.leastOfClass
    {
      classes.append(predicted)
      classCentres.append(features.indices.map { feature in RobustScale.median(members.map { z[$0][feature] }) })
    }
    covariance = ShrinkageCovariance(
      zip(z, predicted).map { centred($0, of: $1) }, centre: [Double](repeating: 0, count: features.count),
      leastShrinkage: Self.leastShrinkage)
    // Of stimuli that are all alike each feature's own deviation is what there is.
    if covariance.factor.isEmpty || !covariance.isSound { covariance = ShrinkageCovariance(unitOfOrder: features.count) }
  }

  /// Takes note of how far stimuli usually are that nothing was fitted to.
  mutating func setDistances(_ readings: [LayerReading], predicted: [Int?]) {
    distances = RobustScale(
      zip(readings, predicted).map { reading, predicted in
        var deviations: [Double] = []
        appendDeviations(reading, predicted: predicted, to: &deviations)
        return logDistance(distance(deviations[...]))
      })
  }

  package var featureCount: Int { features.count }

  /// Appends z of each feature against stimuli of the predicted class, where there were enough, else against all: the groups' means,
  /// then their peaks or deviations. [features]
  func appendDeviations(_ reading: LayerReading, predicted: Int?, to deviations: inout [Double]) {
    let first = deviations.count
    for (place, moment) in reading.moments.enumerated() { deviations.append(features.z(scale.feature(moment), at: place)) }
    guard let centre = centre(of: predicted) else { return }
    for (place, number) in centre.enumerated() { deviations[first + place] -= number }
  }

  /// The groups of channels whose mean activity has the largest |z|, as normal scores.
  func largestChannels(_ most: Int, of reading: LayerReading) -> [(place: Int, z: Double)] {
    places.channels.largest(most, of: reading.moments.prefix(places.channels.count).map(scale.feature))
  }

  /// The regions whose mean activity has the largest |z|, as normal scores. - Parameter means: [regions]
  func largestRegions(_ most: Int, of means: [Double]) -> [(place: Int, z: Double)] {
    places.regions.largest(most, of: means.map(scale.feature))
  }

  /// z of each region's mean activity, as normal scores. [regions]
  package func regionDeviations(_ means: [Double]) -> [Double] {
    means.indices.map { places.regions.z(scale.feature(means[$0]), at: $0) }
  }

  /// The largest |z| of the layer's smallest cell, mean and largest cell; infinite where one isn't finite.
  package func largestBound(_ reading: LayerReading) -> Double {
    reading.bounds.indices.reduce(0) { largest, place in
      let z = abs(bounds.z(scale.feature(reading.bounds[place]), at: place))
      return z.isNaN ? .infinity : max(largest, z)
    }
  }

  /// The Mahalanobis distance, in deviations of its logarithm from what is usual.
  func strangeness(_ deviations: ArraySlice<Double>) -> Double {
    distances.boundedZ(logDistance(distance(deviations)))
  }

  /// Σ ζ·z² over the regions: how far those are off that the answers depend on; `nil` without ζ.
  package func criticalStrangeness(_ regionDeviations: [Double]) -> Double? {
    guard !zetaWeights.isEmpty else { return nil }
    let sum = zip(zetaWeights, regionDeviations).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
    return sum.isNaN ? .infinity : sum
  }

  private func distance(_ deviations: ArraySlice<Double>) -> Double {
    guard deviations.allSatisfy(\.isFinite) else { return .infinity }
    return covariance.squaredDistance(deviations).squareRoot()
  }

  private func centred(_ z: [Double], of predicted: Int?) -> [Double] {
    guard let centre = centre(of: predicted) else { return z }
    return zip(z, centre).map { $0 - $1 }
  }

  private func centre(of predicted: Int?) -> [Double]? {
    predicted.flatMap { classes.firstIndex(of: $0) }.map { classCentres[$0] }
  }

  /// - Throws: `Failure` (`badInput`) for numbers that don't fit each other.
  func check() throws(Failure) {
    try layer.check()
    // Regions and groups tell most of how large a layout would be.
    let groups = CellLayout.groupCount(of: layer)
    let (channels, regions) = (places.channels, places.regions)
    let isAlike = [groups, 2 * groups].contains(features.count) && (try? layer.grid().regionCount) == regions.count
    let layout = isAlike ? try? CellLayout(layer) : nil
    let isSound =
      features.count == layout?.momentCount && regions.count == layout?.regionCounts.count
      && channels.count == layout?.groupCounts.count && channels.isSound
      && bounds.count == 3 && features.isSound && regions.isSound && bounds.isSound
      && scale.isSound && classes.count == classCentres.count && classCentres.allSatisfy { $0.count == features.count }
      && covariance.centre.count == features.count && covariance.isSound && distances.deviation >= 0
      && distances.centre.isFinite && distances.deviation.isFinite
      && (zetaWeights.isEmpty || zetaWeights.count == regions.count)
    guard isSound else {
      throw Failure(.badInput, "layer \"\(layer.tensor)\" of the reference has numbers that don't fit each other; learn it anew")
    }
  }
}

extension NormalRange {
  var indices: Range<Int> { 0..<count }
}

extension LayerReference: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&scale)
    try coder.code(&features)
    var (channels, regions) = (places.channels, places.regions)
    try coder.code(&channels)
    try coder.code(&regions)
    places = Places(channels: channels, regions: regions)
    try coder.code(&bounds)
    try coder.code(&classes)
    try coder.code(&classCentres)
    var (shrinkage, factor, order) = (covariance.shrinkage, covariance.factor, covariance.centre.count)
    try coder.code(&shrinkage)
    try coder.code(&factor)
    try coder.code(&order)
    var (centre, deviation) = (distances.centre, distances.deviation)
    try coder.code(&centre)
    try coder.code(&deviation)
    try coder.code(&zetaWeights)
    guard coder.isReading else { return }
    guard order == features.count, order <= 2 * CellLayout.groupLimit, factor.isEmpty || factor.count == order * order else {
      throw MessageError()
    }
    covariance = ShrinkageCovariance(centre: [Double](repeating: 0, count: order), shrinkage: shrinkage, factor: factor)
    distances = RobustScale(centre: centre, deviation: deviation)
  }
}
