extension Model {
  /// Whether all that a tensor may hold lies between 0 and 1, as its operators tell: what sigmoids and softmaxes give, and what is
  /// chosen, averaged and joined of it.
  package func holdsChances(_ tensor: String) -> Bool {
    var known: [String: ClosedRange<Double>] = [:]
    let bounds = bounds(of: tensor, &known, depth: 0)
    return bounds.lowerBound >= 0 && bounds.upperBound <= 1
  }

  /// Whether nothing that a tensor may hold is above 0, as logarithms of chances are.
  package func holdsNothingAboveZero(_ tensor: String) -> Bool {
    var known: [String: ClosedRange<Double>] = [:]
    return bounds(of: tensor, &known, depth: 0).upperBound <= 0
  }

  /// What numbers between 0 and 1 are multiplied by to make a tensor of larger ones, as percent are; `nil` for any other.
  package func factorOfChances(_ tensor: String) -> Double? {
    var tensor = tensor
    var factor = 1.0
    // A path through the graph has no more steps than the graph has nodes.
    for _ in proto.graph.node.indices {
      guard let number = index.producer(of: tensor) else { return nil }
      let node = proto.graph.node[number]
      guard node.isStandard else { return nil }
      if OperatorTraits.views.contains(node.opType), let source = node.input(at: 0) {
        tensor = source
      } else if let (source, number) = multiple(node), number > 0 {
        factor *= number
        tensor = source
        if factor > 1.001, holdsChances(source) { return factor }
      } else {
        return nil
      }
    }
    return nil
  }

  private static let any = -Double.infinity...Double.infinity

  /// What the values of a tensor lie between.
  private func bounds(of tensor: String?, _ known: inout [String: ClosedRange<Double>], depth: Int) -> ClosedRange<Double> {
    guard let tensor, depth < 64 else { return Self.any }
    if let found = known[tensor] { return found }
    // Of a graph that goes in circles, and of what is asked for again below.
    known[tensor] = Self.any
    let found = constantBounds(tensor) ?? operatorBounds(tensor, &known, depth: depth)
    known[tensor] = found
    return found
  }

  private func constantBounds(_ tensor: String) -> ClosedRange<Double>? {
    guard let values = constantTensor(tensor)?.doubles, let least = values.min(), let largest = values.max(),
      !values.contains(where: \.isNaN)
    else { return nil }
    return least...largest
  }

  private func operatorBounds(
    _ tensor: String, _ known: inout [String: ClosedRange<Double>], depth: Int
  ) -> ClosedRange<Double> {
    guard let number = index.producer(of: tensor) else { return Self.any }
    let node = proto.graph.node[number]
    guard node.isKnown, node.output.first == tensor || node.opType == "Split" else { return Self.any }
    func of(_ position: Int) -> ClosedRange<Double> {
      node.input(at: position).map { bounds(of: $0, &known, depth: depth + 1) } ?? Self.any
    }
    func hull(_ positions: [Int]) -> ClosedRange<Double> {
      let ranges = positions.map(of)
      return (ranges.map(\.lowerBound).min() ?? -.infinity)...(ranges.map(\.upperBound).max() ?? .infinity)
    }
    switch node.opType {
    case "Sigmoid", "HardSigmoid", "Softmax", "QLinearSigmoid", "QLinearSoftmax", "BiasSoftmax": return 0...1
    case "Tanh", "Erf", "Sin", "Cos", "Softsign": return -1...1
    case "LogSoftmax": return -Double.infinity...0
    case "Relu", "Abs", "Softplus": return 0...max(0, of(0).upperBound)
    case "Exp": return exponential(of(0))
    case "Log": return -Double.infinity...(of(0).upperBound <= 1 ? 0 : .infinity)
    case _ where OperatorTraits.views.contains(node.opType),
      "Slice", "Gather", "GatherElements", "GatherND", "Split", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Compress",
      "MaxPool", "GlobalMaxPool", "GlobalAveragePool", "ReduceMax", "ReduceMin", "ReduceMean", "TopK", "ReverseSequence",
      "QuantizeLinear", "DequantizeLinear":
      return of(0)
    case "AveragePool", "Pad":
      // Zeros around it may count.
      let inner = of(0)
      let filling = node.opType == "Pad" && node.input(at: 2) != nil ? of(2) : 0...0
      return min(inner.lowerBound, filling.lowerBound)...max(inner.upperBound, filling.upperBound)
    case "Concat", "Max", "Min", "Mean": return hull(Array(node.input.indices))
    case "Where": return hull([1, 2])
    case "Clip": return clipped(of(0), node, least: of(1), largest: of(2))
    case "Add": return sum(of(0), of(1))
    case "Sub": return sum(of(0), negative(of(1)))
    case "Neg": return negative(of(0))
    case "Mul": return product(of(0), of(1))
    case "Div": return product(of(0), reciprocal(of(1)))
    case "Reciprocal": return reciprocal(of(0))
    default: return Self.any
    }
  }
}

/// - Returns: bounds of e^x that hold, if not the closest.
private func exponential(_ x: ClosedRange<Double>) -> ClosedRange<Double> { 0...(x.upperBound <= 0 ? 1 : .infinity) }

private func negative(_ x: ClosedRange<Double>) -> ClosedRange<Double> { -x.upperBound ... -x.lowerBound }

private func sum(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> ClosedRange<Double> {
  (x.lowerBound + y.lowerBound)...(x.upperBound + y.upperBound)
}

private func product(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> ClosedRange<Double> {
  let corners = [x.lowerBound, x.upperBound].flatMap { a in
    // Of numbers however large none times 0 is other than 0.
    [y.lowerBound, y.upperBound].map { a == 0 || $0 == 0 ? 0 : a * $0 }
  }
  return corners.min()!...corners.max()!
}

private func reciprocal(_ x: ClosedRange<Double>) -> ClosedRange<Double> {
  x.lowerBound > 0 || x.upperBound < 0 ? (1 / x.upperBound)...(1 / x.lowerBound) : -Double.infinity...Double.infinity
}

private func clipped(
  _ x: ClosedRange<Double>, _ node: Onnx_NodeProto, least: ClosedRange<Double>, largest: ClosedRange<Double>
) -> ClosedRange<Double> {
  let low = node.attribute("min").map { Double($0.f) } ?? (node.input(at: 1) == nil ? -.infinity : least.lowerBound)
  let high = node.attribute("max").map { Double($0.f) } ?? (node.input(at: 2) == nil ? .infinity : largest.upperBound)
  let from = max(x.lowerBound, low)
  return from...max(from, min(x.upperBound, high))
}
