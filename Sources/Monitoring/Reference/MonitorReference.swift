import Distribution
internal import Glibc
import Random
import Statistics
import Temporal
import UserErrors

/// What is normal of a network: of each layer, and how the scores of stimuli that nothing was fitted to lie.
///
/// Of the stimuli half are fitted to, a sixth say how far a stimulus usually is from what was fitted, and the rest are held out
/// for p-values, so that these are exact for stimuli that are exchangeable with them.
package struct MonitorReference: Sendable {
  /// The fewest stimuli to learn from: 40 to fit to, and enough held out for p-values of 0.05.
  package static let leastStimuli = 80
  /// The most stimuli that are remembered for distances to neighbours.
  private static let memoryLimit = 128
  /// The neighbour whose distance counts.
  private static let neighbourRank = 5

  package private(set) var origin: ReferenceOrigin
  package private(set) var layers: [LayerReference] = []
  private(set) var memory: NeighbourMemory
  /// [layers]
  package private(set) var layouts: [CellLayout] = []
  /// Where the numbers of each layer's cells lie among those of an observation. [layers]
  private var ranges: [Range<Int>] = []
  /// Where each layer's features lie where those of all follow each other. [layers]
  private var featureRanges: [Range<Int>] = []
  private var scales = ScoreScales()
  private var calibrations: [Score: Calibration] = [:]
  package private(set) var selfTest = SelfTest()
  /// Each layer's mean activation, in the order of the stimuli. [layers][stimuli]
  package private(set) var signals: [[Double]] = []

  /// - Parameters:
  ///   - learnt: one a stimulus, at least `leastStimuli`, in the order of the stimuli.
  ///   - zetaWeights: by layer, by region; empty for layers without.
  /// - Throws: `Failure` (`badInput`) if there are too few stimuli, or what the network gives for them isn't finite.
  init(
    _ learnt: [LearntStimulus], layers watched: [WatchedLayer], origin: ReferenceOrigin,
    zetaWeights: [[Double]], selfTest: SelfTest
  ) throws(Failure) {
    guard learnt.count >= Self.leastStimuli else {
      throw Failure(
        .usage, "\(learnt.count) stimuli are too few to learn what is normal: give at least \(Self.leastStimuli)")
    }
    if let wrong = learnt.firstIndex(where: { !$0.isFinite }) {
      throw Failure(
        .badInput,
        "stimulus \(wrong) makes the network give NaN or infinity, which is not normal: leave it out, or mend the network")
    }
    self.origin = origin
    self.selfTest = selfTest
    var order = Array(learnt.indices)
    var random = CounterRandom(seed: origin.seed, domain: .referenceSplit, index: 0)
    random.shuffle(&order)
    let (fitted, rest) = (order.prefix(order.count / 2).sorted(), order.dropFirst(order.count / 2))
    let (scaling, heldOut) = (Array(rest.prefix(order.count / 6)), Array(rest.dropFirst(order.count / 6)))
    func predicted(_ chosen: [Int]) -> [Int?] { chosen.map { learnt[$0].predicted } }
    do {
      layouts = try watched.map { layer in try CellLayout(layer) }
    } catch {
      throw Failure(error)
    }
    ranges = CellLayout.ranges(layouts)
    for (number, layer) in watched.enumerated() {
      var reference = LayerReference(
        layer, readings: fitted.map { learnt[$0].readings[number] }, regionMeans: fitted.map { learnt[$0].regionMeans[number] },
        predicted: predicted(fitted), zetaWeights: zetaWeights[number])
      reference.setDistances(scaling.map { learnt[$0].readings[number] }, predicted: predicted(scaling))
      layers.append(reference)
    }
    signals = watched.indices.map { layer in learnt.map { $0.readings[layer].mean } }
    featureRanges = Self.featureRanges(layers)
    let fittedLayers = layers
    let points = fitted.prefix(Self.memoryLimit).map { stimulus in
      Self.features(learnt[stimulus].readings, predicted: learnt[stimulus].predicted, layers: fittedLayers).map(Float.init)
    }
    memory = NeighbourMemory(points: points.flatMap(\.self), dimensions: points[0].count, rank: Self.neighbourRank)
    scales = ScoreScales(
      scaling.map { number in
        let stimulus = learnt[number]
        return rawScores(
          stimulus.readings, energy: stimulus.energy,
          Self.features(stimulus.readings, predicted: stimulus.predicted, layers: fittedLayers))
      })
    let found = heldOut.map { number in
      let stimulus = learnt[number]
      return findings(stimulus.readings, predicted: stimulus.predicted, energy: stimulus.energy) {
        stimulus.regionMeans[$0]
      }.scores
    }
    for score in Score.allCases {
      let values = found.compactMap { $0[score] }
      if !values.isEmpty { calibrations[score] = Calibration(values) }
    }
    // What couldn't be read again isn't written.
    do {
      for layer in layers { try layer.check() }
      try check()
    } catch {
      throw Failure(.defect, "what was learnt can't be kept: \(error.message)")
    }
  }

  /// What scores a stimulus has, and what they are made of.
  package struct Findings: Sendable {
    package fileprivate(set) var scores: [Score: Double] = [:]
    /// How far each layer is off. [layers]
    package fileprivate(set) var strangeness: [Double] = []
  }

  /// Holds what the network did against the reference.
  ///
  /// Cost: features² a layer, features x remembered stimuli, and with a scan a few numbers a cell.
  package func findings(_ observation: WatchedNetwork.Observation) -> Findings {
    var findings = findings(observation.layers, predicted: observation.answer?.predicted, energy: observation.energy) {
      layouts[$0].regionMeans(observation.cells[ranges[$0]])
    }
    // Whatever the layers look like.
    if !observation.isFinite { findings.scores[.combined] = .infinity }
    return findings
  }

  private func findings(
    _ readings: [LayerReading], predicted: Int?, energy: Double?, regionMeans: (_ layer: Int) -> [Double]
  ) -> Findings {
    let features = Self.features(readings, predicted: predicted, layers: layers)
    let raw = rawScores(readings, energy: energy, features)
    let critical = layers.withUnsafeBufferPointer { layers in
      layers.indices.compactMap { number in
        layers[number].zetaWeights.isEmpty
          ? nil : layers[number].criticalStrangeness(layers[number].regionDeviations(regionMeans(number)))
      }
    }
    return Findings(
      scores: scales.scores(raw, critical: critical.isEmpty ? nil : critical.reduce(0, +)), strangeness: raw.strangeness)
  }

  /// z of each region's mean activity in a layer. Cost: a few operations a cell. - Returns: [regions]
  package func regionDeviations(_ observation: WatchedNetwork.Observation, layer: Int) -> [Double] {
    let means = layouts[layer].regionMeans(observation.cells[ranges[layer]])
    return layers.withUnsafeBufferPointer { $0[layer].regionDeviations(means) }
  }

  /// The regions of a layer whose mean activity has the largest |z|. - Parameter most: how many.
  package func largestRegions(
    _ most: Int, _ observation: WatchedNetwork.Observation, layer: Int
  ) -> [(place: Int, z: Double)] {
    let means = layouts[layer].regionMeans(observation.cells[ranges[layer]])
    return layers.withUnsafeBufferPointer { $0[layer].largestRegions(most, of: means) }
  }

  /// The groups of channels of a layer whose mean activity has the largest |z|. - Parameter most: how many.
  package func largestChannels(
    _ most: Int, _ observation: WatchedNetwork.Observation, layer: Int
  ) -> [(place: Int, z: Double)] {
    layers.withUnsafeBufferPointer { $0[layer].largestChannels(most, of: observation.layers[layer]) }
  }

  /// z of all layers' features, one layer after another.
  private static func features(_ readings: [LayerReading], predicted: Int?, layers: [LayerReference]) -> [Double] {
    var features: [Double] = []
    features.reserveCapacity(readings.reduce(0) { $0 + $1.moments.count })
    for (number, layer) in layers.enumerated() { layer.appendDeviations(readings[number], predicted: predicted, to: &features) }
    return features
  }

  private static func featureRanges(_ layers: [LayerReference]) -> [Range<Int>] {
    var first = 0
    return layers.map { layer in
      defer { first += layer.featureCount }
      return first..<first + layer.featureCount
    }
  }

  private func rawScores(_ readings: [LayerReading], energy: Double?, _ features: [Double]) -> ScoreScales.Raw {
    var raw = ScoreScales.Raw(
      strangeness: [], neighbourDistance: memory.distance(features), largestBound: 0, energy: energy)
    raw.strangeness.reserveCapacity(layers.count)
    for (number, layer) in layers.enumerated() {
      raw.strangeness.append(layer.strangeness(features[featureRanges[number]]))
      raw.largestBound = max(raw.largestBound, layer.largestBound(readings[number]))
    }
    return raw
  }

  /// Of each score that there is.
  package func pValue(_ score: Score, _ value: Double) -> Double? {
    calibrations[score].map { score.isTwoSided ? $0.twoSidedPValue(value) : $0.pValue(value) }
  }

  /// The combined p-value of what is stranger than all that was held out: none is smaller.
  package var smallestPValue: Double { calibration(.combined).pValue(.infinity) }

  /// Scores that were held out; empty for `critical` without a scan.
  package func calibration(_ score: Score) -> Calibration { calibrations[score] ?? Calibration() }

  /// - Throws: `Failure` (`badInput`) for numbers that don't fit each other.
  private func check() throws(Failure) {
    guard !layers.isEmpty, scales.isSound, signals.count == layers.count,
      signals.allSatisfy({ $0.count == signals[0].count && $0.allSatisfy(\.isFinite) }),
      layers.reduce(0, { $0 + $1.featureCount }) == memory.dimensions,
      [Score.mahalanobis, .neighbours, .bands, .combined].allSatisfy({ calibration($0).scores.count > 1 }),
      calibrations.values.allSatisfy(\.isSound)
    else { throw Failure(.badInput, "the reference has parts that don't fit each other; learn it anew") }
  }
}

