import Lesion
import ScanPlan
package import ScanResults

/// A comparison of methods for the terminal: one table over all layers, and what its columns mean.
package struct ComparisonTable: Sendable {
  private let result: ComparisonResult

  package init(_ result: ComparisonResult) {
    self.result = result
  }

  package var text: String {
    var parts = [heading, table, legend]
    let notes = self.notes
    if !notes.isEmpty { parts.append(notes.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  private var heading: String {
    let regions = Set(result.layers.map(\.plan.regionCount)).sorted()
    let count = result.layers.count
    return """
      \(count) layer\(count == 1 ? "" : "s") of \(regions.count == 1 ? "\(regions[0])" : "\(regions[0]) to \(regions.last!)") \
      regions, \(result.settings.stimuli.count) stimuli; v is \(result.measurement.value.name) of the \
      \(result.measurement.target.name) class; lesions by \(result.measurement.lesion.rawValue). Means over stimuli, ± \
      \(Number.fixed(100 * result.confidence, 0)) % intervals.
      """
  }

  private var table: String {
    var table = TextTable([
      "method", "deletion", "insertion", "flips", "r with reference", "shuffled ρ", "and of |map|", "passes", "with gradient",
      "ms a map",
    ])
    for method in ComparisonMethod.all {
      guard let cost = result.cost(method) else { continue }
      let isScan = method == .scan || method == .scanMean
      table.append([
        method.title, cell(.deletion, method), cell(.insertion, method), share(method),
        method == .reference ? "" : cell(.correlation, method), cell(.randomised, method),
        cell(.randomisedMagnitude, method), isScan ? "" : "\(Int(cost.passes.rounded()))",
        isScan ? "" : "\(Int(cost.gradientPasses.rounded()))", isScan ? "" : Number.significant(1000 * cost.seconds),
      ])
    }
    return table.text
  }

  private func cell(_ measure: ComparisonMeasure, _ method: ComparisonMethod) -> String {
    guard let mean = result.mean(measure, method) else { return "" }
    return "\(Number.fixed(mean.mean, 2)) ± \(Number.fixed((mean.interval.upperBound - mean.interval.lowerBound) / 2, 2))"
  }

  /// A share with an interval that isn't even on both sides.
  private func share(_ method: ComparisonMethod) -> String {
    guard let mean = result.mean(.flips, method) else { return "" }
    func percent(_ share: Double) -> String { Number.fixed(100 * share, 0) }
    return "\(percent(mean.mean)) % [\(percent(mean.interval.lowerBound)), \(percent(mean.interval.upperBound))]"
  }

  private var legend: String {
    let top = Number.fixed(100 * ComparisonSettings.shares[ComparisonSettings.shownShare], 0)
    return """
      deletion    the share of the layer's effect that is left on the way from nothing lesioned to everything, the map's first
                  regions first; small is good. insertion: the same from nothing intact to everything; large is good
      flips       answers that change with the map's first \(top) % of the regions lesioned
      r           Pearson's, of the map with the long ζ run's
      shuffled    Spearman's ρ of the map with the one after the weights behind the layer were shuffled, and of their
                  magnitudes: near 0 where a map tells of what was learned, but also where it is mostly noise
      passes      of the network behind the layer for one map, forward alone and with a way back; the scan's own maps cost
                  what the scan did
      """
  }

  private var notes: [String] {
    var notes = result.refusals.map { "Not compared: \"\($0.tensor)\", since \($0.reason)." }
    for layer in result.layers {
      let name = "layer_\(layer.plan.number)"
      let effect = result.effect(layer)
      if let effect, !(effect.interval.lowerBound > 0) {
        notes.append("\(name) has no areas: its effect, \(Number.significant(effect.mean)), isn't positive for certain.")
      }
      for (reason, methods) in refusals(layer) {
        notes.append("\(name): no map by \(methods.map(\.title).joined(separator: ", ")), since \(reason).")
      }
    }
    let reliability = result.layers.map(result.referenceReliability).filter(\.isFinite)
    if let least = reliability.min() {
      notes.append(
        "The long run spends \(result.settings.referenceSamples) passes a region; of its maps' variance between regions at least \(Number.fixed(100 * least, 1)) % is not sampling."
      )
    }
    return notes
  }

  /// By reason, the methods without a map of a layer.
  private func refusals(_ layer: ComparisonResult.Layer) -> [(reason: String, methods: [ComparisonMethod])] {
    var found: [(reason: String, methods: [ComparisonMethod])] = []
    for method in ComparisonMethod.all {
      guard let reason = result.refusal(method, in: layer) else { continue }
      if let place = found.firstIndex(where: { $0.reason == reason }) {
        found[place].methods.append(method)
      } else {
        found.append((reason, [method]))
      }
    }
    return found
  }
}
