import Distribution
internal import Glibc
import Random
import Statistics
import Temporal
package import UserErrors

/// What is normal of a network: of each layer, and how the scores of stimuli that nothing was fitted to lie.
///
/// Of the stimuli half are fitted to, a sixth say how far a stimulus usually is from what was fitted, and the rest are held out
/// for p-values, so that these are exact for stimuli that are exchangeable with them.
package struct MonitorReference: Sendable {
  /// The fewest stimuli to learn from: 40 to fit to, and enough held out for p-values of 0.05.
  package static let leastStimuli = 80
  /// The most stimuli that are remembered for distances to neighbours.
  private static let memoryLimit = 256
  /// The neighbour whose distance counts.
  private static let neighbourRank = 5

  package private(set) var origin: ReferenceOrigin
  package private(set) var layers: [LayerReference] = []
  private(set) var memory: NeighbourMemory
  /// Of the logarithms of the neighbours' distance and of the quantiles' largest |z|.
  private var neighbourScale = RobustScale(centre: 0, deviation: 1)
  private var bandScale = RobustScale(centre: 0, deviation: 1)
  private var calibrations: [Score: Calibration] = [:]
  package private(set) var selfTest = SelfTest()

  /// - Parameters:
  ///   - observations: one a stimulus, at least `leastStimuli`.
  ///   - zetaWeights: by layer, by region; empty for layers without.
  /// - Throws: `Failure` (`badInput`) if there are too few stimuli, or what the network gives for them isn't finite.
  package init(
    _ observations: [WatchedNetwork.Observation], layers watched: [WatchedLayer], origin: ReferenceOrigin,
    zetaWeights: [[Double]], selfTest: SelfTest
  ) throws(Failure) {
    guard observations.count >= Self.leastStimuli else {
      throw Failure(
        .usage, "\(observations.count) stimuli are too few to learn what is normal: give at least \(Self.leastStimuli)")
    }
    if let wrong = observations.firstIndex(where: { !$0.isFinite }) {
      throw Failure(
        .badInput,
        "stimulus \(wrong) makes the network give NaN or infinity, which is not normal: leave it out, or mend the network")
    }
    self.origin = origin
    self.selfTest = selfTest
    var order = Array(observations.indices)
    var random = CounterRandom(seed: origin.seed, domain: .referenceSplit, index: 0)
    random.shuffle(&order)
    let (fitted, rest) = (order.prefix(order.count / 2).sorted(), order.dropFirst(order.count / 2))
    let (scaling, heldOut) = (Array(rest.prefix(order.count / 6)), Array(rest.dropFirst(order.count / 6)))
    func predicted(_ chosen: [Int]) -> [Int?] { chosen.map { observations[$0].answer?.predicted } }
    for (number, layer) in watched.enumerated() {
      var reference = LayerReference(
        layer, readings: fitted.map { observations[$0].layers[number] }, predicted: predicted(fitted),
        zetaWeights: zetaWeights[number])
      reference.setDistances(scaling.map { observations[$0].layers[number] }, predicted: predicted(scaling))
      layers.append(reference)
    }
    let fittedLayers = layers
    func point(_ observation: WatchedNetwork.Observation) -> [Float] {
      zip(fittedLayers, observation.layers).flatMap { layer, reading in
        layer.deviations(reading, predicted: observation.answer?.predicted).map(Float.init)
      }
    }
    let points = fitted.prefix(Self.memoryLimit).map { point(observations[$0]) }
    memory = NeighbourMemory(points: points.flatMap(\.self), dimensions: points[0].count, rank: Self.neighbourRank)
    let usual = scaling.map { rawFindings(observations[$0]) }
    neighbourScale = RobustScale(usual.map { log($0.neighbourDistance) })
    bandScale = RobustScale(usual.map { log($0.largestBand) })
    let found = heldOut.map { findings(observations[$0]).scores }
    for score in Score.allCases {
      let values = found.compactMap { $0[score] }
      if !values.isEmpty { calibrations[score] = Calibration(values) }
    }
  }

  /// What scores a stimulus has, and what they are made of.
  package struct Findings: Sendable {
    package fileprivate(set) var scores: [Score: Double] = [:]
    /// How far each layer is off. [layers]
    package fileprivate(set) var strangeness: [Double] = []
    /// z of features and regions, by layer.
    package fileprivate(set) var features: [[Double]] = []
    package fileprivate(set) var regions: [[Double]] = []
    fileprivate var neighbourDistance = 0.0
    fileprivate var largestBand = 0.0
  }

  /// Holds what the network did against the reference.
  ///
  /// Cost: a triangular solve a layer, features x remembered stimuli, and a few numbers a cell.
  package func findings(_ observation: WatchedNetwork.Observation) -> Findings {
    var findings = rawFindings(observation)
    func standard(_ scale: RobustScale, _ value: Double) -> Double {
      let z = scale.z(log(value))
      return z.isNaN ? .infinity : z
    }
    var scores: [Score: Double] = [
      .mahalanobis: findings.strangeness.max() ?? 0,
      .neighbours: standard(neighbourScale, findings.neighbourDistance), .bands: standard(bandScale, findings.largestBand),
    ]
    scores[.combined] = scores.values.max()
    let critical = zip(layers, findings.regions).compactMap { $0.criticalStrangeness($1) }
    if !critical.isEmpty { scores[.critical] = critical.reduce(0, +) }
    findings.scores = scores
    return findings
  }

  private func rawFindings(_ observation: WatchedNetwork.Observation) -> Findings {
    var findings = Findings()
    findings.features = zip(layers, observation.layers).map {
      $0.deviations($1, predicted: observation.answer?.predicted)
    }
    findings.regions = zip(layers, observation.layers).map { $0.regionDeviations($1) }
    findings.strangeness = zip(layers, findings.features).map { $0.strangeness($1) }
    findings.neighbourDistance = memory.distance(findings.features.flatMap { $0.map(Float.init) })
    findings.largestBand = zip(layers, observation.layers).reduce(0) { largest, pair in
      pair.0.quantileDeviations(pair.1).reduce(largest) { $1.isNaN ? .infinity : max($0, abs($1)) }
    }
    return findings
  }

  /// Of each score that there is.
  package func pValue(_ score: Score, _ value: Double) -> Double? { calibrations[score]?.pValue(value) }

  /// Scores that were held out; empty for `critical` without a scan.
  package func calibration(_ score: Score) -> Calibration { calibrations[score] ?? Calibration() }

  /// - Throws: `Failure` (`badInput`) for numbers that don't fit each other.
  private func check() throws(Failure) {
    for layer in layers { try layer.check() }
    guard !layers.isEmpty, layers.reduce(0, { $0 + $1.featureCount }) == memory.dimensions,
      [Score.mahalanobis, .neighbours, .bands, .combined].allSatisfy({ calibration($0).scores.count > 1 })
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
    private var scales: [Double] = []
    private var calibrations: [Calibration] = []
    private(set) var selfTest = SelfTest()

    init() {}

    init(_ reference: MonitorReference) {
      origin = reference.origin.encoded()
      layers = reference.layers
      (points, dimensions, rank) = (reference.memory.points, reference.memory.dimensions, reference.memory.rank)
      scales = [reference.neighbourScale, reference.bandScale].flatMap { [$0.centre, $0.deviation] }
      calibrations = Score.allCases.map(reference.calibration)
      selfTest = reference.selfTest
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
      guard coder.isReading else { return }
      guard scales.count == 4, calibrations.count == Score.allCases.count, dimensions > 0, rank > 0,
        points.count.isMultiple(of: dimensions), points.count / dimensions >= rank
      else { throw MessageError() }
    }

    /// - Throws: `MessageError`, or `Failure` (`badInput`), if the parts don't fit each other.
    func reference() throws -> MonitorReference { try MonitorReference(self) }

    fileprivate var parts: (MonitorReference.Parts) {
      get throws(MessageError) {
        (
          try ReferenceOrigin(encoded: origin), layers, NeighbourMemory(points: points, dimensions: dimensions, rank: rank),
          scales, calibrations
        )
      }
    }
  }

  fileprivate typealias Parts = (
    origin: ReferenceOrigin, layers: [LayerReference], memory: NeighbourMemory, scales: [Double], calibrations: [Calibration]
  )

  fileprivate init(_ body: Body) throws {
    let parts = try body.parts
    (origin, layers, memory) = (parts.origin, parts.layers, parts.memory)
    selfTest = body.selfTest
    neighbourScale = RobustScale(centre: parts.scales[0], deviation: parts.scales[1])
    bandScale = RobustScale(centre: parts.scales[2], deviation: parts.scales[3])
    for (score, calibration) in zip(Score.allCases, parts.calibrations) where !calibration.scores.isEmpty {
      calibrations[score] = calibration
    }
    try check()
  }
}
