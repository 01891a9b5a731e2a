import ModelGraph
import Testing

@Suite struct `Freeing the batch axis` {
  private func targets(_ model: Model) -> [[Int64]] {
    model.proto.graph.node.filter { $0.opType == "Reshape" }.map { node in
      model.proto.graph.initializer.first { $0.name == node.input[1] }!.int64Data
    }
  }

  @Test func `rewrites inputs, outputs and the targets that hold the batch`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [1, 3, 4, 4])
    net.builder.weight("flat", [2], [Int64(1), 48])
    net.builder.weight("heads", [3], [Int64(12), 2, 2])
    net.builder.weight("open", [2], [Int64(1), -1])
    net.add("Reshape", "x", "flat", to: "a")
    net.add("Reshape", "a", "heads", to: "b")
    net.add("Reshape", "a", "open", to: "c")
    net.add("Neg", "c", to: "y")
    net.builder.output("y", [1, 48])
    let freed = try #require(net.model.freeingBatchAxis())
    #expect(freed.inputs[0].dimensions?.first == .named("N"))
    #expect(freed.outputs[0].dimensions?.first == .named("N"))
    #expect(targets(freed) == [[-1, 48], [-1, 2, 2], [0, -1]])
  }

  @Test func `repeats a class token along the batch`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [1, 4, 8])
    net.builder.weight("token", [1, 1, 8], [Float](repeating: 0, count: 8))
    net.add("Concat", "token", "x", to: "y", ["axis": .int(1)])
    net.builder.output("y", [1, 5, 8])
    let freed = try #require(net.model.freeingBatchAxis())
    let join = try #require(freed.proto.graph.node.last)
    #expect(join.input[0] != "token")
    #expect(freed.proto.graph.node.contains { $0.opType == "Expand" && $0.input[0] == "token" })
  }

  @Test func `follows the batch through layouts to a recurrent state`() throws {
    var net = Networks.Writer()
    net.builder.input("x", [1, 6, 3])
    net.builder.weight("zeros", [1, 1, 4], [Float](repeating: 0, count: 4))
    net.add("Transpose", "x", to: "time_first", ["perm": .ints([1, 0, 2])])
    let (w, r) = (net.weight(), net.weight())
    net.builder.node("LSTM", ["time_first", w, r, "", "", "zeros"], ["y"], ["hidden_size": .int(4)])
    net.builder.output("y", [6, 1, 1, 4])
    let freed = try #require(net.model.freeingBatchAxis())
    let recurrent = try #require(freed.proto.graph.node.last)
    #expect(recurrent.input[5] != "zeros")
    #expect(freed.outputs[0].dimensions == nil)
  }

  @Test func `leaves a network alone whose batch is free`() {
    #expect(Networks.residual(blocks: 2).freeingBatchAxis() == nil)
    #expect(Networks.transformer(layers: 1, normalisesFirst: true).freeingBatchAxis() == nil)
  }
}

@Suite struct `The readout` {
  private func network(ending: [(String, [String: GraphBuilder.Attribute])]) -> Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    var x = net.add("MatMul", "x", net.weight(), to: "logits")
    for (place, step) in ending.enumerated() { x = net.add(step.0, x, to: "y\(place)", step.1) }
    net.builder.output(x, [nil, 4])
    return net.model
  }

  @Test(arguments: [
    (["Softmax"], OutputSource.Activation.softmax), (["LogSoftmax", "Identity"], .logSoftmax),
    (["Sigmoid", "Flatten"], .sigmoid), (["Softmax", "Reshape"], .softmax), (["Sigmoid", "Clip", "Identity"], .sigmoid),
  ])
  func `is the tensor before the activation`(ending: [String], activation: OutputSource.Activation) {
    let model = network(ending: ending.map { ($0, [:]) })
    let readout = model.source(ofOutput: model.outputs[0].name)
    #expect(readout.tensor == "logits")
    #expect(readout.activation == activation)
  }

  @Test(arguments: [["Neg"], ["Softmax", "Neg"], ["Relu", "Flatten"], ["Clip"], ["Tanh", "Clip"]])
  func `is the output where no activation ends the graph`(ending: [String]) {
    let model = network(ending: ending.map { ($0, [:]) })
    let output = model.outputs[0].name
    #expect(model.source(ofOutput: output) == OutputSource(tensor: output, activation: nil))
  }

  @Test(
    arguments: [
      ([("Squeeze", [:]), ("ArgMax", ["axis": .int(1)])], nil), ([("ArgMax", ["axis": .int(1)])], 1),
      ([("Cast", ["to": .int(1)]), ("ArgMax", ["axis": .int(-1)])], -1),
      ([("Transpose", ["perm": .ints([0, 2, 3, 1])]), ("ArgMax", ["axis": .int(3)])], 1),
      ([("Transpose", ["perm": .ints([0, 2, 3, 1])]), ("TopK", [:])], 1), ([("Transpose", [:]), ("TopK", [:])], 0),
      ([("Flatten", [:]), ("TopK", ["axis": .int(1)])], nil),
    ] as [([(String, [String: GraphBuilder.Attribute])], Int?)])
  func `has an axis of classes that is counted where it is read`(
    _ ending: [(String, [String: GraphBuilder.Attribute])], _ axis: Int?
  ) {
    let model = network(ending: [("Sigmoid", [:])] + ending)
    let readout = model.source(ofOutput: model.outputs[0].name)
    #expect(readout.tensor == "logits" && readout.activation == .sigmoid)
    #expect(readout.classAxis == axis)
  }

  @Test func `sees a softmax that is spelled out`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("MatMul", "x", net.weight(), to: "logits")
    net.add("ReduceMax", "logits", to: "max")
    net.add("Sub", "logits", "max", to: "shifted")
    net.add("Exp", "shifted", to: "exp")
    net.add("ReduceSum", "exp", to: "sum")
    net.add("Div", "exp", "sum", to: "y")
    net.builder.output("y", [nil, 4])
    let source = net.model.source(ofOutput: "y")
    #expect(source.tensor == "logits" && source.activation == .softmax)
    #expect(source.summedAxes == [] && source.axesTogether(shape: [1, 4]) == [1])
  }

  @Test(
    arguments: [
      (1, [1, 3, 4], [1, 2]), (1, [1, 3, 1], [1]), (1, [1, 1, 4], [2]), (-1, [1, 3, 4], [2]), (2, [1, 3, 4, 5], [2, 3]),
      (1, [1, 4], [1]), (0, [1, 4], [1]), (3, [1, 4], nil),
    ] as [(Int, [Int], [Int]?)])
  func `knows what an old softmax compares together`(_ axis: Int, _ shape: [Int], _ together: [Int]?) {
    let source = OutputSource(tensor: "logits", activation: .softmax, classAxis: axis, coversLaterAxes: true)
    #expect(source.axesTogether(shape: shape) == together)
    #expect(OutputSource(tensor: "logits", activation: .softmax, classAxis: axis).axesTogether(shape: shape) == nil)
  }
}

