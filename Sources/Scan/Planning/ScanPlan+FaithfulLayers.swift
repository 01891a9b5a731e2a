import Lesion
import ModelGraph
import ScanPlan
import UserErrors

extension ScanPlan {
  /// Rows of a batch may change each other by this share of what lesions change.
  private static let mostInfluence = 1e-3

  /// The plan without layers that can't be scanned, as a look at each shows, and with those at a batch of 1 in which rows change each other.
  ///
  /// - Parameters:
  ///   - checks: by layer, what `VerifyTask` found.
  ///   - operators: those of the network that give something else in each pass.
  /// - Returns: the plan, and how far the cut of each layer is from the whole model.
  /// - Throws: `Failure` (`badInput`) if such a layer was asked for by name, or none is left.
  func keepingFaithfulLayers(
    _ checks: [CutCheck], _ measurement: MeasurementOptions, unrepeatable operators: [String]
  ) throws(Failure) -> (plan: ScanPlan, deviations: [Double]) {
    var result = self
    result.layers = []
    var kept: [Double] = []
    // A right cut of a float32 network stays below 1e-5; a wrong one is off by the size of the score itself.
    let tolerance = preparation.tolerance
    for (layer, check) in zip(layers, checks) {
      let (deviation, rowDeviation) = (check.deviation, check.rowDeviation)
      let isBorne = check.bearsZeros || measurement.lesion != .zero || measurement.allowsNonFinite && !check.losesAll
      if deviation <= tolerance, isBorne {
        var layer = layer
        if !(rowDeviation <= preparation.rowTolerance && check.rowInfluence <= Self.mostInfluence) {
          layer.batch = 1
          let why =
            !check.condition.isEmpty
            ? "all of a batch would go one way at \(check.condition), by what they hold together"
            : !(rowDeviation.isFinite && check.rowInfluence.isFinite)
              ? "the network doesn't give the same of several in one batch"
              : check.rowInfluence <= Self.mostInfluence
                ? "in one batch the output differs from each alone, by \(rowDeviation) of its largest score"
                : "in one batch they change each other's output, by \(check.rowInfluence) of what lesions change in it"
          result.notes.append("Coalitions of layer \"\(layer.tensor)\" run one at a time: \(why).")
        }
        layer.number = result.layers.count
        result.layers.append(layer)
        kept.append(deviation)
        continue
      }
      let reason = Self.refusal(of: check, isFaithful: deviation <= tolerance, unrepeatable: operators)
      if measurement.layers.names(layer.tensor) {
        throw Failure(.badInput, "layer \"\(layer.tensor)\" can't be scanned: \(reason); leave it out")
      }
      result.refusals.append(Refusal(tensor: layer.tensor, reason: reason))
    }
    guard !result.layers.isEmpty else {
      throw Failure(.badInput, "no layer can be scanned: \(result.refusals.last?.reason ?? "there is none")")
    }
    return (result, kept)
  }

  /// Why a layer can't be scanned, as its check shows.
  private static func refusal(of check: CutCheck, isFaithful: Bool, unrepeatable operators: [String]) -> String {
    if isFaithful, check.losesAll {
      return "with all of it at 0 the network gives NaN or infinite values for every stimulus tried; try --lesion mean"
    }
    if isFaithful {
      return
        "with units of it at 0 the network gives NaN or infinite values; try --lesion mean, or skip such series with --allow-nonfinite"
    }
    if !check.failure.isEmpty { return "cut there, the network doesn't run: \(check.failure)" }
    if operators.isEmpty { return "cut there, the network's output is off by \(check.deviation) of its largest score" }
    let isOne = operators.count == 1
    return """
      no two passes agree, by \(check.deviation) of the largest score, since \(operators.prefix(3).joined(separator: ", ")) \
      \(isOne ? "draws" : "draw") random numbers or \(isOne ? "is" : "are") in training mode (export the network in inference mode)
      """
  }
}
