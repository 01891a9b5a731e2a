/// The blocks that a network passes its data through, one after another.
///
/// A block is found by its *articulations*, the tensors through which every path from the main input to the output
/// leads: the dominators of the output (Cooper, Harvey, Kennedy 2001). Between two of them lies a *step*: one
/// operator, or a branched section such as a residual branch with its skip. A block begins with a step that learns
/// (holds a convolution, a matrix product, ...) and goes on through steps that do not: normalisations, activations,
/// pooling.
struct Blocks {
  /// By block, upstream first: the tensors that could stand for it, best first. The first is the activation that ends
  /// it; else the last sum, join or normalisation; else what its learning step gives.
  let choices: [[Int]]

  /// The input that the blocks begin at, and others that go through two steps or more that learn before they come to the blocks.
  let (source, others): (Int?, [Int])

  init(of model: Model, reading target: Int) {
    let roles = LayerRoles(of: model, reading: target)
    let chains = Self.chains(of: model, to: target, roles)
    let main = chains.max { $0.rank < $1.rank }
    let steps = main?.steps ?? []
    let ends = Set(steps.map(\.end))
    source = main?.source
    others = chains.filter { chain in
      chain.source != main?.source && chain.steps.count { $0.hasWeights && !ends.contains($0.end) } >= 2
    }.map(\.source)
    var blocks = Self.group(steps)
    Self.mergeAttention(&blocks)
    Self.thin(&blocks)
    Self.dropFinalNormalisation(&blocks)
    var choices: [[Int]] = []
    let learnedTotal = steps.reduce(0) { $0 + $1.learnedCount }
    for block in blocks {
      // The skips of a U-shaped network leave no articulations across its middle.
      if let step = block.steps.first, !step.isResidual, step.learnedCount >= 8, 3 * step.learnedCount > learnedTotal {
        choices += step.innerActivations.map { [$0] }
      }
      let choice = block.choices(before: target)
      if !choice.isEmpty { choices.append(choice) }
    }
    if choices.count < 2 {
      let activations = Self.allActivations(of: model, reading: target, roles)
      if activations.count > choices.count { choices = activations.map { [$0] } }
    }
    self.choices = choices
  }

  // MARK: Articulations

  /// The steps from each input. The main one has most steps that have weights, of equal ones most articulations: masks and
  /// rates, which reach into every block, have few, however many operators prepare them, and so have caches of attention.
  private static func chains(
    of model: Model, to target: Int, _ roles: LayerRoles
  ) -> [(source: Int, rank: (Int, Int), steps: [Step])] {
    let index = model.index
    let influences = index.influences(on: target)
    return index.inputs.filter { influences[$0] }.map { source in
      let chain = Chain(in: index, from: source, to: target, influences: influences)
      let steps = steps(of: model, along: chain, roles)
      return (source, (steps.count(where: \.hasWeights), chain.articulations.count), steps)
    }
  }

  private struct Chain {
    var articulations: [Int] = []
    /// The nodes between the input and the target, in topological order.
    var nodes: [Int] = []

    init(in index: GraphIndex, from source: Int, to target: Int, influences: [Bool]) {
      let follows = index.follows(from: source)
      let isOnPath = { (tensor: Int) in follows[tensor] && influences[tensor] }
      guard isOnPath(target) else { return }

      // Immediate dominators of tensors, by the intersection of their producers' operands; a node that makes two
      // tensors dominates both but is no tensor, so it gets a number of its own behind them.
      let tensorCount = index.names.count
      var dominator = [Int](repeating: -1, count: tensorCount + index.order.count)
      var depth = [Int](repeating: 0, count: dominator.count)
      for node in index.order where index.writes[node].contains(where: isOnPath) {
        let operands = index.reads[node].filter(isOnPath)
        if index.readsOnlyShape[node] || operands.isEmpty { continue }
        nodes.append(node)
        let common = operands.dropFirst().reduce(operands[0]) { a, b in
          var (a, b) = (a, b)
          while a != b {
            if depth[a] >= depth[b] { a = dominator[a] } else { b = dominator[b] }
          }
          return a
        }
        let vertex = tensorCount + node
        dominator[vertex] = common
        depth[vertex] = depth[common] + 1
        for tensor in index.writes[node] where isOnPath(tensor) {
          dominator[tensor] = vertex
          depth[tensor] = depth[vertex] + 1
        }
      }
      var vertex = target
      while vertex >= 0 {
        if vertex < tensorCount { articulations.append(vertex) }
        vertex = dominator[vertex]
      }
      articulations.reverse()
    }
  }

