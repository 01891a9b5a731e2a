/// A graph cut in two at a tensor.
///
/// Running `prefix` and feeding what it gives to `suffix` gives `output` as the whole model does; putting another
/// value in the tensor's place gives the lesioned output, and only the suffix runs again.
package struct Cut: Sendable {
  /// Where the graph is cut.
  package let tensor: String

  /// The tensor that is read at the suffix's end.
  package let output: String

  /// What the tensor and the side inputs need. Outputs: `tensor`, then the side inputs in order.
  package let prefix: Model

  /// What lies downstream of the tensor and upstream of the output. Inputs: `tensor`, then the side inputs in order;
  /// output: `output`. Without operators where `tensor` is `output`.
  package let suffix: Model

  /// What the suffix reads besides the tensor and weights, in the order in which it is first read.
  package let sideInputs: [SideInput]

  /// The first operator, as "type name", that is not affine in the tensor; `nil` if the suffix is affine.
  package let firstNonlinearOperator: String?

  /// By name: the element types of what the suffix is fed.
  package var elementTypes: [String: ElementType] {
    Dictionary(
      suffix.proto.graph.input.map { ($0.name, ElementType(rawValue: $0.type.tensorType.elemType)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Whether output(Σ wᵢ·aᵢ) = Σ wᵢ·output(aᵢ) for Σ wᵢ = 1, side inputs held.
  package var isAffine: Bool { firstNonlinearOperator == nil }
}

extension Cut {
  /// The same cut, whose suffix declares how long the vectors are that follow from shapes alone.
  ///
  /// ONNX Runtime 1.32 takes sizes that a Resize reads for none where a part of them comes in a vector of unknown length, and
  /// doesn't load the suffix.
  ///
  /// - Parameter shapes: of the tensor and the side inputs, in order.
  package func declaringSizes(fedWith shapes: [[Int]]) -> Cut {
    guard suffix.contains(operator: "Resize") else { return self }
    var sizes: [String: [Int]] = [:]
    for (side, shape) in zip(sideInputs, shapes.dropFirst()) where !side.dependsOnData && shape.count == 1 {
      sizes[side.name] = shape
    }
    return Cut(
      tensor: tensor, output: output, prefix: prefix, suffix: suffix.declaringInputs(of: sizes), sideInputs: sideInputs,
      firstNonlinearOperator: firstNonlinearOperator)
  }
}

/// A value that passes the cut beside the tensor: a skip connection, a mask, a shape.
package struct SideInput: Sendable, Hashable {
  package let name: String
  package let elementType: ElementType

  /// False where it follows only from shapes: such a value is the same for all stimuli and depends on the batch size,
  /// so take it from a prefix run at the suffix's own batch size.
  package let dependsOnData: Bool

  package init(name: String, elementType: ElementType, dependsOnData: Bool) {
    self.name = name
    self.elementType = elementType
    self.dependsOnData = dependsOnData
  }
}
