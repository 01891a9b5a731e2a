import Anatomy
import ScanPlan
import Shapley
import UserErrors

extension Measurements {
  /// Whether what was read from files belongs together: anything may stand there, and all that follows relies on it.
  ///
  /// - Parameter path: of the file that is to blame.
  /// - Throws: `Failure` (`badInput`) with what contradicts the rest.
  func check(_ path: String) throws(Failure) {
    if let part = contradiction {
      throw Failure(.badInput, "\(path) contradicts itself in \(part): it is damaged, or was changed by another program")
    }
  }

  private var contradiction: String? {
    if let part = plan.contradiction(request.measurement) { return part }
    let (layers, stimuli) = (plan.layers.count, plan.stimulusCount)
    guard targets.count == stimuli, targets.allSatisfy({ $0 >= 0 }) else { return "its targets" }
    guard [0, stimuli].contains(predictions.count) else { return "its predictions" }
    guard labels.map({ $0.count == stimuli }) ?? true else { return "its labels" }
    guard cutDeviations.count == layers else { return "its cut deviations" }
    guard rounds.count == layers else { return "its rounds" }
    for (layer, rounds) in zip(plan.layers, rounds) {
      guard let rounds else { continue }
      if let part = contradiction(of: rounds, layer) { return "\(part) of layer_\(layer.number)" }
    }
    return contradictionOfOptions
  }

  private func contradiction(of rounds: LayerRounds, _ layer: ScanPlan.Layer) -> String? {
    guard rounds.errorShare > 0, rounds.errorShare <= 1 else { return "the share of errors" }
    guard rounds.designRows.count == plan.stimulusCount else { return "the rows" }
    let isMeasured: (Int) -> Bool
    if layer.design == .gradients {
      isMeasured = { $0 == layer.designRows }
    } else {
      let index = request.measurement.index
      guard let design = try? Design(layer.design, players: layer.regionCount, budget: layer.budget, index: index, seed: 0)
      else { return "the design" }
      isMeasured = { $0 <= layer.designRows && design.truncated(toRows: $0) != nil }
    }
    guard rounds.designRows.allSatisfy(isMeasured) else { return "the rows" }
    return nil
  }

  private var contradictionOfOptions: String? {
    let (measurement, analysis) = (request.measurement, request.analysis)
    let shares = [analysis.confidence, analysis.falseDiscoveryRate, measurement.stoppingConfidence]
    guard shares.allSatisfy(OptionRange.share.contains), OptionRange.signFlips.contains(analysis.signFlips) else {
      return "its options of analysis"
    }
    if let clusters = analysis.clusters, (try? clusters.check(for: plan)) == nil { return "its clusters" }
    guard OptionRange.pathways.contains(measurement.pathwayCount), measurement.tolerance.map({ $0 > 0 }) ?? true,
      (measurement.stream == nil) == (plan.streamCount == nil)
    else { return "its options" }
    return nil
  }
}
