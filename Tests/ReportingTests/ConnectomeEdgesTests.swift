import ScanResults
import Testing

@testable import Reporting

@Suite("The strongest connections") struct ConnectomeEdgesTests {
  @Test("leave out those that are no numbers, wherever they lie", arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(strength: Float) throws {
    let result = try HandmadeScan().result()
    var mean = (0..<36).map { Float($0 * 7 % 36) }
    for place in [0, 17, 35] { mean[place] = strength }
    let tracts = Tracts(
      stimulusCount: 1, links: [Tracts.Link(source: 0, target: 0, sourceCount: 6, targetCount: 6)], outputClasses: [],
      pathwayLayers: [], reachesOutput: false, routes: [], families: [], values: [],
      strengths: [Tracts.Strengths(mean: mean, standardError: [Float](repeating: .nan, count: 36))])
    let edges = try #require(ConnectomeEdges.strongest(40, of: tracts, in: result).first).edges
    let finite = mean.filter { $0.isFinite && $0 > 0 }.sorted(by: >).map(Double.init)
    #expect(edges.map(\.strength) == finite)
    #expect(abs(edges.reduce(0) { $0 + $1.scaled } - 1) < 1e-12)
  }
}
