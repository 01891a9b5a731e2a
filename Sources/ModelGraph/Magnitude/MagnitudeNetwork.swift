/// The linear map by which activation magnitude flows from one tensor of a network to another, for one stimulus.
///
/// It is the part of the graph between the two with every weight replaced by its magnitude, biases dropped, each
/// activation replaced by the magnitude of its derivative at the observed pre-activation, maxima routed to the observed
/// ones, and normalisations and gates held at what was observed. Where one linear operator joins the tensors it is
/// |W|·σ'(z) to the letter. Only what flows from the source counts; whatever else enters on the way is a bias.
package struct MagnitudeNetwork: Sendable {
  /// Gives what is held for a stimulus. Outputs: the source tensor, then what `held` names, each once.
  package let observation: Model

  /// Maps magnitudes at the source to magnitudes at the target. Inputs: `source`, then those that `held` names; one
  /// output, of the target's shape. A batch of `batch` rows.
  package let flow: Model

  /// The flow's input for the magnitudes.
  package let source: String

  /// The flow's other inputs, in order, and the output of the observation that each is fed from.
  package let held: [(input: String, output: String)]

  /// Rows that the flow is written for.
  package let batch: Int

  /// Whether all that is held is factors of magnitudes, so that under no stimulus magnitude leads to where it doesn't with all factors 1.
  package var isScaledOnly: Bool {
    let names = Set(held.map(\.input))
    return flow.proto.graph.node.allSatisfy { node in
      node.input.enumerated().allSatisfy { position, input in
        !names.contains(input) || ["Mul", "MatMul"].contains(node.opType) || node.opType == "Div" && position == 1
      }
    }
  }
}

/// Why the magnitude network between two tensors can't be written: an operator without a rule, or no path.
package struct Untraceable: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is in the way, as the end of "not traced, since …".
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }

  package var description: String { reason }
}

/// The shapes of a network's tensors as a run with one stimulus shows them, and which axis counts stimuli.
package struct ObservedShapes: Sendable {
  /// By tensor, for one stimulus.
  let shapes: [String: [Int]]
  /// By tensor: the axis that grows with the number of stimuli.
  let batchAxes: [String: Int]

  /// - Parameters:
  ///   - one: by tensor, for one stimulus.
  ///   - two: the same for a batch of two; `nil` where the network takes no batches.
  package init(one: [String: [Int]], two: [String: [Int]]?) {
    shapes = one
    batchAxes = one.compactMapValues { _ in nil as Int? }.merging(
      (two ?? [:]).compactMap { name, double -> (String, Int)? in
        guard let single = one[name], single.count == double.count else { return nil }
        let changed = single.indices.filter { single[$0] != double[$0] }
        return changed.count == 1 && double[changed[0]] == 2 * single[changed[0]] ? (name, changed[0]) : nil
      }, uniquingKeysWith: { $1 })
  }
}

extension Model {
  /// The tensors whose shapes `magnitudeNetwork(from:to:)` needs: what the operators between the two read and write,
  /// weights left out, but for those that operators make.
  ///
  /// Empty where no path leads from one to the other. Throws for unknown names.
  package func tensorsBetween(_ source: String, _ target: String) throws(ModelGraphError) -> [String] {
    let nodes = try nodesBetween(source, target)
    let types = elementTypes()
    var tensors: [String] = []
    var seen: Set<Int> = []
    for node in nodes {
      for tensor in index.reads[node] + index.writes[node] where seen.insert(tensor).inserted {
        let name = index.names[tensor]
        if index.dependence[tensor] != .constant || !index.isWeight(name), types[name] != .noTensor { tensors.append(name) }
      }
    }
    return tensors
  }

  /// The magnitude network from one tensor to another.
  ///
  /// - Parameters:
  ///   - shapes: of `tensorsBetween(source, target)`.
  ///   - batch: rows that the flow takes at once; above 1 only where the shapes tell the axes that count stimuli.
  ///   - types: element types found by running the model; they override what the graph declares.
  /// - Throws: `Untraceable` with the operator that has no rule, or where nothing flows.
  /// - Cost: linear in the graph's size; weights are shared.
  package func magnitudeNetwork(
    from source: String, to target: String, shapes: ObservedShapes, batch: Int, types: [String: ElementType] = [:]
  ) throws(Untraceable) -> MagnitudeNetwork {
    guard let nodes = try? nodesBetween(source, target), !nodes.isEmpty else {
      throw Untraceable("no path leads from \"\(source)\" to \"\(target)\"")
    }
    var rewrite = MagnitudeRewrite(self, source: source, shapes: shapes, batch: batch, types: types)
    return try rewrite.run(nodes, to: target)
  }

  /// The operators on paths between two tensors, in topological order.
  private func nodesBetween(_ source: String, _ target: String) throws(ModelGraphError) -> [Int] {
    let (from, to) = (try require(source), try require(target))
    guard from != to else { return [] }
    let follows = index.follows(from: from)
    let influences = index.influences(on: to)
    guard follows[to] else { return [] }
    return index.order.filter { node in
      !index.readsOnlyShape[node] && index.reads[node].contains { follows[$0] }
        && index.writes[node].contains { influences[$0] }
    }
  }
}
