internal import FoundationEssentials

extension Cut {
  /// Operators whose learned operands are shuffled, and those that only hand a weight on to them.
  private static let learning: Set = [
    "Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "LSTM", "GRU", "RNN", "Attention", "FusedConv", "FusedMatMul",
    "MatMulInteger", "ConvInteger", "QLinearConv", "QLinearMatMul", "QGemm", "QAttention", "DynamicQuantizeLSTM",
    "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "DequantizeLinear", "Transpose", "Cast", "Identity",
  ]

  /// The same cut with what its suffix has learned undone: the elements of every kernel and matrix that is stored in the
  /// model are put into another order, so that their distribution stays and their structure goes. Biases, norms and what
  /// else has one axis stay.
  ///
  /// The randomisation test of Adebayo et al., "Sanity checks for saliency maps" (NeurIPS 2018), with permuted weights in
  /// place of drawn ones, so that no initialiser has to be guessed.
  ///
  /// Cost: a copy of the suffix's weights.
  /// - Parameter order: gives a permutation of 0..<count for the weight of a number.
  /// - Returns: `nil` where no weight could be shuffled: there is none, or all lie in files outside of the model.
  package func shufflingWeights(_ order: (_ weight: Int, _ count: Int) -> [Int]) -> Cut? {
    let learned = Set(
      suffix.proto.graph.node.filter { Self.learning.contains($0.opType) }.flatMap(\.input))
    var graph = suffix.proto.graph
    var shuffled = 0
    for number in graph.initializer.indices where learned.contains(graph.initializer[number].name) {
      if graph.initializer[number].shuffle({ order(number, $0) }) { shuffled += 1 }
    }
    guard shuffled > 0 else { return nil }
    return Cut(
      tensor: tensor, output: output, prefix: prefix, suffix: suffix.replacingGraph(graph), sideInputs: sideInputs,
      firstNonlinearOperator: firstNonlinearOperator)
  }
}

extension Onnx_TensorProto {
  /// Puts the elements of a kernel or matrix into another order. Returns whether it could.
  fileprivate mutating func shuffle(_ order: (Int) -> [Int]) -> Bool {
    guard dims.count >= 2, dataLocation != .external,
      [.float, .float16, .bfloat16, .double, .int8, .uint8].contains(ElementType(rawValue: dataType))
    else { return false }
    let count = dims.reduce(1) { $0 * Int($1) }
    guard count > 1 else { return false }
    if !rawData.isEmpty {
      guard let width = ElementType(rawValue: dataType).byteCount, rawData.count == count * width else { return false }
      let source = Array(rawData)
      var target = [UInt8]()
      target.reserveCapacity(source.count)
      for place in order(count) { target += source[place * width..<(place + 1) * width] }
      rawData = Data(target)
    } else if floatData.count == count {
      floatData = order(count).map { [floatData] in floatData[$0] }
    } else if int32Data.count == count {
      int32Data = order(count).map { [int32Data] in int32Data[$0] }
    } else if doubleData.count == count {
      doubleData = order(count).map { [doubleData] in doubleData[$0] }
    } else {
      return false
    }
    return true
  }
}
