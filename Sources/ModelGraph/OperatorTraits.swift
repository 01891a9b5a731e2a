/// What is known of ONNX operators by their names, as far as cutting and choosing layers need it.
///
/// An operator that is not listed is taken for an opaque function of all its inputs.
enum OperatorTraits {
  /// Whether the outputs follow from the shape of the first input and not from its values.
  static func readsOnlyShape(_ node: Onnx_NodeProto) -> Bool {
    node.isStandard && ["Shape", "Size", "EyeLike"].contains(node.opType)
  }

  /// Whether two runs on equal inputs differ.
  static func isRandom(_ node: Onnx_NodeProto) -> Bool {
    node.isStandard
      && ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"]
        .contains(node.opType)
  }

  /// Whether the values of the inputs decide how large the outputs are.
  static func findsShapeInData(_ node: Onnx_NodeProto) -> Bool {
    node.isStandard && ["NonZero", "Unique", "Compress", "NonMaxSuppression", "Loop"].contains(node.opType)
  }

  /// The inputs that give a shape, a count or a range.
  static func shapePositions(_ node: Onnx_NodeProto) -> [Int] {
    guard node.isStandard else { return [] }
    return switch node.opType {
    case "ConstantOfShape": [0]
    case "Reshape", "Expand", "Tile", "Pad", "TopK", "OneHot", "CenterCropPad": [1]
    case "Slice": [1, 2, 3, 4]
    case "Resize", "Upsample": [1, 2, 3]
    case "Range": [0, 1, 2]
    default: []
    }
  }

  /// Operators that only lay out the same values anew.
  static let views: Set<String> = [
    "Reshape", "Flatten", "Transpose", "Identity", "Dropout", "Squeeze", "Unsqueeze", "Cast",
  ]

  static let activations: Set<String> = [
    "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Clip", "Sigmoid", "HardSigmoid", "Tanh",
    "Softplus", "Softsign", "Gelu", "FastGelu", "BiasGelu", "QuickGelu", "Mish", "HardSwish", "Swish", "Silu", "Erf",
  ]

  /// What a block ends in where no activation follows: sums, joins and normalisations.
  static let joins: Set<String> = [
    "Add", "Sum", "Concat", "BatchNormalization", "LayerNormalization", "InstanceNormalization", "GroupNormalization",
    "RMSNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
    "LpNormalization", "LRN", "MeanVarianceNormalization",
  ]

  /// What a skip may pass through, beside an operator that learns, to reach the shape of its branch.
  static let projecting: Set<String> = [
    "Cast", "Identity", "Dropout", "Transpose", "BatchNormalization", "AveragePool", "MaxPool", "Pad", "Slice", "Concat",
    "Add", "Sub", "Mul", "Div", "QuantizeLinear", "DequantizeLinear",
  ]

  static let recurrent: Set<String> = ["LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"]

  /// Operators that make sequences, maps and optional values.
  static let containers: Set<String> = [
    "SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceMap", "SplitToSequence", "Optional",
    "ZipMap",
  ]

  /// Operators whose outputs are as long as values say.
  static let choosing: Set<String> = ["NonZero", "Compress", "Unique", "NonMaxSuppression"]

  /// Operators that learn: a block has at least one.
  private static let learned: Set<String> = [
    "Conv", "ConvTranspose", "ConvInteger", "DeformConv", "QLinearConv", "FusedConv", "Gemm", "FusedGemm", "MatMul",
    "MatMulInteger", "QLinearMatMul", "QGemm", "FusedMatMul", "MatMulNBits", "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
    "Einsum", "LSTM", "GRU", "RNN", "DynamicQuantizeLSTM", "Attention", "MultiHeadAttention", "GroupQueryAttention",
    "PackedAttention", "QAttention",
  ]