  // MARK: Steps

  /// What lies between two articulations.
  private struct Step {
    /// The articulation that it ends in.
    let end: Int
    let operatorType: String
    let isBranched: Bool
    let learnedCount: Int
    /// Whether something in it learns from weights, or looks tokens up: no product of activations alone.
    let hasWeights: Bool
    let hasAttention: Bool
    let endsInActivation: Bool
    let isRecurrent: Bool
    /// Whether it is a branch and the skip that it is added to.
    let isResidual: Bool
    /// Whether it only scales what it is given, by factors that it learns.
    let isGate: Bool
    let innerActivations: [Int]
    /// Whether it turns tokens into vectors.
    let embeds: Bool
  }

  private static func steps(of model: Model, along chain: Chain, _ roles: LayerRoles) -> [Step] {
    let index = model.index
    let sums = Set(roles.skipSums.map(\.sum))
    let functions = Set(model.proto.functions.map(\.name))
    let data = Set(chain.nodes.flatMap { index.writes[$0] } + chain.articulations.prefix(1))
    var steps: [Step] = []
    var next = 0
    for (source, end) in zip(chain.articulations, chain.articulations.dropFirst()) {
      guard let last = index.maker[end] else { continue }
      var nodes: [Int] = []
      while next < chain.nodes.count, index.place[chain.nodes[next]] <= index.place[last] {
        nodes.append(chain.nodes[next])
        next += 1
      }
      let protos = nodes.map { model.proto.graph.node[$0] }
      let ending = model.proto.graph.node[last]
      let activations = nodes.filter(model.isActivation)
      let multipliesData = nodes.contains { index.multipliesData($0, model.proto.graph.node[$0], data.contains) }
      let learned = protos.count { OperatorTraits.isLearned($0, functions: functions) }
      let embeds =
        ending.opType == "Gather" && ending.input(at: 0) != index.names[source]
        || ending.opType.hasSuffix("EmbedLayerNormalization")
      let hasWeights = zip(nodes, protos).contains { node, proto in
        OperatorTraits.isLearned(proto, functions: functions) && !index.weights(of: node, proto).isEmpty
      }
      // A product of dynamically quantised numbers is one operator in several.
      let isProduct =
        learned == 1
        && protos.allSatisfy {
          OperatorTraits.dynamicQuantization.contains($0.opType) || ["ConvInteger", "MatMulInteger"].contains($0.opType)
        }
      // x·sigmoid(x), x·Φ(x) spelled with Erf, and a constant factor after it are activations too.
      let continuesActivation = steps.last.map { $0.endsInActivation && $0.operatorType == "Mul" } ?? false
      steps.append(
        Step(
          end: end, operatorType: ending.opType, isBranched: nodes.count > 1 && !isProduct, learnedCount: learned,
          hasWeights: hasWeights || embeds,
          hasAttention: multipliesData || protos.contains(where: OperatorTraits.isAttention),
          endsInActivation: learned == 0
            && (model.isActivation(last)
              || ending.opType == "Mul" && !activations.isEmpty
              || ["Mul", "Div"].contains(ending.opType) && nodes.count == 1 && continuesActivation),
          isRecurrent: OperatorTraits.recurrent.contains(ending.opType), isResidual: sums.contains(end),
          isGate: ending.opType == "Mul" && nodes.count > 1 && !isProduct
            && index.reads[last].contains(where: roles.gates.contains),
          innerActivations: activations.filter { index.writes[$0].allSatisfy(roles.standsAlone) }
            .compactMap { roles.activations.ends[$0] }.filter(roles.standsAlone),
          embeds: embeds))
    }
    return steps
  }

  // MARK: Blocks

  private struct Block {
    var steps: [Step]

    var hasAttention: Bool { steps[0].isBranched && steps[0].hasAttention }

    /// Whether it begins with branches that are more than a factor and what it scales.
    var isBranched: Bool { steps[0].isBranched && !steps[0].isGate }

    /// A branched step without attention, as the second half of a transformer's layer is.
    var isBranchedWithoutAttention: Bool { steps[0].isBranched && !steps[0].hasAttention }