@Suite struct `Forward costs` {
  @Test func `count multiplications and additions of products and elements of the rest`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4, 8, 8])
    net.builder.weight("grouped", [6, 2, 3, 3], [Float](repeating: 0, count: 108))
    net.builder.weight("dense", [384, 10], [Float](repeating: 0, count: 3840))
    net.add("Conv", "x", "grouped", to: "c", ["group": .int(2)])
    net.add("Relu", "c", to: "r")
    net.add("Flatten", "r", to: "f")
    net.add("MatMul", "f", "dense", to: "y")
    net.builder.output("y", [nil, 10])
    let costs = net.model.forwardCosts(shapes: [
      "x": [2, 4, 8, 8], "c": [2, 6, 8, 8], "r": [2, 6, 8, 8], "f": [2, 384], "y": [2, 10],
    ])
    // Two images: 6 x 8 x 8 outputs that sum over 2 x 3 x 3 inputs each, then as many elements, then 10 sums over 384.
    let expected: [Double] = [27_648, 768, 0, 15_360]
    #expect(costs == expected)
    let shares = net.model.suffixCostShares(of: ["x", "f", "y"], reading: "y", costs: costs)
    #expect(shares["x"] == 1)
    #expect(shares["f"] == costs[3] / costs.reduce(0, +))
    #expect(shares["y"] == 0)
  }

  @Test func `count what trees and support vectors hold, for each row`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("TreeEnsembleRegressor", "x", to: "y", ["nodes_values": .floats([Float](repeating: 1, count: 500))])
    net.builder.output("y", [nil, 1])
    var proto = net.model.proto
    proto.graph.node[0].domain = "ai.onnx.ml"
    var splits = Onnx_AttributeProto()
    splits.name = "nodes_splits"
    splits.t.dims = [100]
    proto.graph.node[0].attribute.append(splits)
    #expect(Model(proto: proto).forwardCosts(shapes: ["x": [3, 4], "y": [3, 1]]) == [1803])
  }

  @Test func `are numbers whatever dimensions a file claims`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4, 8, 8])
    net.builder.weight("kernel", [6, 2, 3, 3], [Float](repeating: 0, count: 108))
    net.add("Conv", "x", "kernel", to: "c")
    net.add("MatMul", "c", "kernel", to: "y")
    net.builder.output("y", [nil, 10])
    var proto = net.model.proto
    for weight in proto.graph.initializer.indices { proto.graph.initializer[weight].dims = [.max, .max, .max, .max] }
    let model = Model(proto: proto)
    let costs = model.forwardCosts(shapes: ["c": [.max, .max], "y": [1, 10]])
    #expect(costs.allSatisfy { $0 >= 0 } && costs[0] > 1e30)
  }
}

@Suite struct `A recurrent operator of a damaged file` {
  @Test(
    arguments: [["x", "", "r"], ["x", "w", ""], ["", "w", "r"], ["x", "w"], ["x", "w", "r", "", "", "", "", "p"]],
    [4, 0, -1, Int.max])
  func `stays as it is where it can't be written step by step`(_ inputs: [String], _ size: Int) throws {
    var net = GraphBuilder(name: "damaged")
    net.input("x", [nil, 1, 3])
    net.node("LSTM", inputs, ["y"], ["hidden_size": .int(size)])
    net.output("y", [nil, 1, 1, 4])
    let model = Model(proto: net.model)
    #expect(model.recurrentInputs().isEmpty)
    #expect(model.unrollingRecurrence(shapes: ["x": [5, 1, 3], "": [5, 1, 3]]).proto == model.proto)
  }
}
