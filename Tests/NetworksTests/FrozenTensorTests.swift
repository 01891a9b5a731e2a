import Grids
import Lesion
import ModelGraph
import Networks
import TestSupport
import Testing

/// A layer lesioned with a later tensor frozen, against plain arithmetic that puts the tensor's intact value in.
@Suite struct `A network with a frozen tensor` {
  struct Path: Sendable, CustomStringConvertible {
    let network: SmallNetwork
    let layer: String
    let frozen: String
    /// Whether all that the layer does goes through the tensor.
    var isMediator = false

    var description: String { "\(layer) around \(frozen) of \(network)" }
  }

  static let paths = [
    // The branch; the other way is the skip.
    Path(network: .residual, layer: "stem", frozen: "inner"), Path(network: .residual, layer: "stem", frozen: "outer"),
    Path(network: .residual, layer: "stem", frozen: "block", isMediator: true),
    Path(network: .residual, layer: "inner_sum", frozen: "outer", isMediator: true),
    Path(network: .perceptron, layer: "first", frozen: "second", isMediator: true),
    Path(network: .sequence, layer: "stream", frozen: "weights"), Path(network: .sequence, layer: "stream", frozen: "mixed"),
    Path(network: .sequence, layer: "attention", frozen: "hidden"),
    Path(network: .stubbornSequence, layer: "stream", frozen: "projected"),
    Path(network: .tokens, layer: "embedded", frozen: "flat", isMediator: true),
  ]

  /// Every third unit, or all.
  private func frozen(_ bench: Bench, _ path: Path, isWhole: Bool) -> FrozenTensor {
    let shape = bench.survey.layers.first { $0.candidate.tensor == path.frozen }!.shape
    return FrozenTensor(
      tensor: path.frozen, shape: shape, isFrozen: (0..<shape.reduce(1, *)).map { isWhole || $0 % 3 == 1 })
  }

  @Test(arguments: paths, [true, false])
  func `has the values of plain arithmetic`(_ path: Path, isWhole: Bool) throws {
    let bench = try Bench(path.network)
    let frozen = frozen(bench, path, isWhole: isWhole)
    let lesioned = try bench.lesioned(path.layer, freezing: frozen)
    let grid = try bench.grid(path.layer)
    let coalitions = Coalition.samples(of: grid.regionCount)
    for stimulus in [1, 3] {
      try lesioned.begin(LesionedNetwork.Series(stimulus: stimulus, target: 0))
      let values = try bench.values(lesioned, coalitions)
      let intact = try bench.plain(stimulus)
      let zeros = [Double](repeating: 0, count: intact[path.layer]!.elements.count)
      for (value, coalition) in zip(values, coalitions) {
        let reference = bench.evaluator.run(
          try path.network.plainInputs(stimulus, of: Bench.stimulusCount),
          replacing: [
            path.layer: { $0.lesioned(by: grid, intact: coalition, zeros) },
            path.frozen: { lesioned in
              var mixed = lesioned
              for unit in mixed.elements.indices where isWhole || unit % 3 == 1 {
                mixed.elements[unit] = intact[path.frozen]!.elements[unit]
              }
              return mixed
            },
          ])
        let score = PlainReading(reference, of: bench).scores[0]
        #expect(abs(Double(value) - score) < 2e-5 * max(1, abs(score)), "stimulus \(stimulus)")
      }
      // Nothing goes around a tensor that all goes through: not even the last bit changes.
      if path.isMediator, isWhole { #expect(values.allSatisfy { $0 == values[0] }) }
    }
  }

  @Test(arguments: paths.filter { !$0.isMediator }, [true, false])
  func `has the derivatives that its values have`(_ path: Path, isWhole: Bool) throws {
    let bench = try Bench(path.network)
    let frozen = frozen(bench, path, isWhole: isWhole)
    let gradients = try bench.gradients(path.layer, freezing: frozen)
    let plain = try bench.lesioned(path.layer, freezing: frozen)
    let series = LesionedNetwork.Series(stimulus: 2, target: 0)
    try gradients.begin(series)
    try plain.begin(series)
    let regions = try bench.grid(path.layer).regionCount
    for coalition in Coalition.samples(of: regions, drawn: 2).suffix(3) {
      #expect(try gradients.values(of: [coalition]) == plain.values(of: [coalition]))
    }
    var random = WeightGenerator(seed: 17)
    let mask = (0..<regions).map { _ in Float.random(in: 0.2...0.8, using: &random) }
    let here = try gradients.passes(at: mask)
    var (scale, worst) = (0.0, 0.0)
    for region in 0..<regions {
      // A kink may lie inside of a step, but hardly inside of both.
      let errors = try [Float(0.004), -0.004].map { step in
        var changed = mask
        changed[region] += step
        let slope = Double(try gradients.passes(at: changed).values[0] - here.values[0]) / Double(changed[region] - mask[region])
        scale = max(scale, abs(slope))
        return abs(slope - Double(here.derivatives[region]))
      }
      worst = max(worst, errors.min()!)
    }
    #expect(scale > 0 && worst <= 0.02 * scale + 2e-4, "\(worst) of \(scale)")
  }
}
