/// Where activations end that a file spells in several operators, as x·sigmoid(x) or x·(1 + erf(x/√2)).
struct SpelledActivations {
  /// By node of an activation: the tensor that it ends in, its own where it isn't spelled.
  let ends: [Int: Int]
  /// Products of a tensor with a function of itself alone, by the product: the tensor.
  let products: [Int: Int]
  /// What lies between such a product and its tensor.
  let parts: Set<Int>
  private let allEnds: Set<Int>

  /// Cost: a pass over the graph, and the lengths of what leads to its products.
  init(of model: Model) {
    var ends: [Int: Int] = [:]
    for node in model.index.order where model.isActivation(node) {
      ends[node] = Self.end(ofActivation: node, in: model)
    }
    self.ends = ends
    allEnds = Set(ends.values)
    (products, parts) = Self.products(model)
  }

  func isEnd(_ tensor: Int) -> Bool { allEnds.contains(tensor) }

  /// Through constant factors and terms, to the product with what it activates or gates.
  private static func end(ofActivation node: Int, in model: Model) -> Int? {
    let index = model.index
    guard var tensor = index.writes[node].first else { return nil }
    let other = model.otherBound(behind: tensor)
    let isWhole =
      ["Relu", "LeakyRelu", "PRelu", "Gelu"].contains(model.proto.graph.node[node].opType)
      || ["Max", "Min"].contains(model.proto.graph.node[node].opType) && model.boundedTensor(by: node) == nil && other == nil
    guard !isWhole else { return tensor }
    tensor = other ?? tensor
    let first = tensor
    while index.readers[tensor].count == 1, let reader = index.readers[tensor].first {
      let operands = index.reads[reader].filter { index.dependence[$0] == .data }
      guard let next = index.writes[reader].first else { return first }
      switch (model.proto.graph.node[reader].opType, operands.count) {
      case ("Mul", 2): return next
      case ("Mul", 1), ("Add", 1), ("Div", 1): tensor = next
      default: return first
      }
    }
    return first
  }

  /// Products whose factors are both made of one tensor, by an activation at least and operators with constants.
  private static func products(_ model: Model) -> (products: [Int: Int], parts: Set<Int>) {
    let index = model.index
    func operands(_ node: Int) -> [Int] { index.reads[node].filter { index.dependence[$0] == .data } }
    func isActivation(_ tensor: Int) -> Bool {
      index.maker[tensor].map(model.isActivation) ?? false
    }
    /// A tensor and what it is made of, element by element.
    func chain(_ end: Int) -> [Int] {
      var chain = [end]
      while let maker = index.maker[chain.last!], case let made = operands(maker), made.count == 1,
        isActivation(chain.last!) || ["Mul", "Add", "Sub", "Div"].contains(model.proto.graph.node[maker].opType)
      { chain.append(made[0]) }
      return chain
    }
    var products: [Int: Int] = [:]
    var parts: Set<Int> = []
    for node in index.order where model.proto.graph.node[node].opType == "Mul" {
      let factors = operands(node)
      guard factors.count == 2, let product = index.writes[node].first else { continue }
      let chains = factors.map(chain)
      guard let gated = chains[0].first(where: chains[1].contains) else { continue }
      let between = chains.flatMap { $0.prefix { $0 != gated } }
      guard between.contains(where: isActivation), between.allSatisfy({ index.readers[$0].count == 1 }) else { continue }
      products[product] = gated
      parts.formUnion(between)
    }
    return (products, parts)
  }
}
