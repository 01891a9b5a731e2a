@testable import ModelGraph

/// What axes count, of graphs whose shapes at a batch of one are given.
struct LayoutGraph {
  var builder = GraphBuilder(name: "layouts", opset: 13)
  var shapes: [String: [Int]] = [:]
  /// Tensors whose first axis doesn't count stimuli.
  var withoutStimuli: Set<String> = []

  init(_ shape: [Int]) {
    builder.input("x", [nil] + shape.dropFirst().map { $0 })
    shapes["x"] = shape
  }

  mutating func weight(_ name: String, _ shape: [Int]) {
    builder.weight(name, shape, [Float](repeating: 1, count: shape.reduce(1, *)))
  }

  mutating func add(
    _ type: String, _ inputs: [String], _ output: String, _ shape: [Int], _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) {
    builder.node(type, inputs, [output], attributes)
    shapes[output] = shape
  }

  /// LayerNormalization as tf2onnx writes it: with GlobalAveragePool where the axis is the last of three.
  mutating func layerNormalization(_ input: String, _ output: String) {
    let shape = shapes[input]!
    let name = { (part: String) in "\(output)_\(part)" }
    let short = Array(shape.dropLast()) + [1]
    weight(name("scale"), [1, 1, shape.last!])
    weight(name("epsilon"), [])
    add("GlobalAveragePool", [input], name("mean"), short)
    add("Neg", [name("mean")], name("negated"), short)
    add("Sub", [input, name("mean")], name("centred"), shape)
    add("Mul", [name("centred"), name("centred")], name("squares"), shape)
    add("GlobalAveragePool", [name("squares")], name("variance"), short)
    add("Add", [name("variance"), name("epsilon")], name("above"), short)
    add("Sqrt", [name("above")], name("deviation"), short)
    add("Reciprocal", [name("deviation")], name("inverse"), short)
    add("Mul", [name("inverse"), name("scale")], name("slope"), shape)
    add("Mul", [input, name("slope")], name("scaled"), shape)
    add("Mul", [name("negated"), name("slope")], name("shift"), shape)
    add("Add", [name("scaled"), name("shift")], output, shape)
  }

  func inference(classAxes: [String: Int] = [:]) -> LayoutInference {
    var builder = builder
    builder.output(builder.graph.node.last!.output[0], [nil])
    return LayoutInference(
      of: Model(proto: builder.model, label: "layouts"), shapes: shapes,
      batchAxes: shapes.filter { !withoutStimuli.contains($0.key) }.mapValues { _ in 0 }, classAxes: classAxes)
  }

  func layout(of tensor: String, classAxes: [String: Int] = [:]) -> TensorLayoutFinding {
    inference(classAxes: classAxes).layout(
      of: TensorView(tensor: tensor, elementType: .float, batch: .first, shape: shapes[tensor]!))
  }

  func channels(of tensor: String) -> [Int]? { layout(of: tensor).axes?.channels }
}
