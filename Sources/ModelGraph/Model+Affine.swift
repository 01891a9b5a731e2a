extension Model {
  /// The first operator of the suffix that is not affine in the tensor, as "type name"; `nil` if all are.
  ///
  /// The tensor may pass through value inputs only: where it decides an index, a shape or a condition, or is
  /// multiplied by something that follows from it too, the operator is not affine. Operators outside the standard,
  /// calls of functions and bodies are taken for not affine.
  func firstNonlinearOperator(in suffix: [Int], from tensor: Int) -> String? {
    var follows: Set<Int> = [tensor]
    let functions = Set(proto.functions.map(\.name))
    for number in suffix {
      let node = proto.graph.node[number]
      if index.readsOnlyShape[number] || !index.reads[number].contains(where: follows.contains) { continue }
      let positions = node.input.indices.filter { position in
        index.numbers[node.input[position]].map(follows.contains) ?? false
      }
      let isAffine =
        node.isStandard && !functions.contains(node.opType) && node.subgraphs.isEmpty
        && self.isAffine(node, in: positions)
      guard isAffine else { return node.name.isEmpty ? node.opType : "\(node.opType) \(node.name)" }
      follows.formUnion(index.writes[number])
    }
    return nil
  }

  /// Whether an operator is affine in the inputs at `positions` jointly.
  private func isAffine(_ node: Onnx_NodeProto, in positions: [Int]) -> Bool {
    switch node.opType {
    case "Add", "Sub", "Sum", "Mean", "Neg", "Concat":
      true
    case "Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Gather",
      "GatherElements", "GatherND", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "AveragePool",
      "GlobalAveragePool", "ReduceMean", "ReduceSum", "CumSum", "Trilu", "ReverseSequence", "Upsample", "Div", "Pad":
      positions == [0]
    case "Resize":
      positions == [0]
        && node.attribute("coordinate_transformation_mode")?.s.elementsEqual("tf_crop_and_resize".utf8) != true
    case "Dropout":
      positions == [0] && node.input(at: 2) == nil
    case "BatchNormalization":
      positions == [0] && (node.integer("training_mode") ?? 0) == 0 && node.output.dropFirst().allSatisfy(\.isEmpty)
    case "Cast":
      positions == [0] && node.elementType("to")?.isFloat ?? false
    case "Where":
      !positions.contains(0)
    case "ScatterElements", "ScatterND":
      !positions.contains(1)
        && ["none", nil].contains(node.attribute("reduction").map { String(decoding: $0.s, as: UTF8.self) })
    case "Mul", "MatMul", "Einsum":
      positions.count == 1
    case "Gemm", "Conv", "ConvTranspose":
      !(positions.contains(0) && positions.contains(1))
    default:
      false
    }
  }
}
