extension Model {
  /// The operators, as messages call them, that `output` needs and that draw random numbers: two runs of the network differ.
  package func drawingOperators(reading output: String) -> [String] {
    operators(reading: output) { node in
      OperatorTraits.isRandom(node) || node.opType == "Dropout" && isTrue(node.input(at: 2))
    }
  }

  /// The operators, as messages call them, that `output` needs and that are in training mode: they normalise by the batch
  /// that they are given, so that rows of a batch change each other.
  package func trainingOperators(reading output: String) -> [String] {
    operators(reading: output) { node in
      node.opType == "BatchNormalization" && node.integer("training_mode") == 1
    }
  }

  /// Whether lengths of the graph's tensors may follow from values, as where elements are chosen by what they are.
  package var hasLengthsOfValues: Bool {
    proto.graph.node.contains { $0.isStandard && OperatorTraits.choosing.contains($0.opType) }
  }

  /// Whether a tensor's operator makes a sequence, a map or an optional value instead.
  package func makesNoTensor(_ name: String) -> Bool {
    guard let number = index.producer(of: name) else { return false }
    return proto.graph.node[number].isStandard && OperatorTraits.containers.contains(proto.graph.node[number].opType)
  }

  private func operators(reading output: String, where matches: (Onnx_NodeProto) -> Bool) -> [String] {
    guard let target = index.numbers[output] else { return [] }
    let needed = index.ancestors(of: [target])
    return index.order.filter { needed[$0] && proto.graph.node[$0].isStandard && matches(proto.graph.node[$0]) }
      .map(describe)
  }

  /// Whether a constant of one bool is true.
  private func isTrue(_ name: String?) -> Bool {
    guard let name, let tensor = constantTensor(name) else { return false }
    return tensor.rawData.first.map { $0 != 0 } ?? tensor.int32Data.first.map { $0 != 0 } ?? false
  }
}
