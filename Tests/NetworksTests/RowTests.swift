          session: Session.Options(), cacheBytes: 1 << 20))
          stencil: Stencil(grid), reader: OutputReader(bench.survey.readout), batch: batch, lesion: .zero,
        configuration: LesionedNetwork.Configuration(
        cut: bench.survey.model.cut(at: "hidden", reading: bench.survey.readTensor, types: bench.survey.elementTypes),
        feed: bench.feed, stimulus: 0,
      "If", [isSmall], ["middle"], ["then_branch": .graph(body("then", "Neg")), "else_branch": .graph(body("else", "Exp"))])
      body.node(operatorType, [hidden], [name + "_out"])
      body.output(name + "_out", [nil, 8])
      coalitions: LesionedNetwork.mixedCoalitions(regions: grid.regionCount, count: 8))
      from: network(1), stimulus: 0,
      let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
      net.add("MatMul", [middle(&net, hidden), net.weight(8, 4)], to: "logits")
      net.builder.input("x", [nil, 6])
      net.builder.output("logits", [nil, 4])
      return body.graph
      try LesionedNetwork(
      var body = GraphBuilder(name: name)
    #expect(coalitions.count == count)
    #expect(try deviation(.rowwise) < 1e-5)
    #expect(try deviation(kind) > 1e-2)
    // As if the survey, which compares two intact stimuli, had seen nothing.
    _ name: String, _ middle: @escaping @Sendable (inout Writer, String) -> String
    func body(_ name: String, _ operatorType: String) -> Onnx_GraphProto {
    func network(_ batch: Int) throws -> LesionedNetwork {
    if regions == 100 { #expect(Set(coalitions).count == count) }
    let bench = try KindBench(kind)
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: count)
    let grid = try bench.grid(layer)
    let isSmall = net.add("Less", [mean, net.number(0.2)], to: "is_small")
    let layer = try #require(bench.layer("hidden"))
    let mean = net.add("ReduceMean", [hidden], to: "mean", ["keepdims": .int(0)])
    net.add("Sub", [hidden, net.add("ReduceMean", [hidden], to: "mean", ["axes": .ints([0])])], to: "middle")
    NetworkKind(name) { net in
    return net.builder.node(
    return try network(8).rowDeviation(
    }
  ) -> NetworkKind {
  /// A hidden layer [N, 8], something between, and scores.
  @Test func `are apart in a network without traffic between them`() throws {
  @Test(arguments: [1, 2, 3, 7, 100], [1, 2, 8, 16])
  @Test(arguments: [NetworkKind.decided, .batchMean])
  func `are tried with coalitions of all sizes`(_ regions: Int, _ count: Int) {
  func `that change each other are found out`(_ kind: NetworkKind) throws {
  private func deviation(_ kind: NetworkKind) throws -> Double {
  private static func between(
  static let batchMean = between("that takes a mean over the batch") { net, hidden in
  static let decided = between("in which a batch decides") { net, hidden in
  static let rowwise = between("whose rows are apart") { net, hidden in net.add("Sigmoid", [hidden], to: "middle") }
  }
@Suite struct `Rows of a batch` {
extension NetworkKind {
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing
}
