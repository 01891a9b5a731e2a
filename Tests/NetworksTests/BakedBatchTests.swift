import Grids
import Lesion
import ModelGraph
import Networks
import TestSupport
import Testing

@Suite struct `A batch that was baked in` {
  private static let kinds: [(kind: @Sendable (Int?) -> NetworkKind, layers: [String])] = [
    ({ .exported(with: $0) }, ["sum", "hidden"]), ({ .recurrent(with: $0) }, ["turned", "steps", "joined"]),
    ({ .grey(with: $0) }, ["conv", "hidden", "all"]), ({ .folded(with: $0) }, ["hidden", "kept", "all"]),
  ]

  @Test(arguments: [1, 2, KindBench.stimulusCount, 5], kinds.indices)
  func `is freed, and the scores of lesioned layers are those of a network of any batch`(_ length: Int, _ place: Int) throws {
    let (kind, layers) = Self.kinds[place]
    let baked = try KindBench(kind(length))
    let free = try KindBench(kind(nil))
    #expect(baked.survey.takesBatches)
    #expect(baked.survey.preparation.bakedBatch == (length > 1 ? length : nil))
    for tensor in layers {
      let networks = try [baked, free].map { bench in
        try bench.lesioned(try #require(bench.layer(tensor)))
      }
      let regions = try baked.grid(try #require(baked.layer(tensor))).regionCount
      for stimulus in 0..<KindBench.stimulusCount {
        let target = kind(length).description.hasPrefix("exported") ? 1 : 0
        for network in networks { try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target)) }
        for coalition in LesionedNetwork.mixedCoalitions(regions: regions, count: 4) {
          let values = try networks.map { try $0.values(of: [coalition])[0] }
          #expect(abs(values[0] - values[1]) <= 1e-5 * max(1, abs(values[1])))
        }
      }
    }
  }

  @Test func `of rows that differ is refused in words`() throws {
    let states = try #require(throws: LesionError.self) {
      try KindBench(.recurrent(with: 3) { rows in (0..<8 * rows).map { Float($0) / 10 } })
    }
    #expect(states.message.contains("has a batch of 3 baked in and doesn't run with one of 1"), "\(states)")
    let added = NetworkKind("with an offset for each row") { net in
      net.builder.input("x", [3, 6])
      net.add("MatMul", [net.add("Add", ["x", net.weight(3, 6)], to: "sum"), net.weight(6, 2)], to: "logits")
      net.builder.output("logits", [3, 2])
    }
    let offsets = try #require(throws: LesionError.self) { try KindBench(added) }
    #expect(
      offsets.message.contains("has a batch of 3 baked in, and with one of 1 in its place it gives something else"), "\(offsets)")
  }

  @Test func `is found beside an axis of 1 by the stimuli, and not where these lie along that`() throws {
    var net = GraphBuilder(name: "time first")
    net.input("x", [5, 1, 6])
    net.input("h0", [1, 1, 6])
    net.node(
      "GRU", ["x", net.random("w", [1, 18, 6]), net.random("r", [1, 18, 6]), "", "", "h0"], ["y"], ["hidden_size": .int(6)])
    net.output("y", [5, 1, 1, 6])
    let model = Model(proto: net.model, label: "kind.onnx")
    #expect(model.bakedBatch(feeding: ["x": [5, 6]], count: 3) == nil)
    #expect(model.bakedBatch(feeding: ["x": [1, 6]], count: 5) == nil)
    let grey = Model(proto: NetworkKind.grey(with: 5).proto(), label: "kind.onnx")
    for count in [3, 5] {
      #expect(grey.bakedBatch(feeding: ["x": [1, 4, 4]], count: count) == 5)
      #expect(grey.bakedBatch(feeding: ["x": [5, 4, 4]], count: count) == nil)
    }
  }

  @Test func `of declared states lies along their own axis`() throws {
    var net = GraphBuilder(name: "states")
    net.input("x", [3, 4])
    net.input("h0", [2, 3, 6])
    net.node("Unsqueeze", ["x", net.integers("zero", [0])], ["one"])
    net.node(
      "GRU", ["one", net.random("w", [2, 18, 4]), net.random("r", [2, 18, 6]), "", "", "h0"], ["y"],
      ["hidden_size": .int(6), "direction": .string("bidirectional")])
    net.node(
      "Squeeze", [net.node("ReduceSum", ["y", net.integers("axes", [0, 1])], ["sum"], ["keepdims": .int(0)])], ["scores"])
    net.output("scores", [3, 6])
    let model = Model(proto: net.model, label: "kind.onnx")
    #expect(model.bakedBatch(feeding: ["x": [4]]) == 3)
    #expect(model.bakedBatch(feeding: ["x": [4], "h0": [2, 6]]) == 3)
    let short = model.replacingBakedBatch(3)
    #expect(short.inputs.map(\.dimensions) == [[.fixed(1), .fixed(4)], [.fixed(2), .fixed(1), .fixed(6)]])
  }

  @Test func `is a length of the network's own where each stimulus brings it`() throws {
    let model = Model(proto: NetworkKind.exported(with: 5).proto(), label: "kind.onnx")
    #expect(model.bakedBatch(feeding: ["x": [6]]) == 5)
    #expect(model.bakedBatch(feeding: ["x": [5, 6]]) == nil)
    #expect(model.bakedBatch(feeding: [:]) == nil)
  }
}
