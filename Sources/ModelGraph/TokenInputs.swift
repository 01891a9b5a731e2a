/// Which of several inputs of tokens a tensor's positions are those of: an encoder's sequence may be as long as its decoder's.
///
/// What a decoder makes follows from both, so a sequence is told by what follows from it alone: a tensor is of the sequence that
/// leads to the fewest tensors, among those that it follows from.
package struct TokenInputs: Sendable {
  private let model: Model
  /// What follows from each, by tensor; those that lead to most first.
  private let inputs: [(name: String, follows: [Bool])]

  /// - Parameter names: of inputs; of two that lead to the same tensors the later one stands for both.
  /// - Cost: a pass over the graph for each.
  package init(_ names: [String], in model: Model) {
    self.model = model
    let found = names.compactMap { name in
      model.index.numbers[name].map { (name: name, follows: model.index.follows(from: $0)) }
    }
    inputs = found.enumerated()
      .map { (place: $0, reach: $1.follows.count { $0 }, input: $1) }
      .sorted { ($1.reach, $0.place) < ($0.reach, $1.place) }
      .map(\.input)
  }

  /// The input that a tensor's positions are those of; `nil` where it follows from none.
  package func sequence(ofTensor tensor: String) -> String? {
    guard let number = model.index.numbers[tensor] else { return nil }
    return inputs.last { $0.follows[number] }?.name
  }

  /// The input whose positions a mask is about: the first with which it leads to tensors that no shorter-reaching input leads to.
  package func sequence(ofMask mask: String) -> String? {
    guard let number = model.index.numbers[mask] else { return nil }
    let follows = model.index.follows(from: number)
    return inputs.indices.first { place in
      follows.indices.contains { tensor in
        follows[tensor] && inputs[place].follows[tensor] && !inputs[(place + 1)...].contains { $0.follows[tensor] }
      }
    }.map { inputs[$0].name }
  }
}
