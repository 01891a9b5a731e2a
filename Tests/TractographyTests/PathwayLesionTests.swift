import Anatomy
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing
import Tractography

/// Lesions of several layers at once, against plain arithmetic that lesions one tensor after the other.
@Suite struct `Lesions of pathways` {
  private static let stimulusCount = 3

  private func check(
    _ network: SmallNetwork, layers: [String], output: String, batch: Int, replacement: Float?
  ) throws {
    let runtime = try TestRuntime.make()
    let stimuli = try network.stimuli(Self.stimulusCount)
    let bench = try ConnectionBench(model: network.model, stimuli: stimuli, runtime: runtime)
    let evaluator = PlainEvaluator(network)
    let shapes = try layers.map { try bench.observed($0, stimulus: 0).shape }
    let grids = try shapes.map {
      Grid(GridSize(height: 2, width: 2, channels: 2), over: try TensorGeometry(shape: $0))
    }
    let lesion = try PathwayLesion(
      model: network.model,
      layers: zip(zip(layers, shapes), grids).map {
        PathwayLesion.Layer(tensor: $0.0, shape: $0.1, regions: RegionMap($1))
      },
      reading: output, batch: batch, replaces: replacement != nil, runtime: runtime, session: Session.Options())
    var pathways = [layers.map { _ in PathwayLesion.intact }]
    for first in 0..<grids[0].regionCount { pathways.append(grids.map { (first * 3 + 1) % $0.regionCount }) }
    let replacements = try shapes.map { shape in
      let tensor = try Tensor(runtime: runtime, shape: shape)
      for unit in 0..<tensor.count { tensor.floats[unit] = replacement ?? 0 }
      return tensor
    }
    var pauses = 0
    let values = try lesion.values(
      of: pathways, replacements: replacement == nil ? [] : replacements, feed: bench.feed(2), pause: { pauses += 1 }
    ) { $0[1] }
    #expect(values.count == pathways.count && pauses == (pathways.count + batch - 1) / batch)
    #expect(Set(values).count > 2)

    let inputs = try network.plainInputs(2, of: Self.stimulusCount)
    for (pathway, value) in zip(pathways, values) {
      var changes: [String: (PlainEvaluator.Value) -> PlainEvaluator.Value] = [:]
      for (layer, region) in pathway.enumerated() where region != PathwayLesion.intact {
        let regions = grids[layer].regionOfUnit()
        changes[layers[layer]] = { value in
          var value = value
          for unit in regions.indices where regions[unit] == UInt32(region) {
            value.elements[unit] = Double(replacement ?? 0)
          }
          return value
        }
      }
      let expected = evaluator.run(inputs, replacing: changes)[output]!.elements[1]
      #expect(abs(Double(value) - expected) < 1e-5 * max(abs(expected), 1), "\(pathway)")
    }
  }

  @Test(arguments: [1, 4], [nil, 0.7 as Float?])
  func `lesion every layer that they lead through`(_ batch: Int, _ replacement: Float?) throws {
    try check(
      .residual, layers: ["stem", "inner", "block"], output: "logits", batch: batch, replacement: replacement)
    try check(.perceptron, layers: ["first", "second"], output: "logits", batch: batch, replacement: replacement)
  }
}
