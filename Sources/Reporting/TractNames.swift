import Anatomy
import Grids
import ScanPlan
import ScanResults
import Tractography

/// What links, regions and pathways are called.
struct TractNames {
  private let result: ScanResult
  private let tracts: Tracts

  init(_ result: ScanResult, _ tracts: Tracts) {
    self.result = result
    self.tracts = tracts
  }

  /// "layer_1", or "output".
  func end(_ layer: Int?) -> String { layer.map { "layer_\($0)" } ?? "output" }

  func tensor(_ layer: Int?) -> String { layer.map { result.plan.layers[$0].tensor } ?? result.plan.readTensor }

  /// "grid_1_1_1", or "class_3" of the output.
  func region(_ region: Int, of layer: Int?) -> String {
    layer.map { result.layers[$0].grid.name(of: region) } ?? "class_\(tracts.outputClasses[region])"
  }

  /// "grid_1_1_1 → grid_2_3_2".
  func edge(_ edge: Int, of link: Tracts.Link) -> String {
    let (source, target) = edge.quotientAndRemainder(dividingBy: link.targetCount)
    return "\(region(source, of: link.source)) → \(region(target, of: link.target))"
  }

  /// "grid_1_1_1 → grid_2_3_2 → target", the target being the class whose score is the value.
  func pathway(_ pathway: Pathway) -> String {
    let regions = zip(tracts.pathwayLayers, pathway.regions).map { region($1, of: $0) }
    return (regions + (tracts.reachesOutput ? ["target"] : [])).joined(separator: " → ")
  }

  /// "layer_0 to layer_9 and the target class".
  var pathwaySpan: String {
    let first = "layer_\(tracts.pathwayLayers[0])"
    let last = tracts.pathwayLayers.count > 1 ? " to layer_\(tracts.pathwayLayers.last!)" : ""
    return first + last + (tracts.reachesOutput ? " and the target class" : "")
  }
}
