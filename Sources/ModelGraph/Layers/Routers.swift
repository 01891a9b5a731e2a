/// Softmaxes by which routers weigh experts, each row's own, and the products that mix experts by them: a perceptron in parts, and no
/// attention, which mixes positions.
///
/// A router is a product with weights whose features are compared along the last axis, of all experts or of the best. What the softmax
/// makes only scales what the experts make of the same row.
///
/// References: Shazeer et al., "Outrageously large neural networks" (2017); Fedus et al., "Switch transformers" (2022).
struct Routers {
  /// Operators that are softmaxes of routers.
  private(set) var softmaxes: Set<Int> = []
  /// Operators that multiply what experts make by a router's weights, and sum over experts.
  private(set) var mixtures: Set<Int> = []
  private let model: Model
  private var index: GraphIndex { model.index }

  /// Cost: a pass over the graph, and what lies around each softmax.
  init(of model: Model) {
    self.model = model
    // Deformable attention weighs what it samples by such a softmax.
    guard !model.proto.graph.node.contains(where: { $0.opType == "GridSample" }) else { return }
    for node in model.index.order where model.proto.graph.node[node].opType.hasSuffix("Softmax") {
      guard comparesFeatures(node), let products = mixtures(weighedBy: node) else { continue }
      softmaxes.insert(node)
      mixtures.formUnion(products)
    }
  }

  private func data(_ node: Int) -> [Int] { index.reads[node].filter { index.dependence[$0] == .data } }

  // MARK: What is compared

  /// What keeps a router's features apart, each with its own: shifts, scales, masks and the choice of the best.
  private static let keeping: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Where", "Clip", "TopK", "ScatterElements", "Scatter", "Cast", "Identity", "Dropout",
    "QuantizeLinear", "DequantizeLinear",
  ]

  /// Whether a softmax goes along the features that a product with weights made, several for each row.
  private func comparesFeatures(_ softmax: Int) -> Bool {
    guard let scores = model.proto.graph.node[softmax].input(at: 0).flatMap({ index.numbers[$0] }) else { return false }
    var (seen, waiting) = (Set([scores]), [scores])
    var (features, lengths): (Set<Int64>, Set<Int64>) = ([], [])
    var (isFlat, isLaidOut) = (false, false)
    while let tensor = waiting.popLast() {
      guard let maker = index.maker[tensor] else { continue }
      let node = model.proto.graph.node[maker]
      if OperatorTraits.isLearned(node, functions: []) {
        guard let made = featuresMade(by: node) else { return false }
        features.insert(made)
        isFlat = isFlat || node.opType.hasSuffix("Gemm")
      } else if node.opType == "Reshape", let source = data(maker).first {
        isLaidOut = true
        if let last = node.input(at: 1).flatMap({ model.integerConstant($0) })?.last, last > 0 {
          lengths.insert(last)
        } else if index.maker[source].map({ OperatorTraits.factors(model.proto.graph.node[$0]) == nil }) ?? true {
          // Keras takes all rows of a sequence in one product, and lays them out by a shape behind it.
          return false
        }
        if seen.insert(source).inserted { waiting.append(source) }
      } else if Self.keeping.contains(node.opType) {
        waiting += data(maker).filter { seen.insert($0).inserted }
      }
    }
    let keepsFeatures = lengths.isEmpty || features == lengths
    return !features.isEmpty && keepsFeatures && goesAlongLast(softmax, rank: isFlat && !isLaidOut ? 2 : nil)
  }

  /// How many features a product with weights makes of each row; `nil` where that isn't known, or where it is one or no such product.
  private func featuresMade(by node: Onnx_NodeProto) -> Int64? {
    guard let factors = OperatorTraits.factors(node), let weights = node.input(at: factors.second),
      let tensor = index.numbers[weights], index.dependence[tensor] == .constant
    else { return nil }
    let stored = LayerRoles.source(of: tensor, model, through: ["DequantizeLinear"])
    guard let dims = model.constantTensor(index.names[stored])?.dims, dims.count > 1 else { return nil }
    let made = node.integer("transB") == 1 ? dims[dims.count - 2] : dims[dims.count - 1]
    return made > 1 ? made : nil
  }

  private func goesAlongLast(_ softmax: Int, rank: Int?) -> Bool {
    let node = model.proto.graph.node[softmax]
    let axis = node.integer("axis") ?? (model.opset < 13 ? 1 : -1)
    guard axis >= 0 else { return axis == -1 }
    let ends = Set([node.input(at: 0), node.output.first].compactMap { $0 })
    let declared = [model.proto.graph.valueInfo, model.proto.graph.output].joined()
      .first { ends.contains($0.name) && $0.type.tensorType.hasShape }
    return (declared?.type.tensorType.shape.dim.count ?? rank).map { axis == $0 - 1 } ?? false
  }

  // MARK: What is weighed

  /// What lays a router's weights out anew, takes some of them, or makes them add up to 1.
  private static let passing = OperatorTraits.views.union([
    "TopK", "Slice", "Split", "Gather", "GatherElements", "Where", "Div", "Add", "ReduceSum", "ScatterElements", "Scatter",
    "Expand", "Concat", "QuantizeLinear", "DequantizeLinear",
  ])

  /// The products that sum experts by what a softmax makes; `nil` where that weighs anything else, or nothing.
  private func mixtures(weighedBy softmax: Int) -> Set<Int>? {
    var products: Set<Int> = []
    var weights = Set(index.writes[softmax])
    var waiting = Array(weights)
    var (isSpread, weighs) = (Set<Int>(), false)
    while let tensor = waiting.popLast() {
      for reader in index.readers[tensor] {
        let node = model.proto.graph.node[reader]
        let others = data(reader).filter { !weights.contains($0) }
        if node.opType == "Mul" && !others.isEmpty {
          weighs = true
        } else if node.opType == "Einsum" || OperatorTraits.factors(node) != nil {
          guard others.count == 1, mixesOfRow(reader, by: tensor, isSpread: isSpread.contains(tensor)) else { return nil }
          products.insert(reader)
          weighs = true
        } else if Self.passing.contains(node.opType) || node.opType == "Mul" {
          // Which experts are taken is no weight.
          for made in node.opType == "TopK" ? index.writes[reader].prefix(1) : index.writes[reader][...] {
            if isSpread.contains(tensor) || ["Unsqueeze", "Reshape"].contains(node.opType) { isSpread.insert(made) }
            if weights.insert(made).inserted { waiting.append(made) }
          }
        } else if OperatorTraits.isLearned(node, functions: []) {
          return nil
        }
      }
    }
    return weighs ? products : nil
  }

  /// Whether a product sums over experts of each row by itself, and not over rows: the experts' results have all axes of their weights.
  private func mixesOfRow(_ product: Int, by weights: Int, isSpread: Bool) -> Bool {
    let node = model.proto.graph.node[product]
    guard node.opType == "Einsum" else { return isSpread }
    let equation = node.attribute("equation").map { String(decoding: $0.s, as: UTF8.self) } ?? ""
    let sides = equation.filter { $0 != " " }.split(separator: "->").map(String.init)
    let operands = sides.first?.split(separator: ",").map(Set.init) ?? []
    guard sides.count == 2, operands.count == 2, !equation.contains("."),
      let place = node.input.firstIndex(of: index.names[weights]), place < 2
    else { return false }
    return operands[place].isSubset(of: operands[1 - place]) && !operands[place].isSubset(of: sides[1])
  }
}
