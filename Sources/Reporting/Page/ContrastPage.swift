import Anatomy
import Grids
import ScanPlan
import ScanResults
import Shapley
import Statistics

/// `contrast.html`: mean maps of the groups and their difference, in the layers where something differs.
struct ContrastPage {
  private let contrasts: [ScanContrast]
  private let unit: String
  private let tables: String

  /// - Parameters:
  ///   - unit: of ζ.
  ///   - tables: the name of the files beside it, without what they end with.
  init(_ contrasts: [ScanContrast], unit: String, tables: String) {
    (self.contrasts, self.unit, self.tables) = (contrasts, unit, tables)
  }

  var html: String {
    let names = LayerNames(contrasts.first?.layers.map(\.layer.plan.tensor) ?? [])
    return ReportTemplates.render(
      [
        "style": ReportTemplates.style + ColourScale.style, "unit": unit, "tables": tables,
        "divergingBar": ColourScale.bar(ColourScale.divergingClasses),
        "sequentialBar": ColourScale.bar(ColourScale.sequentialClasses),
        "contrasts": contrasts.enumerated().map { context($1, $0, names) },
      ], template: "contrast")
  }

  private func context(_ contrast: ScanContrast, _ number: Int, _ names: LayerNames) -> [String: Any] {
    let parts = zip(contrast.layers, names.short).flatMap { layer, name in
      [("ζ", " " + unit, layer.zeta), ("density", "", layer.density)].compactMap { quantity, unit, result in
        result.map { part($0, layer, name, quantity, unit, contrast) }
      }
    }
    return [
      "id": "contrast-\(number)", "title": ContrastReport.heading(contrast), "notes": contrast.notes,
      "different": parts.filter { $0["isQuiet"] as? Bool == false },
      "quiet": parts.filter { $0["isQuiet"] as? Bool == true }.compactMap { $0["sentence"] },
    ]
  }

  private func part(
    _ result: GroupContrast, _ layer: ScanContrast.Layer, _ name: String, _ quantity: String, _ unit: String,
    _ contrast: ScanContrast
  ) -> [String: Any] {
    let layout = MosaicLayout(layer.layer.grid.size)
    let outline = result.familyWiseP.map { $0 < ContrastReport.level }
    let isDensity = quantity == "density"
    let means = [result.firstMeans, result.secondMeans]
    let limit = means.flatMap(\.self).map(abs).max() ?? 0
    let range = (means.flatMap(\.self).min() ?? 0)...(means.flatMap(\.self).max() ?? 0)
    func figure(_ title: String, _ values: [Double], _ limit: Double?, _ outline: [Bool]) -> [String: Any] {
      MapFigure(
        title: title, layout: layout, layer: layer.layer.plan.number,
        classes: values.map { value in
          limit.map { ColourScale.diverging(value, limit: $0) } ?? ColourScale.sequential(value, range)
        }, isDiverging: limit != nil,
        low: (limit.map { "−" + Number.significant($0) } ?? Number.significant(range.lowerBound)) + unit,
        middle: limit == nil ? "" : "0",
        high: (limit.map { "+" + Number.significant($0) } ?? Number.significant(range.upperBound)) + unit,
        alt: "\(title): \(quantity) of \(name)", outline: outline, truth: nil, tableID: "tables"
      ).context
    }
    let none = outline.map { _ in false }
    return [
      "isQuiet": !outline.contains(true), "sentence": ContrastReport.sentence(result, layer, quantity, name),
      "figures": [
        figure(contrast.first.label, result.firstMeans, isDensity ? nil : limit, none),
        figure(contrast.second.label, result.secondMeans, isDensity ? nil : limit, none),
        figure("Difference", result.tests.map(\.effect), result.tests.map { abs($0.effect) }.max() ?? 0, outline),
      ],
      "rows": ContrastReport.order(result).prefix(8).map { region in
        let test = result.tests[region]
        return [
          "region": layer.layer.grid.label(of: region), "effect": Number.significant(test.effect),
          "interval": "\(Number.significant(test.interval.lowerBound)) … \(Number.significant(test.interval.upperBound))",
          "size": ContrastReport.size(result.effectSizes[region]), "p": Number.probability(result.familyWiseP[region]),
          "isFound": outline[region],
        ] as [String: Any]
      },
    ]
  }
}
