/// Normalisations of groups of channels that a file spells in several operators, from one Reshape to the Reshape that undoes it.
struct GroupNormalisations {
  /// By what such a normalisation gives: what it takes.
  private(set) var sources: [Int: Int] = [:]
  /// The Reshapes that they begin with.
  private(set) var openings: Set<Int> = []

  /// What means, variances and their quotients are made by.
  private static let steps: Set<String> = [
    "ReduceMean", "ReduceSum", "Sub", "Add", "Mul", "Div", "Pow", "Max", "Sqrt", "Reciprocal", "Cast", "Identity",
    "InstanceNormalization", "GroupNormalization",
  ]
  private static let mostSteps = 24

  /// Cost: a pass over the graph, and a bounded number of operators for each Reshape.
  init(of model: Model) {
    for node in model.index.order where model.proto.graph.node[node].opType == "Reshape" {
      guard let (source, end) = Self.ends(from: node, in: model) else { continue }
      sources[end] = source
      openings.insert(node)
    }
  }

  private static func ends(from opening: Int, in model: Model) -> (source: Int, end: Int)? {
    let (index, nodes) = (model.index, model.proto.graph.node)
    guard let source = nodes[opening].input(at: 0).flatMap({ index.numbers[$0] }), let grouped = index.writes[opening].first,
      index.dependence[source] == .data
    else { return nil }
    var made: Set<Int> = [grouped]
    var used: Set<Int> = []
    var waiting = index.readers[grouped]
    var closing: Int?
    var isNormalised = false
    var (means, roots) = (false, false)
    while let node = waiting.popLast() {
      guard !used.contains(node), !index.readsOnlyShape[node] else { continue }
      let data = index.reads[node].filter { index.dependence[$0] == .data }
      // Its other operands come later: it is asked again behind them.
      guard data.allSatisfy(made.contains) else { continue }
      used.insert(node)
      let label = nodes[node].opType
      if label == "Reshape" {
        guard closing == nil else { return nil }
        closing = node
        continue
      }
      guard steps.contains(label), used.count <= mostSteps else { return nil }
      isNormalised = isNormalised || ["InstanceNormalization", "GroupNormalization"].contains(label)
      means = means || label == "ReduceMean"
      roots = roots || ["Sqrt", "Pow"].contains(label)
      made.formUnion(index.writes[node])
      waiting += index.writes[node].flatMap { index.readers[$0] }
    }
    guard let closing, let end = index.writes[closing].first, isNormalised || means && roots else { return nil }
    // Nothing else reads what lies between.
    let isClosed = made.allSatisfy { tensor in
      index.readers[tensor].allSatisfy { used.contains($0) || index.readsOnlyShape[$0] }
    }
    return isClosed ? (source, end) : nil
  }
}
