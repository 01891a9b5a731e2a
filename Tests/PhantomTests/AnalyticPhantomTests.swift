import Grids
import ModelGraph
import Phantom
import Shapley
import Stimuli
import Testing

@Suite("Analytic phantoms")
struct AnalyticPhantomTests {
  static let all = AnalyticPhantom.Shape.allCases.flatMap { shape in (1...3).map { (shape, $0) } }

  @Test("know their critical and null regions, which are apart", arguments: all)
  func regions(shape: AnalyticPhantom.Shape, order: Int) {
    let phantom = AnalyticPhantom(shape: shape, order: order, seed: 42)
    let drivers = shape == .sequence ? 6 : 32
    let critical = phantom.criticalRegions(stimulusCount: 16)
    #expect(critical.count == drivers)
    #expect(phantom.criticalRegions(stimulusCount: 16, .banzhaf) == critical)
    #expect(Set(critical).isDisjoint(with: phantom.nullRegions))
    #expect(phantom.nullRegions.count == shape.regionCount - drivers - (shape == .sequence ? 1 : 4))

    let zeta = phantom.meanZeta(stimulusCount: 16, .shapley)
    #expect(phantom.nullRegions.allSatisfy { zeta[$0] == 0 })
    #expect(zeta.contains { $0 < 0 })
  }

  @Test("share out v(G) − v(∅) for each stimulus", arguments: all)
  func efficiency(shape: AnalyticPhantom.Shape, order: Int) {
    let phantom = AnalyticPhantom(shape: shape, order: order, seed: 7)
    let count = shape.regionCount
    for stimulus in 0..<3 {
      let effect =
        phantom.value(stimulus: stimulus, coalition: Coalition(fullOf: count))
        - phantom.value(stimulus: stimulus, coalition: Coalition(emptyOf: count))
      #expect(effect > 1)
      #expect(abs(phantom.zeta(stimulus: stimulus, .shapley).reduce(0, +) - effect) < 1e-9)
    }
  }

  @Test("differ between stimuli and between seeds")
  func variety() {
    let phantom = AnalyticPhantom(shape: .conv, order: 2, seed: 1)
    #expect(phantom.zeta(stimulus: 0, .shapley) != phantom.zeta(stimulus: 1, .shapley))
    #expect(AnalyticPhantom(shape: .conv, order: 2, seed: 2).polynomial != phantom.polynomial)
    #expect(AnalyticPhantom(shape: .conv, order: 2, seed: 1).polynomial == phantom.polynomial)
  }

  @Test("have products of at most their order", arguments: all)
  func orders(shape: AnalyticPhantom.Shape, order: Int) {
    let phantom = AnalyticPhantom(shape: shape, order: order, seed: 3)
    #expect(Set(phantom.polynomial.terms.map(\.regions.count)) == Set(1...order))
  }

  @Test("let every value index agree at order one", arguments: AnalyticPhantom.Shape.allCases)
  func affine(shape: AnalyticPhantom.Shape) {
    let phantom = AnalyticPhantom(shape: shape, order: 1, seed: 5)
    #expect(phantom.zeta(stimulus: 0, .shapley) == phantom.zeta(stimulus: 0, .banzhaf))
  }

  @Test("make models that cut at the scanned tensor and are affine at order one only", arguments: all)
  func models(shape: AnalyticPhantom.Shape, order: Int) throws {
    let phantom = AnalyticPhantom(shape: shape, order: order, seed: 42)
    let model = try Model(bytes: phantom.model.serialized(), folder: nil)
    let input = try #require(model.inputs.first)
    #expect(input.name == AnalyticPhantom.inputName && model.inputs.count == 1)
    #expect(input.dimensions?.dropFirst().elementsEqual(shape.stimulusShape.map { .fixed($0) }) == true)
    #expect(model.layerCandidates().map(\.tensor).contains(AnalyticPhantom.scannedTensor))
    let cut = try model.cut(at: AnalyticPhantom.scannedTensor, reading: AnalyticPhantom.outputName)
    #expect(cut.sideInputs.isEmpty)
    #expect(cut.isAffine == (order == 1))
  }

  @Test("hand out stimuli of the model's input shape", arguments: AnalyticPhantom.Shape.allCases)
  func stimuli(shape: AnalyticPhantom.Shape) throws {
    let phantom = AnalyticPhantom(shape: shape, order: 1, seed: 42)
    let stimuli = phantom.stimuli(count: 5)
    #expect(stimuli.count == 5 && stimuli.inputs[0].shape == shape.stimulusShape)
    #expect(stimuli.labels == [0, 0, 0, 0, 0])
    let units = try stimuli.floats(stimulus: 3)
    #expect(units.contains { $0 < 0 } && units.contains { $0 > 1 })
    #expect(try phantom.stimuli(count: 4).floats(stimulus: 3) == units)
  }
}
