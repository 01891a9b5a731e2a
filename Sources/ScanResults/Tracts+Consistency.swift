import ScanPlan
import Tractography
import UserErrors

extension Tracts {
  /// Whether what was read from files belongs to a scan.
  ///
  /// - Parameter path: of the file that is to blame.
  /// - Throws: `Failure` (`badInput`) with what contradicts the scan.
  func check(_ plan: ScanPlan, _ path: String) throws(Failure) {
    if let part = contradiction(with: plan) {
      throw Failure(
        .badInput, "\(path) contradicts its scan in \(part): it is damaged, another scan's, or was changed by another program")
    }
  }

  private func contradiction(with plan: ScanPlan) -> String? {
    guard (1...plan.stimulusCount).contains(stimulusCount) else { return "its number of stimuli" }
    guard links.count == plan.layers.count else { return "its number of links" }
    for (number, link) in links.enumerated() {
      let target = number + 1 < plan.layers.count ? number + 1 : nil
      guard link.source == number, link.target == target, link.sourceCount == plan.layers[number].regionCount,
        link.targetCount == target.map({ plan.layers[$0].regionCount }) ?? outputClasses.count,
        link.totals.count == (link.reason == nil ? stimulusCount : 0)
      else { return "link \(number)" }
    }
    guard !outputClasses.isEmpty, pathwayLayers == pathwayLayers.indices.map({ (pathwayLayers.first ?? 0) + $0 }),
      pathwayLayers.allSatisfy(plan.layers.indices.contains)
    else { return "the layers of its pathways" }
    let traced = pathwayLayers.dropLast() + (reachesOutput ? pathwayLayers.suffix(1) : [])
    guard traced.allSatisfy({ links[$0].reason == nil }), !reachesOutput || pathwayLayers.last == plan.layers.count - 1 else {
      return "the layers of its pathways"
    }
    let counts = pathwayLayers.map { plan.layers[$0].regionCount } + (reachesOutput ? [1] : [])
    func isPathway(_ pathway: Pathway) -> Bool {
      pathway.regions.count == counts.count && zip(pathway.regions, counts).allSatisfy { (0..<$1).contains($0) }
    }
    guard routes.allSatisfy({ isPathway($0.pathway) && families.indices.contains($0.family) }),
      families.allSatisfy({ $0.pathways.allSatisfy(isPathway) })
    else { return "its pathways" }
    let rows = 1 + routes.count + families.reduce(0) { $0 + $1.pathways.count }
    guard values.count == (pathwayLayers.isEmpty ? 0 : stimulusCount), values.allSatisfy({ $0.count == rows }) else {
      return "its values"
    }
    return nil
  }
}
