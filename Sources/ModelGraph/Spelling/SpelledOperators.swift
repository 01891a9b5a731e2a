/// Operators of a network that are several in one, written in ordinary ones: what derivatives and magnitudes pass where an operator
/// has no rule of its own.
package struct SpelledOperators: Sendable {
  /// An operator in ordinary ones.
  struct Spelling: Sendable {
    /// In order.
    var nodes: [Onnx_NodeProto]
    /// For each output of the operator the tensor that the nodes give for it; `nil` for one that nothing reads.
    var results: [String?]
  }

  /// By the operator's first output.
  var spellings: [String: Spelling] = [:]

  /// By the first output of an operator that isn't written out: why, as the end of "operator X has …".
  var refusals: [String: String] = [:]

  /// What the nodes read besides the operators' inputs.
  var weights: [Onnx_TensorProto] = []

  package init() {}

  /// Whether there is nothing to put in place.
  package var isEmpty: Bool { spellings.isEmpty }

  /// None of them, for the same reason.
  package func refused(_ reason: String) -> SpelledOperators {
    var result = self
    for output in spellings.keys { result.refusals[output] = reason }
    (result.spellings, result.weights) = ([:], [])
    return result
  }
}

extension Model {
  /// The operators that can be written in ordinary ones.
  ///
  /// - Parameters:
  ///   - shapes: of tensors, as a run shows them. An operator with an operand of unknown shape stays.
  ///   - types: found by running the model; they override what the graph declares.
  /// - Cost: linear in the graph's size.
  package func spelledOperators(shapes: [String: [Int]], types: [String: ElementType] = [:]) -> SpelledOperators {
    var result = SpelledOperators()
    var writing: OperatorSpelling?
    for node in proto.graph.node where OperatorSpelling.knows(node) && !node.isComposite(in: self) {
      guard let name = node.output.first, !name.isEmpty else { continue }
      if writing == nil {
        writing = OperatorSpelling(self, shapes: shapes, types: elementTypes().merging(types) { $1 })
      }
      do throws(OperatorSpelling.Refusal) {
        result.spellings[name] = try writing!.spell(node)
      } catch {
        result.refusals[name] = error.reason
      }
    }
    result.weights = writing?.weights ?? []
    return result
  }

  /// The same, of operators whose shapes were observed.
  package func spelledOperators(observed: ObservedShapes) -> SpelledOperators { spelledOperators(shapes: observed.shapes) }

  /// The same network with ordinary operators in the place of those; what they give keeps its names.
  package func spellingOut(_ operators: SpelledOperators) -> Model {
    guard !operators.isEmpty else { return self }
    var graph = proto.graph
    graph.node = graph.node.flatMap { node in
      guard let spelling = node.output.first.flatMap({ operators.spellings[$0] }) else { return [node] }
      return spelling.nodes
        + zip(spelling.results, node.output).compactMap { result, output in
          result.map { Onnx_NodeProto("Identity", [$0], [output], [:]) }
        }
    }
    graph.initializer += operators.weights
    return replacingGraph(graph)
  }
}

extension Cut {
  /// The cut with ordinary operators in its suffix.
  package func spellingOut(_ operators: SpelledOperators) -> Cut {
    Cut(
      tensor: tensor, output: output, prefix: prefix, suffix: suffix.spellingOut(operators), sideInputs: sideInputs,
      firstNonlinearOperator: firstNonlinearOperator)
  }
}
