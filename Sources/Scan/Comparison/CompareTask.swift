import Distribution
import Files
import Grids
import Lesion
import Networks
import ScanPlan
import ScanResults
import Statistics
import Tractography

/// Make the maps of all methods for a series, and try them.
struct CompareTask: RankTask, Hashable {
  var layer = 0
  var stimulus = 0
  /// The class whose score is the value.
  var target = 0
  /// K of the reference.
  var referenceSamples = 1
  /// φ of the stimulus; [regions].
  var density: [Double] = []
  /// The scan's ζ of the stimulus, and its mean over stimuli; [regions], or empty where they were skipped.
  var scan: [Double] = []
  var scanMean: [Double] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&target)
    try coder.code(&referenceSamples)
    try coder.code(&density)
    try coder.code(&scan)
    try coder.code(&scanMean)
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> SeriesTrial {
    try withoutActuallyEscaping(pause) { try trial(on: worker, pause: $0) }
  }

  private func trial(on worker: Worker, pause: @escaping () throws -> Void) throws -> SeriesTrial {
    let networks = try worker.comparisonNetworks(layer)
    let series = worker.series(layer, stimulus, target: target)
    func maker(_ pair: ComparisonNetworks.Pair) throws -> MapMaker {
      try pair.begin(series)
      return MapMaker(
        task: self, layer: worker.plan.layers[layer], grid: worker.geometry[layer].grid,
        measurement: worker.request.measurement, gradientBatch: worker.gradientBatch(layer), networks: pair, pause: pause)
    }
    let own = try maker(networks.own)
    let trials = CurveTrial(
      network: networks.own.lesioned, reader: try AnswerReader(worker.plan.readout), target: target, stimulus: stimulus,
      regions: worker.plan.layers[layer].regionCount, batch: worker.plan.layers[layer].batch)
    let shuffled = try networks.shuffled.map(maker)

    var result = SeriesTrial()
    result.shufflingRefusal = shuffled == nil ? "no weight after the layer is stored in the model" : ""
    let intact = try trials.intact()
    (result.full, result.empty) = (intact.full, intact.empty)
    var reference = MapMaker.Map(scores: [])
    for method in ComparisonMethod.all {
      let start = monotonicSeconds()
      do {
        let map = try own.make(method, reference: reference.scores)
        var trial = MapTrial()
        trial.seconds = monotonicSeconds() - start
        trial.scores = map.scores.map(Float.init)
        (trial.passes, trial.gradientPasses) = (map.passes, map.gradientPasses)
        if method == .reference {
          reference = map
          result.referenceReliability = Self.reliability(map)
        }
        trial.compare(map.scores, with: reference.scores)
        try trials.try(Ranking.order(map.scores), intactAnswer: intact.answer, into: &trial, pause: pause)
        if method.isRandomised, let shuffled { try trial.randomise(map.scores, shuffled, method) }
        result.maps.append(trial)
      } catch let refusal as MapMaker.Refusal {
        result.maps.append(MapTrial(refusal: refusal.reason))
      }
    }
    return result
  }

  /// 1 − mean squared error / variance over the regions.
  private static func reliability(_ map: MapMaker.Map) -> Double {
    guard map.scores.count > 1 else { return .nan }
    let variance = SampleMoments(map.scores).variance
    let error = map.errors.reduce(0) { $0 + $1 * $1 } / Double(map.errors.count)
    return variance > 0 ? max(0, 1 - error / variance) : .nan
  }
}

extension MapTrial {
  fileprivate mutating func compare(_ scores: [Double], with reference: [Double]) {
    guard !reference.isEmpty else { return }
    correlation = Correlation.pearson(scores, reference) ?? .nan
    rankCorrelation = RankCorrelation(scores, reference, confidence: 0.95)?.coefficient ?? .nan
    let top = ComparisonSettings.topCounts(regions: scores.count)[ComparisonSettings.shownShare]
    let first = Set(Ranking.order(reference).prefix(top))
    topOverlap = Double(Ranking.order(scores).prefix(top).count { first.contains($0) }) / Double(top)
  }

  /// Compares a map with the one of the network whose weights are shuffled; leaves NaN where that has none.
  fileprivate mutating func randomise(_ scores: [Double], _ shuffled: MapMaker, _ method: ComparisonMethod) throws {
    let other: [Double]
    do {
      other = try shuffled.make(method).scores
    } catch is MapMaker.Refusal {
      return
    }
    randomised = RankCorrelation(scores, other, confidence: 0.95)?.coefficient ?? .nan
    randomisedMagnitude = RankCorrelation(scores.map(abs), other.map(abs), confidence: 0.95)?.coefficient ?? .nan
  }
}
