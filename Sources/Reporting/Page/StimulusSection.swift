import Anatomy
import Grids
import Lesion
import ScanPlan
import ScanResults
import Shapley
import Stimuli

/// The first stimuli, and over each the map of its own ζ in every layer that has places.
struct StimulusSection {
  private static let opacitySteps = 10

  /// What the template wants of the pictures.
  let thumbnails: [[String: Any]]
  let columns: [[String: Any]]
  let overlays: [[String: Any]]
  /// What the page's script knows.
  let data: JSONValue

  /// `nil` where the stimuli are not images.
  init?(_ result: ScanResult) {
    guard let pictures = result.thumbnails, !pictures.images.isEmpty else { return nil }
    let size: [String: Any] = ["width": pictures.width, "height": pictures.height]
    thumbnails = pictures.images.enumerated().map { number, pixels in
      size.merging([
        "number": number,
        "png": base64(PNGImage.encode(pixels, width: pictures.width, height: pictures.height)),
      ]) { $1 }
    }
    let stimuli = pictures.images.indices
    columns = stimuli.map { stimulus in
      size.merging([
        "number": stimulus, "place": stimulus + 1, "note": Self.note(stimulus, result),
        "alt": "Stimulus \(stimulus + 1), \(Self.note(stimulus, result))",
      ]) { $1 }
    }

    var overlays: [[String: Any]] = []
    var data: [JSONValue] = []
    for layer in result.layers where MosaicLayout(layer.grid.size).kind == .slices {
      let grid = layer.grid.size
      let maps = stimuli.map { stimulus in layer.series[stimulus].map { Self.places($0.zeta, grid) } }
      let limit = maps.compactMap { $0?.map(abs).max() }.max() ?? 0
      overlays.append([
        "id": "layer_\(layer.plan.number)", "tensor": layer.plan.tensor,
        "limit": "\(Number.significant(limit)) \(result.request.measurement.value.name)",
        "maps": stimuli.map { stimulus in
          size.merging([
            "layer": overlays.count, "number": stimulus,
            "scaleX": Number.significant(Double(pictures.width) / Double(grid.width)),
            "scaleY": Number.significant(Double(pictures.height) / Double(grid.height)),
            "cells": Self.cells(maps[stimulus] ?? [], limit: limit, columns: grid.width),
            "alt": "ζ of \(layer.plan.tensor) over stimulus \(stimulus + 1)",
          ]) { $1 }
        },
      ])
      data.append([
        "tensor": .string(layer.plan.tensor), "rows": .int(grid.height), "columns": .int(grid.width),
        "zeta": .array(maps.map { map in .array((map ?? []).map { .double(Number.rounded($0)) }) }),
      ])
    }
    self.overlays = overlays
    self.data = .array(data)
  }

  /// Σ over channels of ζ at each place; [height x width].
  private static func places(_ zeta: [Double], _ grid: GridSize) -> [Double] {
    (0..<grid.height * grid.width).map { place in
      zeta[place * grid.channels..<(place + 1) * grid.channels].reduce(0, +)
    }
  }

  /// The places as squares of side 1, more opaque the larger |ζ|.
  private static func cells(_ zeta: [Double], limit: Double, columns: Int) -> [[String: Any]] {
    guard limit > 0 else { return [] }
    var paths: [Int: String] = [:]
    for (place, value) in zeta.enumerated() {
      let step = Int((value / limit * Double(opacitySteps)).rounded())
      if step != 0 { paths[step, default: ""] += "M\(place % columns) \(place / columns)h1v1h-1z" }
    }
    return paths.sorted { $0.key < $1.key }.map { step, path in
      [
        "class": step > 0 ? "positive" : "negative", "path": path,
        "opacity": Number.fixed(0.8 * Double(abs(step)) / Double(opacitySteps), 2),
      ]
    }
  }

  private static func note(_ stimulus: Int, _ result: ScanResult) -> String {
    [
      result.labels.map { "label \($0[stimulus])" },
      result.predictions.isEmpty ? nil : "answer \(result.predictions[stimulus])",
    ].compactMap(\.self).joined(separator: ", ")
  }
}
