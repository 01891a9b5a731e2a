import Lesion
import ModelGraph
import ScanPlan
import Shapley
import Testing
import UserErrors

/// Another estimator, or index, for what a scan measured.
@Suite("Another analysis of a scan") struct EstimatorChoiceTests {
  /// A plan whose layers were designed for estimators that were named.
  private func plan(_ estimators: [EstimatorName]) -> ScanPlan {
    ScanPlan(
      modelDigest: "m", dataDigest: "d", preparation: ModelPreparation(), batch: 4,
      readout: Readout(output: "logits", tensor: "logits", shape: [3], classAxis: 0, link: .softmax, value: .logit),
      stimulusCount: 5, donorCount: 0, rowsPerShard: 8,
      layers: estimators.enumerated().map { number, estimator in
        ScanPlan.Layer(
          number: number, tensor: "t\(number)", operatorType: "Relu", shape: [1, 4],
          axes: GridAxes(height: [], width: [], channels: [1]), layout: "N,C", layoutReason: "", kind: "activation",
          kindReason: "", elementTypes: [:], grid: [1, 1, 4], regionCount: 4, design: estimator.design, budget: 20,
          designRows: 20, rows: 20, batch: 4, suffixCostShare: 1,
          evaluationCost: 1)
      }, refusals: [], notes: [], residentBytes: 0)
  }

  private func choices(
    _ plan: ScanPlan, _ estimator: EstimatorName?, index: ValueIndex? = nil, measured: ValueIndex = .shapley
  ) throws(Failure) -> [EstimatorChoice] {
    var measurement = MeasurementOptions()
    measurement.index = measured
    var analysis = AnalysisOptions()
    analysis.estimator = estimator
    analysis.index = index
    return try plan.estimators(measurement, analysis)
  }

  @Test("Derivatives of a layer fit 2 GB, unless the least passes don't", arguments: [4, 256, 16_384, 65_536], [1, 64, 10_000])
  func storedDerivatives(regions: Int, stimuli: Int) {
    var layer = plan([.gradient]).layers[0]
    layer.regionCount = regions
    let most = layer.mostStoredPasses(stimuli: stimuli)
    let least = GradientDesign.minimumPassCount(players: regions)
    #expect(most.isMultiple(of: 2) && most >= least)
    func bytes(_ passes: Int) -> Int { 4 * passes * (1 + regions) * stimuli }
    #expect(most == least || bytes(most) <= 2 << 30 && bytes(most + 2) > 2 << 30)
  }

  @Test("A layer says that storage bounds its passes only where it does")
  func storageNote() {
    var layer = plan([.gradient]).layers[0]
    #expect(layer.storageNote(passes: 96, stimuli: 64) == nil)
    layer.regionCount = 65_536
    #expect(layer.storageNote(passes: 16, stimuli: 64) == nil)
    #expect(layer.storageNote(passes: 96, stimuli: 64)?.contains("--samples") == true)
    #expect(layer.storageNote(passes: .max, stimuli: 64) == nil)
  }

  @Test("leaves layers whose ζ are exact as they are, where others take it")
  func exactLayersKeepTheirs() throws {
    let choices = try choices(plan([.regression, .exact, .affine, .leverage]), .leverage)
    #expect(choices.map(\.name) == [.leverage, .exact, .affine, .leverage])
    #expect(choices.map { $0.reason == "It was asked for." } == [true, false, false, true])
  }

  @Test("enumerates what is cheap: few regions and stimuli of small networks")
  func cheap() {
    func isCheap(_ players: Int, _ stimuli: Int, _ cost: Double) -> Bool {
      EstimatorName.isCheaplyEnumerated(players: players, stimuli: stimuli, evaluationCost: cost)
    }
    #expect(isCheap(10, 256, 500) && isCheap(14, 40, 500) && isCheap(4, 256, 1e6))
    #expect(!isCheap(17, 1, 0), "A game of so many regions can't be enumerated.")
    #expect(!isCheap(10, 256, 4e7) && !isCheap(16, 10_000, 0))
  }

