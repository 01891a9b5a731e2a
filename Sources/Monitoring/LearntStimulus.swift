import Distribution

/// What a reference is made of that the network did with one stimulus: an observation without its cells.
struct LearntStimulus: Sendable {
  /// The class with the largest score; `nil` where scores aren't those of classes.
  private(set) var predicted: Int?
  private(set) var energy: Double?
  private(set) var isFinite = true
  private(set) var readings: [LayerReading] = []
  /// [layers][regions]
  private(set) var regionMeans: [[Double]] = []
  /// SHA-256 of what the network was fed.
  private(set) var digest: [UInt8] = []

  init() {}

  init(_ observation: WatchedNetwork.Observation, of digest: [UInt8], layouts: [CellLayout], ranges: [Range<Int>]) {
    self.digest = digest
    predicted = observation.answer?.predicted
    energy = observation.energy
    isFinite = observation.isFinite
    readings = observation.layers
    regionMeans = zip(layouts, ranges).map { $0.regionMeans(observation.cells[$1]) }
  }
}

extension LearntStimulus: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var (classes, energies, broken) = (predicted.map { [$0] } ?? [], energy.map { [$0] } ?? [], isFinite ? 0 : 1)
    try coder.code(&classes)
    try coder.code(&energies)
    try coder.code(&broken)
    try coder.code(&readings)
    try coder.code(&regionMeans)
    try coder.code(&digest)
    (predicted, energy, isFinite) = (classes.first, energies.first, broken == 0)
  }
}

/// Stimuli as one process hands them to another.
struct LearntStimuli: Coded {
  var stimuli: [LearntStimulus] = []

  init() {}
  init(_ stimuli: [LearntStimulus]) { self.stimuli = stimuli }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&stimuli) }
}