extension MonitorReference {
  /// What a file holds between its first bytes and its checksum, written and read by one function.
  struct Body: Coded {
    private var origin: [UInt8] = []
    private var layers: [LayerReference] = []
    private var points: [Float] = []
    private var dimensions = 0
    private var rank = 0
    private var scales = ScoreScales()
    private var calibrations: [Calibration] = []
    private(set) var selfTest = SelfTest()
    private(set) var signals: [[Double]] = []

    init() {}

    init(_ reference: MonitorReference) {
      origin = reference.origin.encoded()
      layers = reference.layers
      (points, dimensions, rank) = (reference.memory.points, reference.memory.dimensions, reference.memory.rank)
      scales = reference.scales
      calibrations = Score.allCases.map(reference.calibration)
      (selfTest, signals) = (reference.selfTest, reference.signals)
    }

    mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
      try coder.code(&origin)
      try coder.code(&layers)
      try coder.code(&points)
      try coder.code(&dimensions)
      try coder.code(&rank)
      try coder.code(&scales)
      try coder.code(&calibrations)
      try coder.code(&selfTest)
      try coder.code(&signals)
      guard coder.isReading else { return }
      guard calibrations.count == Score.allCases.count, dimensions > 0, rank > 0,
        points.count.isMultiple(of: dimensions), points.count / dimensions >= rank
      else { throw MessageError() }
    }