  static func isLearned(_ node: Onnx_NodeProto, functions: Set<String>) -> Bool {
    learned.contains(node.opType) || functions.contains(node.opType)
      || node.subgraphs.contains { $0.node.contains { isLearned($0, functions: functions) } }
  }

  private static let attention: Set<String> = [
    "Attention", "MultiHeadAttention", "GroupQueryAttention", "PackedAttention", "QAttention", "Softmax", "QLinearSoftmax",
  ]

  static func isAttention(_ node: Onnx_NodeProto) -> Bool {
    attention.contains(node.opType)
  }
}

extension OperatorTraits {
  /// Whether the first output has the shape of the first input.
  static func keepsShape(_ node: Onnx_NodeProto) -> Bool {
    activations.contains(node.opType)
      || ["Cast", "Identity", "Dropout", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Round"]
        .contains(node.opType)
  }
}

extension OperatorTraits {
  /// The places of a matrix product's factors among the inputs; `nil` for any other operator.
  static func factors(_ node: Onnx_NodeProto) -> (first: Int, second: Int)? {
    switch node.opType {
    case "MatMul", "Gemm", "FusedGemm", "FusedMatMul", "MatMulInteger", "MatMulNBits", "DynamicQuantizeMatMul",
      "MatMulIntegerToFloat":
      (0, 1)
    // The second factor comes after the first one's scale and zero point.
    case "QLinearMatMul", "QGemm": (0, 3)
    default: nil
    }
  }

  /// The inputs that hold what an operator has learned, as far as they can be told from scales and zero points; `nil` for all.
  static func weightPositions(_ node: Onnx_NodeProto) -> [Int]? {
    switch node.opType {
    case "ConvInteger", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QAttention": [1]
    case "QLinearConv", "QLinearMatMul", "QGemm": [3]
    case "DynamicQuantizeLSTM": [1, 2]
    default: nil
    }
  }

  /// What quantised weights are multiplied in by a scale that follows from the data, beside the product.
  static let dynamicQuantization: Set<String> = ["DynamicQuantizeLinear", "Cast", "Mul"]
}

extension GraphIndex {
  /// What an operator has learned: its weights, without scales and zero points.
  func weights(of node: Int, _ proto: Onnx_NodeProto) -> [Int] {
    guard let positions = OperatorTraits.weightPositions(proto) else {
      return reads[node].filter { dependence[$0] == .constant }
    }
    return positions.compactMap { proto.input(at: $0).flatMap { numbers[$0] } }.filter { dependence[$0] == .constant }
  }

  /// Whether an operator multiplies matrices of which several follow from data, of those that `isData` names.
  func multipliesData(_ node: Int, _ proto: Onnx_NodeProto, _ isData: (Int) -> Bool) -> Bool {
    if proto.opType == "Einsum" { return reads[node].filter(isData).count > 1 }
    guard !["Gemm", "FusedGemm", "QGemm"].contains(proto.opType), let factors = OperatorTraits.factors(proto) else {
      return false
    }
    let operands = [factors.first, factors.second].compactMap { proto.input(at: $0).flatMap { numbers[$0] } }
    return Set(operands.filter(isData)).count > 1
  }
}

extension Model {
  /// Whether a tensor holds matrices of weights that are chosen by number, as routers choose experts: they follow from data, and are learned.
  func holdsChosenWeights(_ tensor: Int) -> Bool {
    var current = tensor
    while let maker = index.maker[current] {
      let node = proto.graph.node[maker]
      switch node.opType {
      case "Transpose", "Cast", "Identity":
        guard let source = index.reads[maker].first else { return false }
        current = source
      case "Gather", "GatherND":
        guard let table = node.input(at: 0), node.opType == "GatherND" || node.integer("axis") ?? 0 == 0 else { return false }
        // Of a table of vectors, as an embedding has it, vectors are chosen.
        return proto.graph.initializer.contains { $0.name == table && $0.dims.count >= 3 }
      default:
        return false
      }
    }
    return false
  }
}