  @Test("needs none: each layer has one that its design is for", arguments: EstimatorName.allCases)
  func automatic(estimator: EstimatorName) throws {
    let choice = try choices(plan([estimator]), nil)[0]
    #expect(choice.name.design == estimator.design)
  }

  @Test("is refused with the layer's name where a layer can't take it")
  func misfits() {
    for (estimators, wanted, layer) in [
      ([EstimatorName.regression, .permutation], EstimatorName.leverage, "layer_1 (t1)"),
      ([.exact, .affine], .affine, "layer_0 (t0)"), ([.regression], .exact, "layer_0 (t0)"),
    ] {
      let error = #expect(throws: Failure.self) { try choices(plan(estimators), wanted) }
      #expect(error?.exitStatus == .usage && error?.message.contains(layer) == true, "\(String(describing: error))")
    }
  }

  @Test("by gradients is what a scan that asked for them chose and exact layers are, but nothing of values of one that didn't")
  func gradients() throws {
    var tried = plan([.regression, .exact, .affine])
    tried.layers[0].gradients = GradientFinding(reason: "Measured by values, since gradients are curved.")
    #expect(try choices(tried, .gradient).map(\.name) == [.regression, .exact, .affine])
    #expect(try choices(plan([.exact, .affine]), .gradient).map(\.name) == [.exact, .affine])
    // Probes that turned a layer down turn it down only where gradients weren't asked for.
    #expect(throws: Failure.self) { try tried.check(hasDerivativesFor: .gradient) }
    try plan([.exact, .regression]).check(hasDerivativesFor: .regression)
    try plan([.exact, .affine]).check(hasDerivativesFor: .gradient)
    let error = #expect(throws: Failure.self) { try plan([.exact, .regression]).check(hasDerivativesFor: .gradient) }
    #expect(error?.exitStatus == .usage && error?.message.contains("layer_1 (t1)") == true, "\(String(describing: error))")
  }

  @Test("takes another index only where all layers were measured whole")
  func otherIndex() throws {
    _ = try choices(plan([.exact, .affine]), nil, index: .banzhaf)
    _ = try choices(plan([.regression]), nil, index: .banzhaf, measured: .banzhaf)
    let error = #expect(throws: Failure.self) { try choices(plan([.exact, .regression]), nil, index: .banzhaf) }
    #expect(error?.message.contains("layer_1 (t1)") == true && error?.message.contains("--index banzhaf") == true)
  }
}

@Suite("Options") struct OptionTests {
  @Test("of analysis are no part of a scan's identity")
  func identity() {
    var request = ScanRequest(model: "m", data: "d", output: "o")
    let before = request.measurement.byName
    request.analysis.confidence = 0.99
    request.analysis.estimator = .cubic
    request.resources.cacheBytes = 1
    request.run.checkpointInterval = 1
    #expect(request.measurement.byName == before)
    request.measurement.seed = 7
    #expect(request.measurement.byName != before)
  }

  @Test("name the confidence that decides what is measured only where it does")
  func stoppingConfidence() {
    var options = MeasurementOptions()
    options.stoppingConfidence = 0.9
    #expect(options.byName["confidence"] == nil)
    options.tolerance = 10
    #expect(options.byName["confidence"] == "0.9")
  }

  @Test("give many stimuli fewer samples each, and every window of a stream 64 a region")
  func standardSamples() {
    var options = MeasurementOptions()
    #expect([8, 64, 128, 10_000].map { options.standardSamples(regions: 256, stimuli: $0) } == [16, 16, 8, 4])
    #expect(options.standardSamples(regions: 8, stimuli: 10_000) == 16)
    for (windowStimuli, samples) in [(1, 16.0), (4, 16), (10, 7), (32, 4), (256, 4)] {
      options.stream = StreamRequest()
      options.stream?.windowStimuli = windowStimuli
      #expect(options.standardSamples(regions: 256, stimuli: 5000) == samples)
    }
  }
}
