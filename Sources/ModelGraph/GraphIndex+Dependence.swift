extension GraphIndex {
  /// By tensor: what its values follow from.
  ///
  /// Shape and Size turn data into shapes, unless the shape itself was decided by data (what NonZero finds, say).
  static func dependence(
    of graph: Onnx_GraphProto, order: [Int], reads: [[Int]], writes: [[Int]], inputs: [Int], numbers: [String: Int]
  ) -> [Dependence] {
    var dependence = [Dependence](repeating: .constant, count: numbers.count)
    var hasShapeFromData = [Bool](repeating: false, count: numbers.count)
    for input in inputs { dependence[input] = .data }

    for node in order {
      let proto = graph.node[node]
      let shapeFromData = reads[node].contains { hasShapeFromData[$0] }
      var level = reads[node].map { dependence[$0] }.max() ?? .constant
      if OperatorTraits.readsOnlyShape(proto) && !shapeFromData { level = min(level, .shapes) }
      // A draw cannot be repeated elsewhere, so it is passed on as data are.
      if OperatorTraits.isRandom(proto) { level = .data }
      let decidesShape =
        shapeFromData || level == .data && OperatorTraits.findsShapeInData(proto)
        || OperatorTraits.shapePositions(proto).contains { position in
          proto.input(at: position).flatMap { numbers[$0] }.map { dependence[$0] == .data } ?? false
        }
      for tensor in writes[node] {
        dependence[tensor] = level
        hasShapeFromData[tensor] = decidesShape
      }
    }
    return dependence
  }
}
