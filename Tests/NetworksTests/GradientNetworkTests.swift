import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing

@Suite struct `A network under fractional masks` {
  private static let networks = SmallNetwork.all

  @Test(arguments: networks, LesionKind.allCases)
  func `has the derivatives that its values have`(_ network: SmallNetwork, _ lesion: LesionKind) throws {
    let bench = try Bench(network)
    for tensor in bench.tensors {
      let gradients = try bench.gradients(tensor, lesion: lesion)
      try gradients.begin(Self.series(lesion))
      let regions = try bench.grid(tensor).regionCount
      var random = WeightGenerator(seed: 17)
      let mask = (0..<regions).map { _ in Float.random(in: 0.2...0.8, using: &random) }
      let here = try gradients.passes(at: mask, donors: [0])
      // A kink may lie inside of a step, but hardly inside of both.
      let sides = try [Float(0.004), -0.004].map { step in
        try (0..<regions).map { region in
          var changed = mask
          changed[region] += step
          let value = try gradients.passes(at: changed, donors: [0]).values[0]
          return Double(value - here.values[0]) / Double(changed[region] - mask[region])
        }
      }
      let scale = sides[0].map(abs).max()!
      let error = (0..<regions).map { region in
        sides.map { abs($0[region] - Double(here.derivatives[region])) }.min()!
      }.max()!
      #expect(error <= 0.02 * scale + 2e-4, "\(tensor): \(error) of \(scale)")
    }
  }

  @Test(arguments: networks, LesionKind.allCases)
  func `paints corners as coalitions are painted, and gives their values`(
    _ network: SmallNetwork, _ lesion: LesionKind
  ) throws {
    let bench = try Bench(network)
    for tensor in bench.tensors {
      let gradients = try bench.gradients(tensor, lesion: lesion)
      let plain = try bench.lesioned(tensor, lesion: lesion)
      try gradients.begin(Self.series(lesion))
      try plain.begin(Self.series(lesion))
      let regions = try bench.grid(tensor).regionCount
      for coalition in Coalition.samples(of: regions, drawn: 3).prefix(8) {
        let expected = try plain.values(of: [coalition], donors: [1])
        #expect(try gradients.values(of: [coalition], donors: [1]) == expected)
        let mask = (0..<regions).map { coalition[$0] ? Float(1) : 0 }
        let value = try gradients.passes(at: mask, donors: [1]).values[0]
        #expect(abs(value - expected[0]) <= 1e-5 * max(1, abs(expected[0])), "\(tensor)")
      }
    }
  }

  @Test func `gives the same bytes whatever else is in the batch, after other series too`() throws {
    let bench = try Bench(.residual)
    let regions = try bench.grid("inner").regionCount
    var random = WeightGenerator(seed: 4)
    let masks = (0..<3).map { _ in (0..<regions).map { _ in Float.random(in: 0...1, using: &random) } }
    func result(_ order: [Int], in network: GradientNetwork) throws -> [[UInt32]] {
      let passes = try network.passes(at: order.flatMap { masks[$0] })
      return order.indices.map { row in
        ([passes.values[row]] + passes.derivatives[(row * regions)..<((row + 1) * regions)]).map(\.bitPattern)
      }
    }
    let (first, second) = (try bench.gradients("inner"), try bench.gradients("inner"))
    try first.begin(LesionedNetwork.Series(stimulus: 1, target: 2))
    try second.begin(LesionedNetwork.Series(stimulus: 3, target: 0))
    _ = try result([0, 1], in: second)
    try second.begin(LesionedNetwork.Series(stimulus: 1, target: 2))
    let all = try result([0, 1, 2], in: first)
    let reversed = try result([2, 1, 0], in: second)
    #expect(all == reversed.reversed())
    let alone = try result([1], in: second)
    #expect(alone == [all[1]])
  }

  @Test func `has derivatives that add up to the effect where the network is affine`() throws {
    let bench = try Bench(.residual)
    let gradients = try bench.gradients("pooled")
    let regions = try bench.grid("pooled").regionCount
    try gradients.begin(LesionedNetwork.Series(stimulus: 2, target: 1))
    let intact = try gradients.passes(at: [Float](repeating: 1, count: regions))
    let lesioned = try gradients.passes(at: [Float](repeating: 0, count: regions))
    let total = intact.derivatives.reduce(0, +)
    #expect(abs(total - (intact.values[0] - lesioned.values[0])) < 1e-4)
  }

  private static func series(_ lesion: LesionKind) -> LesionedNetwork.Series {
    LesionedNetwork.Series(stimulus: 1, target: 0, donors: lesion.servesOtherStimuli ? [] : [0, 2])
  }
}

extension Bench {
  func gradients(
    _ tensor: String, lesion: LesionKind = .zero, value: ValueFunction = .logit, freezing frozen: FrozenTensor? = nil
  ) throws -> GradientNetwork {
    try GradientNetwork(
      cut: survey.model.cut(at: tensor, reading: survey.readTensor, types: survey.elementTypes, freezing: frozen), feed: feed,
      stimulus: 0,
      configuration: LesionedNetwork.Configuration(
        mask: RegionMask(grid(tensor)),
        reader: OutputReader(
          shape: survey.outputShape, value: value, link: survey.link, position: nil, channelsLast: false),
        batch: batch(3), lesion: lesion, restingActivations: resting(tensor, lesion).map(Float.init),
        session: Session.Options(), cacheBytes: 1 << 20),
      value: AdjointValue(
        shape: survey.outputShape, value: value, link: survey.link, position: nil, channelsLast: false))
  }
}
