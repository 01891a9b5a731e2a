import Anatomy
import Grids
import ModelGraph
import Phantom
import TestSupport
import Testing
import Tractography

/// The analytic phantoms compute Σ_T w_T Π_{g∈T} x_g of region means, so strengths are known in closed form: a product
/// holds each of its factors for the others.
@Suite struct `Connections of the analytic phantoms` {
  @Test(arguments: AnalyticPhantom.Shape.allCases, [1, 2, 3])
  func `are those of the closed form`(_ shape: AnalyticPhantom.Shape, _ order: Int) throws {
    let phantom = AnalyticPhantom(shape: shape, order: order, seed: 11)
    let bench = try ConnectionBench(
      model: phantom.model, stimuli: phantom.stimuli(count: 2), runtime: TestRuntime.make())
    let source = try bench.regions(of: AnalyticPhantom.scannedTensor, .standard)
    let strengths = try bench.strengths(
      from: AnalyticPhantom.scannedTensor, source, to: AnalyticPhantom.outputName,
      RegionMap(unitsOf: [AnalyticPhantom.classCount]), stimulus: 1, batch: 16)
    let activity = phantom.activity(stimulus: 1)
    var expected = [[Double]](
      repeating: [Double](repeating: 0, count: AnalyticPhantom.classCount), count: activity.count)
    for term in phantom.polynomial.terms {
      let product = term.regions.reduce(Double(abs(term.weight))) { $0 * activity[$1] }
      for region in term.regions { expected[region][AnalyticPhantom.target] += product }
    }
    let found = (0..<activity.count).map { region in
      (0..<AnalyticPhantom.classCount).map { Double(strengths[region * AnalyticPhantom.classCount + $0]) }
    }
    #expect(deviation(found, from: expected) < 1e-5)
  }
}
