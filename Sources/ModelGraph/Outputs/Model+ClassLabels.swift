/// What a model calls its classes, in the order in which it counts them.
package struct ClassLabels: Sendable, Hashable {
  package let names: [String]
  /// Where the names are whole numbers.
  package let numbers: [Int]?
}

extension Model {
  /// What the model's own operators call its classes, as those that scikit-learn's exporters write do; `nil` where none does.
  ///
  /// Cost: linear in the graph's size.
  package var classLabels: ClassLabels? {
    for node in proto.graph.node {
      if node.domain == "ai.onnx.ml", let labels = Self.labels(node) { return labels }
      guard node.domain == "ai.onnx.ml", node.opType == "ArrayFeatureExtractor", let table = node.input(at: 0),
        let number = node.input(at: 1).flatMap(index.producer(of:)), proto.graph.node[number].opType == "ArgMax",
        let numbers = integerConstant(table)
      else { continue }
      return ClassLabels(numbers.map { Int(clamping: $0) })
    }
    return nil
  }

  /// The attributes in which ZipMap and classifiers list classes.
  private static func labels(_ node: Onnx_NodeProto) -> ClassLabels? {
    for name in ["classlabels_int64s", "classlabels_ints"] {
      if let numbers = node.integers(name), !numbers.isEmpty { return ClassLabels(numbers) }
    }
    guard let strings = node.attribute("classlabels_strings")?.strings, !strings.isEmpty else { return nil }
    return ClassLabels(names: strings.map { String(decoding: $0, as: UTF8.self) }, numbers: nil)
  }
}

extension ClassLabels {
  init(_ numbers: [Int]) { self.init(names: numbers.map(String.init), numbers: numbers) }
}
