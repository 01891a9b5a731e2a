extension Model {
  /// Floating-point operations of a forward pass by node, in the file's order: a multiplication and an addition are
  /// two.
  ///
  /// Convolutions, matrix products and recurrent layers are counted by their formulas, trees and support vectors by the numbers that
  /// they hold, everything else as one operation an element that it makes. Nodes whose shapes are not given count as 0.
  ///
  /// - Parameter shapes: shapes of tensors at the batch of interest, as a run of the model shows them; weights are known.
  package func forwardCosts(shapes: [String: [Int]]) -> [Double] {
    var weightShapes: [String: [Int]] = [:]
    for weight in proto.graph.initializer { weightShapes[weight.name] = weight.dims.map(Int.init) }
    for node in proto.graph.node where node.opType == "Constant" {
      if let name = node.output.first, let value = node.attribute("value") {
        weightShapes[name] = value.t.dims.map(Int.init)
      }
    }

    return proto.graph.node.enumerated().map { number, node in
      let shape = { (name: String?) in name.flatMap { shapes[$0] ?? weightShapes[$0] } }
      // In floating point: a file may claim any dimensions.
      let product = { (lengths: ArraySlice<Int>) in lengths.reduce(1.0) { $0 * Double($1) } }
      let elements = { (name: String?) in shape(name).map { product($0[...]) } ?? 0 }
      if index.readsOnlyShape[number] || index.writes[number].allSatisfy({ index.dependence[$0] == .constant }) {
        return 0
      }
      let made = elements(node.output.first { !$0.isEmpty })
      switch node.opType {
      case "Conv", "ConvInteger", "FusedConv", "QLinearConv":
        // Each output sums over a kernel of (C / group) x kH x kW, all axes of the weight but the first.
        let kernel = shape(node.input(at: node.opType == "QLinearConv" ? 3 : 1)).map { product($0.dropFirst()) } ?? 0
        return 2 * made * kernel
      case "ConvTranspose":
        // Each input is spread over (M / group) x kH x kW outputs, all axes of the weight but the first.
        let kernel = shape(node.input(at: 1)).map { product($0.dropFirst()) } ?? 0
        return 2 * elements(node.input(at: 0)) * kernel
      case "Gemm", "FusedGemm":
        let inner = shape(node.input(at: 0)).flatMap { node.integer("transA") == 1 ? $0.first : $0.last } ?? 0
        return 2 * made * Double(inner)
      case "MatMul", "MatMulInteger", "FusedMatMul", "MatMulNBits", "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
        "QLinearMatMul", "QGemm":
        return 2 * made * Double(shape(node.input(at: 0))?.last ?? 0)
      case let name where OperatorTraits.recurrent.contains(name):
        // A step multiplies W [directions, gates·H, I] with the input and R [directions, gates·H, H] with the state.
        let steps = shape(node.input(at: 0)).map { product($0.prefix(2)) } ?? 0
        return 2 * steps * (elements(node.input(at: 1)) + elements(node.input(at: 2)))
      case _ where node.domain == "ai.onnx.ml":
        // Trees and support vectors: as if every number that they hold were looked at once for each row.
        let rows = shape(node.input(at: 0))?.first ?? 1
        let held = node.attribute.reduce(0.0) {
          $0 + Double($1.floats.count) + ($1.hasT ? product($1.t.dims.map(Int.init)[...]) : 0)
        }
        return made + Double(rows) * held
      case let view where OperatorTraits.views.contains(view) && view != "Transpose" && view != "Cast":
        return 0
      default:
        return made
      }
    }
  }

  /// What a forward pass costs that is read at a tensor: the sum over the nodes that the tensor needs.
  ///
  /// - Parameter costs: from `forwardCosts(shapes:)`.
  package func forwardCost(reading output: String, costs: [Double]) -> Double {
    guard let target = index.numbers[output] else { return 0 }
    return zip(index.ancestors(of: [target]), costs).reduce(0) { $0 + ($1.0 ? $1.1 : 0) }
  }

  /// By tensor asked for: the share of the forward cost that lies downstream of it, which a lesioned pass repeats.
  ///
  /// - Parameters:
  ///   - costs: from `forwardCosts(shapes:)`.
  ///   - output: the tensor that is read; only what it needs is counted.
  package func suffixCostShares(of tensors: [String], reading output: String, costs: [Double]) -> [String: Double] {
    guard let target = index.numbers[output] else { return [:] }
    let needed = index.ancestors(of: [target])
    let total = forwardCost(reading: output, costs: costs)
    guard total > 0 else { return [:] }
    var shares: [String: Double] = [:]
    for tensor in tensors {
      guard let number = index.numbers[tensor] else { continue }
      let downstream = index.descendants(of: number)
      let cost = costs.indices.reduce(0) { $0 + (needed[$1] && downstream[$1] ? costs[$1] : 0) }
      shares[tensor] = cost / total
    }
    return shares
  }
}
