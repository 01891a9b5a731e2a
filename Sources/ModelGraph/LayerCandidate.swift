/// A tensor that could be scanned: activations that the read output depends on, or what the model is given; floats, or integers that
/// stand for such.
///
/// Whether its shape and batch axis allow a scan shows only when the model runs.
package struct LayerCandidate: Sendable, Hashable {
  package let tensor: String
  /// What makes it; `input` for what the model is given.
  package let operatorType: String

  /// Whether `--layers auto` would take it if there were no limit to the number of layers.
  package let isBlockEnd: Bool
}

/// What is scanned where nothing else is asked for.
package struct AutomaticLayers: Sendable {
  /// Upstream first: one a block, or some of all where no blocks are found.
  package var layers: [String] = []
  /// The input whose way to what is read they lie on; `nil` where none leads there.
  package var input: String?
  /// Inputs that have layers of their own before they come to that way.
  package var otherInputs: [String] = []
}

extension Model {
  /// How many layers `--layers auto` scans at most.
  package static let automaticLayerLimit = 12

  /// The tensors that could be scanned, upstream first: what operators make that depends on the model's inputs and that
  /// `output` depends on, without `output`: floats, and quantised numbers where they are all there is.
  ///
  /// - Parameter output: the tensor that is read; by default the first output, before its softmax or sigmoid.
  /// - Cost: a few passes over the graph.
  package func layerCandidates(reading output: String? = nil) -> [LayerCandidate] {
    guard let target = index.numbers[output ?? defaultReadout] else { return [] }
    let types = elementTypes()
    let influences = index.influences(on: target)
    let blockEnds = Set(Blocks(of: self, reading: target).choices.compactMap(\.first))
    var candidates: [LayerCandidate] = []
    for node in index.order {
      for tensor in index.writes[node]
      where influences[tensor] && tensor != target && index.dependence[tensor] == .data
        && (types[index.names[tensor]]?.isFloat ?? true || isOnlyQuantized(index.names[tensor]))
      {
        candidates.append(
          LayerCandidate(
            tensor: index.names[tensor], operatorType: proto.graph.node[node].opType, isBlockEnd: blockEnds.contains(tensor)))
      }
    }
    return candidates
  }

  /// What the model is given that could be scanned as its layers are: the inputs that `output` depends on, in their order.
  ///
  /// - Parameter output: the tensor that is read, as in `layerCandidates(reading:)`.
  package func inputCandidates(reading output: String) -> [LayerCandidate] {
    guard let target = index.numbers[output] else { return [] }
    let influences = index.influences(on: target)
    return inputNames.filter { name in
      index.numbers[name].map { influences[$0] && $0 != target && index.dependence[$0] == .data } ?? false
    }.map { LayerCandidate(tensor: $0, operatorType: "input", isBlockEnd: false) }
  }

  /// One tensor a block, upstream first, thinned evenly to `automaticLayerLimit`.
  ///
  /// - Parameters:
  ///   - output: the tensor that is read, as in `layerCandidates(reading:)`.
  ///   - isScannable: whether a run of the model found that the tensor can be scanned; where it says no, the block's
  ///     next best tensor is taken.
  package func automaticLayers(
    reading output: String? = nil, where isScannable: (String) -> Bool = { _ in true }
  ) -> [String] {
    automaticChoice(reading: output, where: isScannable).layers
  }

  private func automaticChoice(reading output: String?, where isScannable: (String) -> Bool) -> AutomaticLayers {
    let candidates = Set(layerCandidates(reading: output).map(\.tensor))
    guard let target = index.numbers[output ?? defaultReadout] else { return AutomaticLayers() }
    let blocks = Blocks(of: self, reading: target)
    var layers: [String] = []
    for choices in blocks.choices {
      let names = choices.lazy.map { self.index.names[$0] }
      if let layer = names.first(where: { candidates.contains($0) && !layers.contains($0) && isScannable($0) }) {
        layers.append(layer)
      }
    }
    return AutomaticLayers(
      layers: Self.thinned(layers), input: blocks.source.map { index.names[$0] },
      otherInputs: blocks.others.map { index.names[$0] })
  }

  /// The same, or, where no block has a tensor that can be scanned, some of all that can.
  ///
  /// - Parameter scannable: what a run of the model found that can be scanned, upstream first.
  package func automaticChoice(reading output: String, amongOthers scannable: [String]) -> AutomaticLayers {
    var choice = automaticChoice(reading: output, where: Set(scannable).contains)
    if choice.layers.isEmpty { choice.layers = Self.thinned(scannable) }
    return choice
  }

  /// Whether an operator learns as networks do: no trees, neighbours or support vectors alone.
  package var learns: Bool { proto.graph.node.contains { OperatorTraits.isLearned($0, functions: []) } }

  private var defaultReadout: String { proto.graph.output.isEmpty ? "" : scoreOutput().source.tensor }

  /// The first, the last, and evenly spaced ones between.
  ///
  /// - Parameter limit: how many are left at most, 2 or more.
  package static func thinned(_ layers: [String], to limit: Int = automaticLayerLimit) -> [String] {
    guard layers.count > limit else { return layers }
    return (0..<limit).map { layers[($0 * (layers.count - 1) + (limit - 1) / 2) / (limit - 1)] }
  }
}
