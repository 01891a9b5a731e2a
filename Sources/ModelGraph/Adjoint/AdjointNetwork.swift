/// A graph of ordinary operators that gives a value v of a network and its derivative by a layer, for a batch of rows.
///
/// It is the part of the network downstream of the layer, the value written as operators at its end, and the chain rule
/// from there back to the layer: every operator's vector-Jacobian product (Griewank and Walther, *Evaluating
/// Derivatives*, 2008, reverse mode). Nothing is derived by weights or by what passes the layer on its side, so a pass
/// costs about two plain ones.
package struct AdjointNetwork: Sendable {
  /// Inputs: the cut tensor, the side inputs in order, then `target`. Outputs: the tensor that is read, `value`,
  /// `gradient`.
  package let model: Model

  /// The input that names the class whose score v is made of: int64, one for all rows or one a row.
  package let target: String

  /// The tensor that is read, as the network itself gives it.
  package let output: String

  /// The output that holds v; [rows].
  package let value: String

  /// The output that holds ∂v/∂x, of the cut tensor's shape and type.
  package let gradient: String

  /// What a user of the derivatives should know, such as roundings that were passed straight through.
  package let notes: [String]

  /// The first operator by which the value may jump: one that makes numbers or truths of the layer that change in steps, or picks the largest;
  /// `nil` where there is none. Quantisation, which derivatives pass straight through, is none.
  package let decision: String?

  /// The same graph, declaring that inputs have these shapes and no others.
  package func declaringInputs(of shapes: [String: [Int]]) -> AdjointNetwork {
    AdjointNetwork(
      model: model.declaringInputs(of: shapes), target: target, output: output, value: value, gradient: gradient, notes: notes,
      decision: decision)
  }

  /// The same graph for one class, without the input that names it.
  package func fixing(target number: Int) -> AdjointNetwork {
    var proto = model.proto
    proto.graph.input.removeAll { $0.name == target }
    var tensor = Onnx_TensorProto()
    tensor.name = target
    tensor.dims = [1]
    tensor.dataType = ElementType.int64.rawValue
    tensor.int64Data = [Int64(number)]
    if model.index.consumers(of: target) != [] { proto.graph.initializer.append(tensor) }
    return AdjointNetwork(
      model: Model(proto: proto, folder: model.folder, label: model.label), target: target, output: output, value: value,
      gradient: gradient, notes: notes, decision: decision)
  }
}

/// Why the derivative by a layer can't be written: an operator without a rule, or no way but through whole numbers.
package struct Undifferentiable: Error, Sendable, Equatable, CustomStringConvertible {
  /// The operator in the way, with the name of its node; `nil` where no single one is.
  package let operation: String?

  /// What is in the way, as the end of "no gradient, since …".
  package let reason: String

  package init(_ reason: String, operation: String? = nil) {
    self.reason = reason
    self.operation = operation
  }

  package var description: String { reason }
}

/// What a run of a suffix with a batch shows of its tensors.
package struct ObservedTensors: Sendable {
  /// By tensor.
  package var shapes: [String: [Int]] = [:]
  /// By tensor; they override what the graph declares.
  package var types: [String: ElementType] = [:]
  /// By tensor of int32 or int64: its elements, where there are few. What follows from weights and shapes alone is taken
  /// for what it was.
  package var integers: [String: [Int]] = [:]
  /// The suffix's operators that were observed written in ordinary ones; the derivative passes those.
  package var spelled = SpelledOperators()

  package init() {}
}

/// A graph whose run shows what `adjoint(of:observed:)` has to know.
///
/// Of floats only shapes are given, so that the run needs no more memory than one that gives the output alone.
package struct Observation: Sendable {
  package let model: Model
  /// By output that is a tensor's shape: the tensor. The other outputs are tensors themselves.
  package let shapes: [String: String]
}

extension Cut {
  /// The suffix, made to show all that it reads and writes, and what it gives.
  package var observation: Observation {
    let types = suffix.elementTypes()
    var names = FreshNames(in: suffix, stem: "shape_of_tensor")
    var builder = GraphBuilder(name: "")
    var shapes: [String: String] = [:]
    var outputs: [String] = []
    // Only of what the standard defines are types known before the run.
    let foreign = Set(suffix.proto.graph.node.filter { !$0.isStandard }.flatMap(\.output))
    var seen: Set<String> = []
    for tensor in [tensor] + suffix.proto.graph.node.flatMap({ $0.input + $0.output }) + [output]
    where !tensor.isEmpty && suffix.index.contains(tensor) && !suffix.index.isWeight(tensor) && seen.insert(tensor).inserted {
      let type = types[tensor]
      if type == .noTensor || type == .string { continue }
      guard let type, type.isFloat, !foreign.contains(tensor), tensor != output else {
        outputs.append(tensor)
        continue
      }
      let shape = names.next()
      builder.node("Shape", [tensor], [shape])
      shapes[shape] = tensor
      outputs.append(shape)
    }
    var graph = suffix.proto.graph
    // ONNX Runtime begins with what leads to the last node that nobody reads. Seen in this order, a tensor's shape is taken as
    // soon as it is there, and the tensor needn't be kept.
    graph.node += builder.graph.node.reversed()
    return Observation(model: suffix.replacingGraph(graph).exposing(outputs), shapes: shapes)
  }

  /// The adjoint graph of the suffix.
  ///
  /// The graph takes the number of rows that was observed. It takes any other, too, where the axes that count rows are
  /// the only ones whose lengths the observed number divides.
  ///
  /// - Parameters:
  ///   - value: what is read of the output.
  ///   - observed: what a run of `observation` with a batch showed. The batch should hold two rows or more, so that what
  ///     is repeated over rows can be told from what isn't.
  /// - Throws: `Undifferentiable` with the operator that has no rule.
  /// - Cost: linear in the graph's size; weights are shared.
  package func adjoint(of value: AdjointValue, observed: ObservedTensors) throws(Undifferentiable) -> AdjointNetwork {
    var rewrite = AdjointRewrite(self, observed: observed)
    return try rewrite.run(value)
  }

  /// The suffix's tensors that follow from weights and shapes alone, those that pass the cut included.
  var fixedTensors: Set<String> {
    let index = suffix.index
    var fixed = Set(sideInputs.filter { !$0.dependsOnData }.map(\.name))
    for number in index.order {
      let isFixed = index.reads[number].allSatisfy { index.dependence[$0] != .data || fixed.contains(index.names[$0]) }
      for tensor in index.writes[number] where isFixed || index.dependence[tensor] != .data {
        fixed.insert(index.names[tensor])
      }
    }
    return fixed
  }
}
