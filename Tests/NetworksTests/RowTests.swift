import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing

extension NetworkKind {
  /// A hidden layer [N, 8], something between, and scores.
  fileprivate static func between(
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

  /// A Loop that halves what it is given, three times or until the sum is small.
  static func rounds(byValue: Bool) -> NetworkKind {
    between("that goes round \(byValue ? "until" : "so often")") { net, hidden in
      var body = GraphBuilder(name: "round")
      body.input("number", [], type: .int64)
      body.input("goes", [], type: .bool)
      body.input("given", [nil, 8])
      body.weight("half", [], [Float(0.5)])
      body.weight("bound", [], [Float(1)])
      body.node("Mul", ["given", "half"], ["made"])
      body.node("ReduceSum", ["made"], ["sum_made"], ["keepdims": .int(0)])
      body.node("Greater", ["sum_made", "bound"], ["is_large"])
      body.node("Identity", [byValue ? "is_large" : "goes"], ["goes_on"])
      body.output("goes_on", [], type: .bool)
      body.output("made", [nil, 8])
      let yes = net.add("Greater", [net.number(2), net.number(1)], to: "yes")
      return net.builder.node(
        "Loop", [net.constant([3], isScalar: true), yes, hidden], ["middle"], ["body": .graph(body.graph)])
    }
  }

  static let normalised = between("that divides by a sum") { net, hidden in
    net.add("Div", [hidden, net.add("ReduceSum", [hidden, net.constant([1])], to: "sums")], to: "middle")
  }

  /// A mean over the batch that moves scores which are much smaller than another.
  static let faintMean = NetworkKind("that takes a faint mean over the batch") { net in
    net.builder.input("x", [nil, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let mean = net.add("ReduceMean", [hidden], to: "mean", ["axes": .ints([0])])
    let scores = net.add("MatMul", [net.add("Sub", [hidden, mean], to: "middle"), net.weight(8, 4)], to: "scores")
    net.builder.weight("large", [4], [Float(1e5), 0, 0, 0])
    net.add("Add", [scores, "large"], to: "logits")
    net.builder.output("logits", [nil, 4])
  }

  /// The number of each row of the batch, [N]: 0, 1, 2, ...
  private static func rowNumbers(_ net: inout Writer) -> String {
    let length = net.add("Gather", [net.add("Shape", ["x"], to: "shape"), net.constant([0], isScalar: true)], to: "length")
    return net.add("Range", [net.constant([0], isScalar: true), length, net.constant([1], isScalar: true)], to: "numbers")
  }

  /// Rows that are taken by their numbers, which follow from the input's shape.
  static let numbered = between("whose rows are numbered") { net, hidden in
    net.add("Gather", [hidden, rowNumbers(&net)], to: "middle", ["axis": .int(0)])
  }

  /// Of each row the halves around a place that the input tells, by row number and place, as a pooled token is taken.
  static let pooledByNumber = between("that takes a place of each row") { net, hidden in
    let place = net.add("ArgMax", [net.add("Abs", ["x"], to: "size")], to: "place", ["axis": .int(1), "keepdims": .int(1)])
    let half = net.add("Mod", [place, net.constant([2])], to: "half")
    let number = net.add("Unsqueeze", [rowNumbers(&net), net.constant([1])], to: "number")
    let index = net.add("Concat", [number, half], to: "index", ["axis": .int(1)])
    let halves = net.add("Reshape", [hidden, net.constant([-1, 2, 4])], to: "halves")
    let taken = net.add("GatherND", [halves, index], to: "taken")
    return net.add("Concat", [taken, taken], to: "middle", ["axis": .int(1)])
  }

  static let batchMean = between("that takes a mean over the batch") { net, hidden in
    net.add("Sub", [hidden, net.add("ReduceMean", [hidden], to: "mean", ["axes": .ints([0])])], to: "middle")
  }
}

extension NetworkKind {
  static let scaledByBatch = between("quantised as it runs") { net, hidden in
    net.builder.node("DynamicQuantizeLinear", [hidden], ["levels", "scale", "zero"])
    return net.builder.node("DequantizeLinear", ["levels", "scale", "zero"], ["middle"])
  }

  static let scaledForGood = between("quantised") { net, hidden in
    let zero = net.add("Cast", [net.constant([0], isScalar: true)], to: "zero", ["to": .int(2)])
    let scale = net.number(0.05)
    let levels = net.add("QuantizeLinear", [hidden, scale, zero], to: "levels")
    return net.add("DequantizeLinear", [levels, scale, zero], to: "middle")
  }
}

@Suite struct `Rows of a batch` {
  /// The network behind "hidden", and coalitions of its regions.
  private func network(_ kind: NetworkKind, batch: Int) throws -> (network: LesionedNetwork, coalitions: [Coalition]) {
    let bench = try KindBench(kind)
    let layer = try #require(bench.layer("hidden"))
    let grid = try bench.grid(layer)
    // As if the survey, which compares two intact stimuli, had seen nothing.
    let network = try LesionedNetwork(
      cut: bench.survey.model.cut(at: "hidden", reading: bench.survey.readTensor, types: bench.survey.elementTypes),
      feed: bench.feed, stimulus: 0,
      configuration: LesionedNetwork.Configuration(
        mask: RegionMask(grid), reader: OutputReader(bench.survey.readout), batch: batch, lesion: .zero,
        session: Session.Options(), cacheBytes: 1 << 20))
    return (network, LesionedNetwork.mixedCoalitions(regions: grid.regionCount, count: 8))
  }

  private func check(_ kind: NetworkKind, batch: Int = 8) throws -> LesionedNetwork.RowCheck {
    let (network, coalitions) = try network(kind, batch: batch)
    return try network.checkRows(
      against: self.network(kind, batch: 1).network, stimulus: 0, coalitions: Array(coalitions.prefix(batch)))
  }

  @Test(arguments: [1, 3, 8])
  func `are no numbers where the network divides by what is lesioned`(_ batch: Int) throws {
    let (divided, coalitions) = try network(.normalised, batch: batch)
    #expect(try !divided.isFinite(stimulus: 0, coalitions: coalitions))
    #expect(try divided.isFinite(stimulus: 0, coalitions: [coalitions[0]]))
    #expect(try network(.rowwise, batch: batch).network.isFinite(stimulus: 0, coalitions: coalitions))
  }

  @Test func `are apart in a network without traffic between them`() throws {
    #expect(try check(.rowwise).deviation < 1e-5)
  }

  @Test(arguments: [NetworkKind.decided, .batchMean])
  func `that change each other are found out`(_ kind: NetworkKind) throws {
    #expect(try check(kind).deviation > 1e-2)
  }

  @Test(arguments: [2, 3, 5, 8])
  func `that change each other are found out beside a large score`(_ batch: Int) throws {
    let check = try check(.faintMean, batch: batch)
    #expect(check.deviation < 1e-3 && check.influence > 1e-2)
  }

  @Test(arguments: [NetworkKind.rowwise, .numbered, .pooledByNumber, .scaledForGood])
  func `don't depend on what else is in the batch`(_ kind: NetworkKind) throws {
    let check = try check(kind)
    #expect(check.influence == 0 && check.deviation < 1e-5)
  }

  @Test func `go one way where an If or a Loop is steered by what they hold`() throws {
    func operatorSteered(_ kind: NetworkKind) throws -> String? {
      try kind.model().operatorSteered(by: ["hidden"], reading: "logits")
    }
    #expect(try operatorSteered(.decided)?.hasPrefix("If ") == true)
    #expect(try KindBench(.decided).survey.operatorSteered != nil)
    for kind in [NetworkKind.rowwise, .batchMean, .branches] { #expect(try operatorSteered(kind) == nil, "\(kind)") }
    for (kind, isSteered) in [(NetworkKind.rounds(byValue: true), true), (.rounds(byValue: false), false)] {
      #expect(try operatorSteered(kind)?.hasPrefix("Loop ") == (isSteered ? true : nil), "\(kind)")
    }
  }

  @Test(arguments: [1, 2, 3, 7, 100], [1, 2, 8, 16])
  func `are tried with coalitions of all sizes`(_ regions: Int, _ count: Int) {
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: count)
    #expect(coalitions.count == count)
    if regions == 100 { #expect(Set(coalitions).count == count) }
  }

  /// Scales that follow from all rows of a batch change what its rows are rounded to; fixed ones don't.
  @Test(arguments: [(NetworkKind.scaledByBatch, false), (.scaledForGood, true)])
  func `are found to change each other through a scale that they share`(_ kind: NetworkKind, _ areApart: Bool) throws {
    let bench = try KindBench(kind)
    #expect(bench.survey.preparation.isQuantized)
    #expect(bench.survey.takesBatches == areApart)
    let (network, coalitions) = try network(kind, batch: 8)
    let deviation = try network.checkRows(against: network, stimulus: 0, coalitions: coalitions).deviation
    #expect((deviation <= bench.survey.preparation.rowTolerance) == areApart, "\(deviation)")
  }
}
