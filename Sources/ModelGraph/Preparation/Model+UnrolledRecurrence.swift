extension Model {
  /// Steps that a recurrent operator is unrolled over at most: the graph gets a dozen operators for each.
  package static let mostUnrolledSteps = 256

  /// The LSTM, GRU and RNN operators that can be written as a step after the other, by what they read: all that have a known
  /// number of steps and the operators' own activations, without peepholes, clipping or sequences that end early.
  ///
  /// - Parameter fixed: tensors that follow from shapes alone, besides those of which the graph itself tells it.
  package func recurrentInputs(fixed: Set<String> = []) -> [String] {
    proto.graph.node.filter { RecurrenceRewrite.canUnroll($0, in: self, fixed: fixed) }.map { $0.input[0] }
  }

  /// The same network with recurrent operators written as MatMul, Sigmoid, Tanh and the like, step by step; what they give
  /// keeps its names.
  ///
  /// - Parameter shapes: of `recurrentInputs`, as a run shows them. An operator without one, or with more steps than
  ///   `mostUnrolledSteps`, stays.
  /// - Cost: linear in the graph's size and the number of steps; weights are shared.
  package func unrollingRecurrence(shapes: [String: [Int]], fixed: Set<String> = []) -> Model {
    var rewrite = RecurrenceRewrite(self)
    var nodes: [Onnx_NodeProto] = []
    for node in proto.graph.node {
      if RecurrenceRewrite.canUnroll(node, in: self, fixed: fixed), let steps = shapes[node.input[0]]?.first,
        1...Self.mostUnrolledSteps ~= steps
      {
        rewrite.unroll(node, steps: steps)
        nodes += rewrite.takeNodes()
      } else {
        nodes.append(node)
      }
    }
    guard nodes.count != proto.graph.node.count else { return self }
    var graph = proto.graph
    graph.node = nodes
    graph.initializer += rewrite.weights
    return replacingGraph(graph)
  }

  /// The same, of operators whose shapes were observed.
  package func unrollingRecurrence(observed: ObservedShapes) -> Model { unrollingRecurrence(shapes: observed.shapes) }
}

extension Cut {
  /// The cut with recurrent operators of its suffix written step by step; `nil` where it has none that can be.
  ///
  /// - Parameter shapes: what a run of `observation` shows.
  package func unrollingRecurrence(shapes: [String: [Int]]) -> Cut? {
    let fixed = fixedTensors
    guard !suffix.recurrentInputs(fixed: fixed).isEmpty else { return nil }
    let unrolled = suffix.unrollingRecurrence(shapes: shapes, fixed: fixed)
    guard unrolled.proto.graph.node.count != suffix.proto.graph.node.count else { return nil }
    return Cut(
      tensor: tensor, output: output, prefix: prefix, suffix: unrolled, sideInputs: sideInputs,
      firstNonlinearOperator: firstNonlinearOperator)
  }
}

extension OperatorTraits {
  /// Why magnitudes and derivatives don't pass an operator that has no rule.
  static func lackOfRule(_ node: Onnx_NodeProto) -> String {
    node.isStandard && recurrent.contains(node.opType)
      ? "operator \(node.label) isn't unrolled: it has more than \(Model.mostUnrolledSteps) steps, or activations, peepholes or lengths of its own"
      : "operator \(node.label) has no rule"
  }
}
