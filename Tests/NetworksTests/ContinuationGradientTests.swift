import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing

@Suite struct `The loss of a continuation` {
  @Test(
    arguments: [
      (.sequence, .softmax), (.sequence, .sigmoid), (.sequence, .distribution), (.segmenter, .softmax), (.segmenter, .sigmoid),
    ] as [(SmallNetwork, OutputReader.Link)])
  func `is derived as its values say`(_ network: SmallNetwork, _ link: OutputReader.Link) throws {
    let bench = try Bench(network)
    var readout = bench.survey.readout
    (readout.value, readout.link) = (.continuation("next"), link)
    let positions = readout.shape.reduce(1, *) / 3
    readout.continuation = (0..<Bench.stimulusCount).map { stimulus in
      (0..<positions).map { $0 % 5 == 1 ? -100 : ($0 + stimulus) % 3 }
    }
    for tensor in bench.tensors.suffix(2) {
      let cut = try bench.survey.model.cut(at: tensor, reading: bench.survey.readTensor, types: bench.survey.elementTypes)
      let grid = try bench.grid(tensor)
      let configuration = LesionedNetwork.Configuration(
        mask: RegionMask(grid), reader: try OutputReader(readout), batch: 3, lesion: .zero, session: Session.Options(),
        cacheBytes: 1 << 20)
      let gradients = try GradientNetwork(
        cut: cut, feed: bench.feed, stimulus: 0, configuration: configuration, value: try AdjointValue(readout))
      for stimulus in [0, 3] {
        try gradients.begin(LesionedNetwork.Series(stimulus: stimulus, target: 0))
        let mask = (0..<grid.regionCount).map { 0.35 + 0.3 * Float($0 % 2) }
        let here = try gradients.passes(at: mask)
        var (scale, worst) = (0.0, 0.0)
        for region in mask.indices {
          let errors = try [Float(0.01), -0.01].map { step in
            var changed = mask
            changed[region] += step
            let value = try gradients.passes(at: changed).values[0]
            let slope = Double(value - here.values[0]) / Double(changed[region] - mask[region])
            scale = max(scale, abs(slope))
            return abs(slope - Double(here.derivatives[region]))
          }
          worst = max(worst, errors.min()!)
        }
        #expect(scale > 0 && worst <= 0.03 * scale + 1e-3, "\(tensor): \(worst) of \(scale)")
      }
    }
  }
}
