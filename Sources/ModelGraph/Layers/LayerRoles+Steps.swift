/// Layers that a network uses several times, one step after another.
extension LayerRoles {
  /// What is made with weights that a later operator uses again, and what is made of that within its step.
  static func steps(_ model: Model, _ influences: [Bool]) -> Set<Int> {
    let recurrences = Recurrence.all(in: model)
    let index = model.index
    var steps: Set<Int> = []
    var lasts: [Set<Int>] = []
    for recurrence in recurrences {
      // A step's activations come straight from its products; what joins steps is none.
      var isStep = [Bool](repeating: false, count: index.names.count)
      for node in index.order {
        let proto = model.proto.graph.node[node]
        let isOne =
          recurrence.repeated.contains(node)
          || !joins.contains(proto.opType)
            && !OperatorTraits.isLearned(proto, functions: []) && index.reads[node].contains { isStep[$0] }
        for tensor in index.writes[node] where isOne { isStep[tensor] = true }
      }
      // What the last step makes also uses the steps before it; it is the layer's result. Another recurrence may follow from it.
      let ends = Set(recurrences.filter { $0.takesTurns(with: recurrence) }.flatMap(\.last))
      lasts.append(ends)
      let after = index.descendants(ofAnyOf: ends)
      for node in index.order where !after[node] && !ends.contains(node) {
        for tensor in index.writes[node] where isStep[tensor] && influences[tensor] { steps.insert(tensor) }
      }
    }
    steps.formUnion(firstSteps(recurrences, model, influences, before: steps))
    return lasts.reduce(into: steps) { all, ends in all.formUnion(lastStep(ends, model, influences, after: steps)) }
  }

  /// States of first steps, which start from zeros and so use no weights: what is joined with later steps and used by them.
  private static func firstSteps(
    _ recurrences: [Recurrence], _ model: Model, _ influences: [Bool], before steps: Set<Int>
  ) -> [Int] {
    let index = model.index
    let uses = recurrences.reduce(into: Set<Int>()) { $0.formUnion($1.repeated) }
    return uses.flatMap { index.reads[$0] }.filter { tensor in
      guard influences[tensor], !steps.contains(tensor), index.dependence[tensor] == .data else { return false }
      let others = index.readers[tensor].filter { !uses.contains($0) }
      return !others.isEmpty
        && others.allSatisfy { reader in
          joins.contains(model.proto.graph.node[reader].opType) && index.reads[reader].contains(where: steps.contains)
        }
    }
  }

  /// What the last step makes, where it only joins the steps before it: what joins them is the layer's result then.
  private static func lastStep(_ ends: Set<Int>, _ model: Model, _ influences: [Bool], after steps: Set<Int>) -> [Int] {
    let index = model.index
    var isMade = [Bool](repeating: false, count: index.names.count)
    var made: [Int] = []
    var isLed = false
    for node in index.order {
      let isRead = index.reads[node].contains { isMade[$0] }
      guard isRead || ends.contains(node), index.writes[node].contains(where: { influences[$0] }) else { continue }
      let proto = model.proto.graph.node[node]
      if !ends.contains(node), joins.contains(proto.opType) || OperatorTraits.isLearned(proto, functions: []) {
        guard joins.contains(proto.opType), index.reads[node].contains(where: steps.contains) else { return [] }
        isLed = true
        continue
      }
      for tensor in index.writes[node] where influences[tensor] {
        isMade[tensor] = true
        made.append(tensor)
      }
    }
    return isLed ? made : []
  }

  /// What joins steps.
  private static let joins: Set<String> = ["Concat", "Stack", "SequenceInsert"]

  /// Operators that use the same weights one after another, each on what follows from the one before.
  private struct Recurrence {
    /// All but the last.
    let repeated: Set<Int>
    /// Those that none follows; several where networks of equal weights run side by side.
    let last: [Int]
    /// By node: whether a use follows from what it makes.
    private let leadsToUse: [Bool]

    /// Cost: a pass over the graph for each set of operators that share weights.
    static func all(in model: Model) -> [Recurrence] {
      let index = model.index
      var users: [Int: [Int]] = [:]
      for node in index.order {
        let proto = model.proto.graph.node[node]
        guard OperatorTraits.isLearned(proto, functions: []) else { continue }
        for weight in index.weights(of: node, proto) { users[weight, default: []].append(node) }
      }
      let shared = Set(users.values.filter { $0.count >= 3 })
      return shared.compactMap { Recurrence($0, index) }
    }

    /// Where a later use depends on an earlier one, they are steps of time and not two towers; `nil` for fewer than three.
    private init?(_ uses: [Int], _ index: GraphIndex) {
      let isUse = Set(uses)
      // How many uses the longest path from a node meets, without the node itself.
      var ahead = [Int](repeating: 0, count: index.reads.count)
      for node in index.order.reversed() {
        for tensor in index.writes[node] {
          for reader in index.readers[tensor] { ahead[node] = max(ahead[node], ahead[reader] + (isUse.contains(reader) ? 1 : 0)) }
        }
      }
      guard uses.contains(where: { ahead[$0] >= 2 }) else { return nil }
      repeated = isUse.filter { ahead[$0] > 0 }
      last = uses.filter { ahead[$0] == 0 }
      leadsToUse = ahead.map { $0 > 0 }
    }

    /// Whether each has steps that follow from the other's: two products of one cell, and no layers on top of one another.
    func takesTurns(with other: Recurrence) -> Bool {
      repeated.contains { other.leadsToUse[$0] } && other.repeated.contains { leadsToUse[$0] }
    }
  }
}
