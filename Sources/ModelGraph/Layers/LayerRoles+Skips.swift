extension LayerRoles {
  static func skipSums(_ model: Model, _ influences: [Bool]) -> [SkipSum] {
    let index = model.index
    var sums: [(sum: Int, skip: Int, branch: Int, isProjected: Bool)] = []
    for node in index.order {
      let proto = model.proto.graph.node[node]
      guard
        ["Add", "Sum", "QLinearAdd", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization"].contains(proto.opType),
        let sum = index.writes[node].first, influences[sum]
      else { continue }
      let operands = index.reads[node].filter { index.dependence[$0] == .data }.map { source(of: $0, model) }
      guard operands.count == 2 else { continue }
      // The skip is upstream of the branch: of two operands the one that the other is made from, perhaps before its axes were turned.
      let ends = [(0, 1), (1, 0)].map { (skip: operands[$0], branch: operands[$1]) }
      let found = (ends + ends.map { (source(of: $0.skip, model, through: ["Transpose"]), $0.branch) })
        .first { end in index.maker[end.branch].map { index.descendants(of: end.skip)[$0] } ?? false }
      let projected = found == nil ? ends.lazy.compactMap { projectedSkip(of: $0.skip, besides: $0.branch, model) }.first : nil
      guard case (let skip, let branch)? = found ?? projected else { continue }
      // A skip that only scales or shifts the branch, as in x·(1 + s) + t, is none: the branch has to learn something.
      // Nor is a mask, which reaches later branches through earlier ones: the skip has to be a representation itself, by more
      // than the shape of one.
      let before = index.ancestors(of: [skip], byValue: true)
      guard before.indices.contains(where: { before[$0] && represents(model, $0) }),
        learnedCount(from: skip, to: branch, model) > 0
      else { continue }
      sums.append((sum, skip, branch, projected != nil))
    }
    // Where sums are added to, they are the stream, and the last one's normalisation leads to the head.
    let normalises = Set(sums.map(\.skip)).isDisjoint(with: sums.map(\.sum))
    return sums.map {
      SkipSum(
        sum: $0.sum, skip: $0.skip, branch: $0.branch, isProjected: $0.isProjected,
        stream: stream(of: $0.sum, model, normalises: normalises))
    }
  }

  /// What one operand of a sum is a projection of, where all of the other is made from that by more than a projection.
  ///
  /// A projection is linear and holds one operator that learns at most; the other operand has to hold two and something that is
  /// not linear. So sums of parallel convolutions are none, and neither are those with a condition that reaches the other operand
  /// through earlier sums.
  private static func projectedSkip(of operand: Int, besides branch: Int, _ model: Model) -> (skip: Int, branch: Int)? {
    let index = model.index
    var (tensor, learned) = (operand, 0)
    while let maker = index.maker[tensor], case let node = model.proto.graph.node[maker], node.isStandard {
      let read = index.reads[maker].filter { index.dependence[$0] == .data }
      guard read.count == 1 else { return nil }
      if OperatorTraits.isLearned(node, functions: []) {
        learned += 1
      } else if !OperatorTraits.projecting.contains(node.opType) {
        return nil
      }
      if learned > 1 || OperatorTraits.recurrent.contains(node.opType) || OperatorTraits.isAttention(node) { return nil }
      tensor = read[0]
      let others = index.ancestors(of: [branch], given: tensor, byValue: true)
      let isWhole = !index.order.contains { node in
        others[node] && index.reads[node].contains { index.inputs.contains($0) && index.dependence[$0] == .data }
      }
      if isWhole, learnedCount(from: tensor, to: branch, model) > 1, isCurved(from: tensor, to: branch, model) {
        return (tensor, branch)
      }
    }
    return nil
  }

  /// The nodes between two tensors.
  static func nodes(from start: Int, to end: Int, _ model: Model) -> [Int] {
    let inside = model.index.ancestors(of: [end])
    let after = model.index.descendants(of: start)
    return inside.indices.filter { inside[$0] && after[$0] }
  }

  private static func learnedCount(from start: Int, to end: Int, _ model: Model) -> Int {
    nodes(from: start, to: end, model).count { OperatorTraits.isLearned(model.proto.graph.node[$0], functions: []) }
  }

  /// Whether something between two tensors isn't linear; quantisation may hold an activation.
  private static func isCurved(from start: Int, to end: Int, _ model: Model) -> Bool {
    nodes(from: start, to: end, model).contains { number in
      let node = model.proto.graph.node[number]
      return model.isActivation(number) || OperatorTraits.isAttention(node) || OperatorTraits.recurrent.contains(node.opType)
        || node.opType == "QuantizeLinear" || node.opType.hasPrefix("QLinear")
    }
  }

  /// The tensor that another is a copy of, in another type or through these operators at most.
  static func source(of copy: Int, _ model: Model, through others: Set<String> = []) -> Int {
    var tensor = copy
    while let maker = model.index.maker[tensor], case let node = model.proto.graph.node[maker], node.isStandard,
      ["Cast", "Identity", "Dropout"].contains(node.opType) || others.contains(node.opType),
      let read = model.index.reads[maker].first
    {
      tensor = read
    }
    return tensor
  }

  private static func stream(of sum: Int, _ model: Model, normalises: Bool) -> Int {
    let index = model.index
    guard index.readers[sum].count == 1, let next = index.readers[sum].first, let output = index.writes[next].first else {
      return sum
    }
    let node = model.proto.graph.node[next]
    return model.isActivation(next) || normalises && node.opType.hasSuffix("Normalization")
      ? output : sum
  }
}
