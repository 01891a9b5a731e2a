extension Model {
  /// The output that looks most like scores of classes, and where they are read.
  ///
  /// What the network computes of its inputs comes before weights and inputs that are passed on, and what has one length before what
  /// is as long as values say. Outputs of numbers come before labels, which come before what can't be read at all; then names decide ("logits" and
  /// "probabilities" before "hidden_state" and "boxes"), and a recurrent operator's last state counts as named so; then an
  /// output that others are made from gives way to them, and one of a single number to those of several; then the first is taken.
  /// Where classes have an output each, all of them are read together.
  ///
  /// - Parameter types: element types found by running the model; they override what the graph tells.
  /// - Precondition: the graph has an output.
  package func scoreOutput(types: [String: ElementType] = [:]) -> (output: String, source: OutputSource) {
    let known = elementTypes().merging(types) { _, seen in seen }
    let sources = outputs.map { source(ofOutput: $0.name, joinsClasses: true) }
    func readability(_ place: Int) -> Int {
      switch known[sources[place].tensor] {
      case .some(.string), .some(.noTensor): 3
      case let type? where !type.isFloat: 2
      case let type where sources[place].decision != nil && (type?.isFloat ?? true): 1
      default: 0
      }
    }
    let ranks = outputs.indices.map { place -> [Int] in
      let feedsOther = outputs.indices.contains { other in
        guard other != place, sources[other].tensor != sources[place].tensor, readability(other) < 2,
          let target = index.numbers[sources[other].tensor], let own = index.numbers[outputs[place].name]
        else { return false }
        return target != own && index.influences(on: target)[own]
      }
      let isNumber = known[outputs[place].name]?.isFloat ?? true
      let name = outputs[place].name
      return [
        isComputed(sources[place].tensor) ? 0 : 1, choosingOperator(of: sources[place].tensor, learns: true) == nil ? 0 : 1,
        readability(place), isNumber ? 0 : 1, isLastState(name) ? 2 : Self.nameRank(name), feedsOther ? 1 : 0,
        isSingleNumber(outputs[place]) ? 1 : 0, place,
      ]
    }
    let best = outputs.indices.min { ranks[$0].lexicographicallyPrecedes(ranks[$1]) } ?? 0
    return (outputs[best].name, sources[best])
  }

  /// Whether a tensor is more than a weight, an input, or either laid out anew.
  private func isComputed(_ tensor: String) -> Bool {
    guard index.dependence(of: tensor) == .data else { return false }
    var tensor = tensor
    // A path through the graph has no more steps than the graph has nodes.
    for _ in proto.graph.node.indices {
      guard let number = index.producer(of: tensor) else { return false }
      let node = proto.graph.node[number]
      guard node.isStandard, OperatorTraits.views.contains(node.opType), let source = node.input(at: 0) else { return true }
      tensor = source
    }
    return false
  }

  /// Whether a stimulus has one number there, as far as is declared: of all axes but the first each is 1 long, and the first may
  /// count stimuli.
  private func isSingleNumber(_ output: Port) -> Bool {
    guard let dimensions = output.dimensions else { return false }
    if dimensions.count == 1, case .fixed(let length) = dimensions[0] { return length == 1 }
    return dimensions.dropFirst().allSatisfy { $0 == .fixed(1) }
  }

  private static let scores = ["logit", "score", "prob", "softmax", "class", "pred", "conf"]
  private static let others = [
    "aux", "present", "past", "cache", "state", "hidden", "attention", "box", "loss", "mask", "embed", "feature",
  ]

  /// Whether an output is what an LSTM, GRU or RNN ends with, laid out anew at most.
  private func isLastState(_ output: String) -> Bool {
    var tensor = output
    // A path through the graph has no more steps than the graph has nodes.
    for _ in proto.graph.node.indices {
      guard let number = index.producer(of: tensor) else { return false }
      let node = proto.graph.node[number]
      guard node.isKnown else { return false }
      if OperatorTraits.recurrent.contains(node.opType) { return node.output.dropFirst().contains(tensor) }
      guard ["Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Concat", "Cast"].contains(node.opType),
        let source = node.input(at: 0)
      else { return false }
      tensor = source
    }
    return false
  }

  /// 0 for what is called like scores, 2 for what is called like something else, 1 for the rest.
  private static func nameRank(_ name: String) -> Int {
    let name = name.lowercased()
    let words = name.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    if others.contains(where: name.contains) || words.contains(where: InputAxes.stateWords.contains) { return 2 }
    return scores.contains(where: name.contains) ? 0 : 1
  }
}
