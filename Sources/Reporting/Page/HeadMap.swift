import Anatomy
internal import Glibc
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// ζ of attention's heads as a table, layers down and heads across.
struct HeadMap {
  private let result: ScanResult
  private let names: [String]

  /// - Parameter names: of the layers, short.
  /// - Returns: `nil` where regions are no heads.
  init?(_ result: ScanResult, names: [String]) {
    guard result.request.measurement.regions == .heads else { return nil }
    self.result = result
    self.names = names
  }

  /// As many decimals as the largest needs for two digits, so that all are on one scale.
  private static func text(_ value: Double, limit: Double) -> String {
    let decimals = limit > 0 ? max(0, 1 - Int(log10(limit).rounded(.down))) : 0
    let text = Number.fixed(value, decimals)
    return text.contains { $0.isNumber && $0 != "0" } ? text : "0"
  }

  /// What the template wants.
  var context: [String: Any] {
    let limit = result.layers.flatMap { $0.statistics.zeta.map(abs) }.filter(\.isFinite).max() ?? 0
    let columns = result.layers.map(\.plan.regionCount).max() ?? 0
    let unit = result.request.measurement.value.name
    let rows = zip(result.layers, names).map { layer, name -> [String: Any] in
      let cells = (0..<layer.plan.regionCount).map { head -> [String: Any] in
        let test = layer.statistics.tests[head]
        let isCritical = layer.statistics.isCritical[head]
        return [
          "class": ColourScale.diverging(test.mean, limit: limit), "text": Self.text(test.mean, limit: limit),
          "critical": isCritical,
          "tip": """
          layer_\(layer.plan.number), \(layer.grid.label(of: head))\(isCritical ? ", critical" : "")
          ζ \(Number.significant(test.mean)) \(unit) [\(Number.significant(test.interval.lowerBound)), \
          \(Number.significant(test.interval.upperBound))]
          """,
        ]
      }
      return [
        "id": "layer_\(layer.plan.number)", "name": name, "tensor": layer.plan.tensor, "cells": cells,
        "rest": [Bool](repeating: true, count: columns - cells.count),
      ]
    }
    return ["heads": (0..<columns).map { "\($0)" }, "rows": rows, "unit": unit, "limit": Number.significant(limit)]
  }
}
