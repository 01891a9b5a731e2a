extension Model {
  /// What changes elements one by one, or fits lengths of 1 to others.
  private static let elementwise: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "Where", "QLinearAdd", "QLinearMul",
    "Neg", "Abs", "Sqrt", "Reciprocal", "Exp", "Log", "Expand", "QuantizeLinear", "DequantizeLinear",
  ]
  private static let pools: Set<String> = ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "QLinearGlobalAveragePool"]
  private static let mostTensors = 64

  /// Whether a pool over all places is a step of a normalisation that is spelled out, as tf2onnx writes the mean over the last of three
  /// axes: what it gives meets what it was taken of again, or what that was made of, with no weights but scales between.
  ///
  /// Such a pool goes over whatever axes come last. One that squeezes for layers which excite has layers behind it.
  func poolsForNormalisation(_ node: Int) -> Bool {
    guard Self.pools.contains(proto.graph.node[node].opType), let pooled = index.writes[node].first,
      let whole = index.reads[node].first(where: { index.dependence[$0] == .data })
    else { return false }
    let sources = reached(from: whole) { tensor in
      guard let maker = index.maker[tensor], isElementwise(maker) else { return [] }
      return index.reads[maker].filter { index.dependence[$0] == .data }
    }
    let results = reached(from: pooled) { tensor in
      index.readers[tensor].filter(isElementwise).flatMap { index.writes[$0] }
    }
    return results.contains { tensor in
      guard tensor != pooled, let maker = index.maker[tensor] else { return false }
      return index.reads[maker].contains { sources.contains($0) && !results.contains($0) }
    }
  }

  private func isElementwise(_ node: Int) -> Bool {
    let type = proto.graph.node[node].opType
    return Self.elementwise.contains(type) || OperatorTraits.views.contains(type) || OperatorTraits.activations.contains(type)
  }

  /// A tensor and what steps lead to, nearest first, up to a bound.
  private func reached(from tensor: Int, by step: (Int) -> [Int]) -> Set<Int> {
    var seen: Set<Int> = [tensor]
    var waiting = [tensor][...]
    while let here = waiting.popFirst() {
      for other in step(here) where seen.count < Self.mostTensors && seen.insert(other).inserted { waiting.append(other) }
    }
    return seen
  }
}
