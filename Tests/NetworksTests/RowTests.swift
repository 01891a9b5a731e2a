import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing

extension NetworkKind {
  /// A hidden layer [N, 8], something between, and scores.
  private static func between(
    _ name: String, _ middle: @escaping @Sendable (inout Writer, String) -> String
  ) -> NetworkKind {
    NetworkKind(name) { net in
      net.builder.input("x", [nil, 6])
      let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
      net.add("MatMul", [middle(&net, hidden), net.weight(8, 4)], to: "logits")
      net.builder.output("logits", [nil, 4])
    }
  }

  static let rowwise = between("whose rows are apart") { net, hidden in net.add("Sigmoid", [hidden], to: "middle") }

  static let decided = between("in which a batch decides") { net, hidden in
    let mean = net.add("ReduceMean", [hidden], to: "mean", ["keepdims": .int(0)])
    let isSmall = net.add("Less", [mean, net.number(0.2)], to: "is_small")
    func body(_ name: String, _ operatorType: String) -> Onnx_GraphProto {
      var body = GraphBuilder(name: name)
      body.node(operatorType, [hidden], [name + "_out"])
      body.output(name + "_out", [nil, 8])
      return body.graph
    }
    return net.builder.node(
      "If", [isSmall], ["middle"], ["then_branch": .graph(body("then", "Neg")), "else_branch": .graph(body("else", "Exp"))])
  }

  static let batchMean = between("that takes a mean over the batch") { net, hidden in
    net.add("Sub", [hidden, net.add("ReduceMean", [hidden], to: "mean", ["axes": .ints([0])])], to: "middle")
  }
}

@Suite struct `Rows of a batch` {
  private func deviation(_ kind: NetworkKind) throws -> Double {
    let bench = try KindBench(kind)
    let layer = try #require(bench.layer("hidden"))
    let grid = try bench.grid(layer)
    // As if the survey, which compares two intact stimuli, had seen nothing.
    func network(_ batch: Int) throws -> LesionedNetwork {
      try LesionedNetwork(
        cut: bench.survey.model.cut(at: "hidden", reading: bench.survey.readTensor, types: bench.survey.elementTypes),
        feed: bench.feed, stimulus: 0,
        configuration: LesionedNetwork.Configuration(
          mask: RegionMask(grid), reader: OutputReader(bench.survey.readout), batch: batch, lesion: .zero,
          session: Session.Options(), cacheBytes: 1 << 20))
    }
    return try network(8).rowDeviation(
      from: network(1), stimulus: 0,
      coalitions: LesionedNetwork.mixedCoalitions(regions: grid.regionCount, count: 8))
  }

  @Test func `are apart in a network without traffic between them`() throws {
    #expect(try deviation(.rowwise) < 1e-5)
  }

  @Test(arguments: [NetworkKind.decided, .batchMean])
  func `that change each other are found out`(_ kind: NetworkKind) throws {
    #expect(try deviation(kind) > 1e-2)
  }

  @Test(arguments: [1, 2, 3, 7, 100], [1, 2, 8, 16])
  func `are tried with coalitions of all sizes`(_ regions: Int, _ count: Int) {
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: count)
    #expect(coalitions.count == count)
    if regions == 100 { #expect(Set(coalitions).count == count) }
  }
}