    /// - Throws: `MessageError`, or `Failure` (`badInput`), if the parts don't fit each other.
    func reference() throws -> MonitorReference { try MonitorReference(self) }

    fileprivate var parts: MonitorReference.Parts {
      get throws(MessageError) {
        (
          try ReferenceOrigin(encoded: origin), layers, NeighbourMemory(points: points, dimensions: dimensions, rank: rank),
          scales, calibrations
        )
      }
    }
  }

  fileprivate typealias Parts = (
    origin: ReferenceOrigin, layers: [LayerReference], memory: NeighbourMemory, scales: ScoreScales, calibrations: [Calibration]
  )

  fileprivate init(_ body: Body) throws {
    let parts = try body.parts
    (origin, layers, memory) = (parts.origin, parts.layers, parts.memory)
    (selfTest, signals) = (body.selfTest, body.signals)
    scales = parts.scales
    try origin.check()
    for layer in layers { try layer.check() }
    layouts = try layers.map { layer in try CellLayout(layer.layer) }
    ranges = CellLayout.ranges(layouts)
    featureRanges = Self.featureRanges(layers)
    for (score, calibration) in zip(Score.allCases, parts.calibrations) where !calibration.scores.isEmpty {
      calibrations[score] = calibration
    }
    try check()
  }
}
