/// What the axes of a network's tensors count, as its operators tell.
package struct LayoutInference: Sendable {
  let index: GraphIndex
  var axes = AxisGraph()
  var shapes: [Int: [Int]] = [:]
  private(set) var weightShapes: [Int: [Int]] = [:]
  /// By tensor between two Reshapes that undo each other: the axes that a normalisation goes over, whatever they are made of.
  var normalisedAxes: [Int: Set<Int>] = [:]
  /// Of those tensors the ones that hold rows of features in groups.
  var normalisedRows: Set<Int> = []
  /// Whether a tensor has a height of more than 1.
  private(set) var hasHeight = false

  /// - Parameters:
  ///   - shapes: of tensors at a batch of one, as a run of the model shows them; weights are known.
  ///   - batchAxes: where tensors keep the stimuli, as far as that is known.
  ///   - classAxes: where tensors keep classes, as a softmax or a decision at the end of the graph tells.
  /// - Cost: a few passes over the graph.
  package init(
    of model: Model, shapes: [String: [Int]], batchAxes: [String: Int], classAxes: [String: Int] = [:]
  ) {
    index = model.index
    for (name, shape) in shapes { if let tensor = index.numbers[name] { self.shapes[tensor] = shape } }
    for weight in model.proto.graph.initializer {
      if let tensor = index.numbers[weight.name] { weightShapes[tensor] = weight.dims.map(Int.init) }
    }
    for (number, node) in model.proto.graph.node.enumerated() where node.opType == "Constant" {
      if let tensor = index.writes[number].first, let value = node.attribute("value") {
        weightShapes[tensor] = value.t.dims.map(Int.init)
      }
    }
    // What only changes elements keeps the shape, also where it wasn't asked for: integers between floats.
    // Backwards too: what an operator in float32 gives has the shape of what it is rounded to.
    func keep(_ number: Int, forwards: Bool) {
      guard OperatorTraits.keepsShape(model.proto.graph.node[number]), let output = index.writes[number].first,
        let input = index.reads[number].first
      else { return }
      let (known, other) = forwards ? (input, output) : (output, input)
      guard let shape = self.shapes[known], self.shapes[other] == nil, index.dependence[other] == .data else { return }
      self.shapes[other] = shape
    }
    for number in index.order { keep(number, forwards: true) }
    for number in index.order.reversed() { keep(number, forwards: false) }
    for (tensor, shape) in self.shapes { axes.addTensor(tensor, shape) }
    for (name, axis) in batchAxes {
      if let tensor = index.numbers[name] { axes.state(tensor, axis, .batch, cost: 0, "it grows with the batch") }
    }
    for (name, axis) in classAxes {
      if let tensor = index.numbers[name] {
        axes.state(tensor, axis, .feature, cost: 0, "what ends the network compares along it")
      }
    }
    for number in index.order { linkEnds(aroundNormalisation: number, in: model) }
    for number in index.order { add(number, in: model) }
    axes.linkRefolded()
    axes.settle()
    hasHeight = self.shapes.contains { tensor, shape in
      zip(axes.findings(of: tensor) ?? [], shape).contains { $0?.role == .height && $1 > 1 }
    }
    axes.followAxes(of: model.proto.graph.input.compactMap { index.numbers[$0.name] }.filter { index.dependence[$0] == .data })
    axes.followTokens()
    axes.takeForPlaces(self.shapes.flatMap { tensor, shape in losers(of: tensor, shape).map { (tensor, $0) } })
  }

  /// Whether the tensor's axis counts the same as one that is known for places.
  func isPlace(_ tensor: String, _ axis: Int) -> Bool { index.numbers[tensor].map { axes.isPlace($0, axis) } ?? false }

  /// Whether the tensor's axis counts the same as one that is known to count tokens.
  func isOfTokens(_ tensor: String, _ axis: Int) -> Bool { index.numbers[tensor].map { axes.isOfTokens($0, axis) } ?? false }

  /// Whether an axis of one tensor and one of another count the same, by what lies between them.
  package func countsSame(_ one: (tensor: String, axis: Int), _ other: (tensor: String, axis: Int)) -> Bool {
    guard let first = index.numbers[one.tensor], let second = index.numbers[other.tensor] else { return false }
    return axes.countsSame((first, one.axis), (second, other.axis))
  }

  /// Whether the tensor's axis counts what one of an input's counts, or was made of such ones.
  package func isMade(_ axis: (tensor: String, axis: Int), of input: String) -> Bool {
    guard let tensor = index.numbers[axis.tensor], let input = index.numbers[input] else { return false }
    return axes.isMade((tensor, axis.axis), of: input)
  }

  /// Whether the tensor's axis counts what one of the stimuli's counts, or was made of such ones.
  package func isOfStimuli(_ tensor: String, _ axis: Int) -> Bool {
    index.numbers[tensor].map { axes.isOfStimuli($0, axis) } ?? false
  }

  /// By axis of the tensor: its role and the reason, `nil` where nothing tells. `nil` for a tensor of unknown shape.
  func findings(of tensor: String) -> [AxisGraph.Finding?]? {
    index.numbers[tensor].flatMap { axes.findings(of: $0) }
  }

  /// By axis of the tensor: what operators that define its role tell of it, through axes that count the same.
  func definitions(of tensor: String) -> [AxisGraph.Finding?]? {
    index.numbers[tensor].flatMap { axes.definitions(of: $0) }
  }

  /// The roles by axis.
  package func roles(of tensor: String) -> [AxisRole?]? { findings(of: tensor)?.map { $0?.role } }

  /// The roles by axis, of which only those are given that hold for certain: not where an axis was split or merged.
  package func certainRoles(of tensor: String) -> [AxisRole?]? {
    findings(of: tensor)?.map { finding in finding.flatMap { $0.isCertain ? $0.role : nil } }
  }
}
