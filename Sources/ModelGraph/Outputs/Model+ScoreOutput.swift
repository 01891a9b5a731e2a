extension Model {
  /// The output that looks most like scores of classes, and where they are read.
  ///
  /// Outputs of numbers come before labels, which come before what can't be read at all; then names decide ("logits" and
  /// "probabilities" before "hidden_state" and "boxes"); then an output that others are made from gives way to them; then
  /// the first is taken.
  ///
  /// - Parameter types: element types found by running the model; they override what the graph tells.
  /// - Precondition: the graph has an output.
  package func scoreOutput(types: [String: ElementType] = [:]) -> (output: String, source: OutputSource) {
    let known = elementTypes().merging(types) { _, seen in seen }
    let sources = outputs.map { source(ofOutput: $0.name) }
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
      return [readability(place), isNumber ? 0 : 1, Self.nameRank(outputs[place].name), feedsOther ? 1 : 0, place]
    }
    let best = outputs.indices.min { ranks[$0].lexicographicallyPrecedes(ranks[$1]) } ?? 0
    return (outputs[best].name, sources[best])
  }

  private static let scores = ["logit", "score", "prob", "softmax", "class", "pred", "conf"]
  private static let others = [
    "aux", "present", "past", "cache", "state", "hidden", "attention", "box", "loss", "mask", "embed", "feature",
  ]

  /// 0 for what is called like scores, 2 for what is called like something else, 1 for the rest.
  private static func nameRank(_ name: String) -> Int {
    let name = name.lowercased()
    if others.contains(where: name.contains) { return 2 }
    return scores.contains(where: name.contains) ? 0 : 1
  }
}