    var endsInItsSum: Bool {
      steps[0].operatorType == "Add" && steps.dropFirst().allSatisfy { !OperatorTraits.joins.contains($0.operatorType) }
    }

    /// Whether it ends a stage of a plain convolutional network.
    var pools: Bool { steps.contains { $0.operatorType.hasSuffix("Pool") } }

    /// Without `target`: a last block that only makes logits, a product and its bias, has nothing to choose.
    func choices(before target: Int) -> [Int] {
      let isHead = steps.last?.end == target && !steps[0].isBranched && !steps.contains(where: \.endsInActivation)
      return isHead && !steps[0].isRecurrent ? [] : choices.filter { $0 != target }
    }

    private var choices: [Int] {
      let activations = steps.filter(\.endsInActivation)
      let joins = steps.filter { OperatorTraits.joins.contains($0.operatorType) }
      let views = steps.dropFirst().filter { OperatorTraits.views.contains($0.operatorType) }
      // A recurrent operator gives time first; the layout that follows it often puts the batch first.
      let preferred = steps[0].isRecurrent ? [joins, views, Array(steps.prefix(1))] : [joins, Array(steps.prefix(1))]
      var seen: Set<Int> = []
      return ([activations] + preferred + [steps]).flatMap { $0.reversed().map(\.end) }.filter {
        seen.insert($0).inserted
      }
    }
  }

  private static func group(_ steps: [Step]) -> [Block] {
    var blocks: [Block] = []
    for step in steps {
      if step.learnedCount > 0 || step.embeds && blocks.isEmpty {
        blocks.append(Block(steps: [step]))
      } else if !blocks.isEmpty {
        blocks[blocks.count - 1].steps.append(step)
      }
    }
    return blocks
  }

  /// Makes one block of a transformer's attention and the perceptron that follows it, ended by the latter.
  private static func mergeAttention(_ blocks: inout [Block]) {
    blocks = blocks.enumerated().filter { number, block in
      !(block.hasAttention && number + 1 < blocks.count && blocks[number + 1].isBranchedWithoutAttention)
    }.map(\.element)
  }

  /// Where the blocks end in their own sums, so that a stream of sums runs through the network, the last does too,
  /// and not in the normalisation that leads to the head.
  private static func dropFinalNormalisation(_ blocks: inout [Block]) {
    let branched = blocks.indices.filter { blocks[$0].steps[0].isBranched }
    guard branched.count > 1, let last = branched.last, last >= blocks.count - 2,
      branched.dropLast().allSatisfy({ blocks[$0].endsInItsSum }),
      !blocks[last].steps.contains(where: \.endsInActivation)
    else { return }
    let followers = blocks[last].steps.dropFirst().filter { $0.operatorType.hasSuffix("Normalization") }
    if followers.isEmpty && !blocks[last].steps.dropFirst().contains(where: \.isBranched) { return }
    blocks[last].steps.removeSubrange(1...)
  }

  /// Brings many blocks nearer to the limit by what they mean before they are thinned by number: of a network with
  /// branches, its first and last block and the branched ones stay; of a plain one, what is pooled next and what
  /// follows all pooling.
  private static func thin(_ blocks: inout [Block]) {
    guard blocks.count > Model.automaticLayerLimit else { return }
    let branched = blocks.count(where: \.isBranched)
    if branched >= 4 {
      blocks = blocks.enumerated().filter { number, block in
        block.isBranched || number == 0 || number == blocks.count - 1
      }.map(\.element)
    } else if branched == 0, let lastPool = blocks.lastIndex(where: \.pools), blocks.count(where: \.pools) >= 3 {
      blocks = blocks.enumerated().filter { $0 > lastPool || $1.pools }.map(\.element)
    }
  }

  /// Activations that stand for a layer: no gates, steps or parts of the output, as long as there are others.
  private static func allActivations(of model: Model, reading target: Int, _ roles: LayerRoles) -> [Int] {
    let index = model.index
    let influences = index.influences(on: target)
    func ends(_ isWanted: (Int) -> Bool) -> [Int] {
      index.order.filter { node in
        model.isActivation(node) && index.writes[node].allSatisfy(isWanted)
      }
      .compactMap { roles.activations.ends[$0] }
      .filter { influences[$0] && $0 != target && index.dependence[$0] == .data && isWanted($0) }
    }
    let alone = ends(roles.standsAlone)
    return alone.isEmpty ? ends { _ in true } : alone
  }
}
