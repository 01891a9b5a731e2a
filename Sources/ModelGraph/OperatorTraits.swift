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

  static let recurrent: Set<String> = ["LSTM", "GRU", "RNN"]

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
    "MatMulInteger", "QLinearMatMul", "FusedMatMul", "MatMulNBits", "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
    "Einsum", "LSTM", "GRU", "RNN", "DynamicQuantizeLSTM", "Attention", "MultiHeadAttention", "GroupQueryAttention",
    "PackedAttention", "QAttention",
  ]

  static func isLearned(_ node: Onnx_NodeProto, functions: Set<String>) -> Bool {
    learned.contains(node.opType) || functions.contains(node.opType)
      || node.subgraphs.contains { $0.node.contains { isLearned($0, functions: functions) } }
  }

  private static let attention: Set<String> = [
    "Attention", "MultiHeadAttention", "GroupQueryAttention", "PackedAttention", "QAttention", "Softmax",
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
