/// One map of a layer's regions, with its colour bar.
struct MapFigure {
  let title: String
  let layout: MosaicLayout
  /// The layer's number.
  let layer: Int
  /// [regions], of `ColourScale`.
  let classes: [String]
  let isDiverging: Bool
  /// What the colour bar says at its ends and in its middle.
  let low: String
  let middle: String
  let high: String
  /// The figure in words.
  let alt: String
  /// [regions]
  let outline: [Bool]
  /// [regions]; `nil` where no truth is known.
  let truth: [Bool]?
  let tableID: String

  /// What the template of a figure wants.
  var context: [String: Any] {
    var context: [String: Any] = [
      "title": title, "layer": layer, "alt": alt, "tableID": tableID,
      // A margin of one unit holds the half of a border that lies outside.
      "viewWidth": layout.width + 2, "viewHeight": layout.height + 2, "maxWidth": 3 * (layout.width + 2),
      "paths": layout.paths(classes).map { ["name": $0.name, "path": $0.path] }, "frames": layout.frames,
      "bar": isDiverging ? "diverging" : "sequential",
      "barLength": (isDiverging ? ColourScale.divergingClasses : ColourScale.sequentialClasses).count,
      "low": low, "middle": middle, "high": high, "layoutNote": layoutNote,
    ]
    let outline = layout.outline(outline)
    if !outline.isEmpty { context["outline"] = outline }
    if let truth { context["truth"] = layout.outline(truth) }
    return context
  }

  private var layoutNote: String {
    switch layout.kind {
    case .slices where layout.panels > 1: "Slices by channel, k = 0 to \(layout.panels - 1). "
    case .slices: ""
    case .positions: "Positions down, channels across. "
    case .features: "Regions in their order, \(layout.columns) a row. "
    }
  }
}
