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

extension Cut {
  /// The tensors whose shapes `adjoint(of:shapes:types:)` needs: all that the suffix reads and writes.
  package var adjointTensors: [String] {
    let types = suffix.elementTypes()
    var seen: Set<String> = []
    return ([tensor] + suffix.proto.graph.node.flatMap { $0.input + $0.output } + [output]).filter { name in
      !name.isEmpty && suffix.index.contains(name) && !suffix.index.isWeight(name) && types[name] != .noTensor
        && types[name] != .string && seen.insert(name).inserted
    }
  }

  /// The suffix with everything readable that `adjoint(of:shapes:types:)` has to know the shape of.
  package var observation: Model { suffix.exposing(adjointTensors) }

  /// The adjoint graph of the suffix.
  ///
  /// Where the batch lies on the first axis of all tensors the graph takes any number of rows; in general it takes the
  /// number that the shapes were seen at.
  ///
  /// - Parameters:
  ///   - value: what is read of the output.
  ///   - shapes: by tensor, what a run of `observation` with a batch shows. The batch should hold two rows or more, so
  ///     that what is repeated over rows can be told from what isn't.
  ///   - types: element types found by running the model; they override what the graph declares.
  /// - Throws: `Undifferentiable` with the operator that has no rule.
  /// - Cost: linear in the graph's size; weights are shared.
  package func adjoint(
    of value: AdjointValue, shapes: [String: [Int]], types: [String: ElementType] = [:]
  ) throws(Undifferentiable) -> AdjointNetwork {
    var rewrite = AdjointRewrite(self, shapes: shapes, types: types)
    return try rewrite.run(value)
  }
}
