/// Writes a recurrent operator step by step.
///
/// Source: the ONNX operators LSTM, GRU and RNN of opset 7 on. W [directions, gates·H, F], R [directions, gates·H, H] and
/// B [directions, 2·gates·H] hold one block of H rows a gate: i, o, f, c of an LSTM; z, r, h of a GRU.
struct RecurrenceRewrite {
  private(set) var weights: [Onnx_TensorProto] = []
  private let model: Model
  private var nodes: [Onnx_NodeProto] = []
  private var names: FreshNames
  private var integerNames: [[Int]: String] = [:]

  init(_ model: Model) {
    self.model = model
    names = FreshNames(in: model, stem: "unrolled")
  }

  /// The nodes that were written since this was last asked.
  mutating func takeNodes() -> [Onnx_NodeProto] {
    defer { nodes = [] }
    return nodes
  }

  /// Gates that an operator has, by which its weights are counted.
  private static let gateCounts = ["LSTM": 4, "GRU": 3, "RNN": 1]

  /// - Parameter fixed: tensors that follow from shapes alone, besides those of which the graph itself tells it.
  static func canUnroll(_ node: Onnx_NodeProto, in model: Model, fixed: Set<String>) -> Bool {
    guard node.isStandard, let gates = gateCounts[node.opType], node.integer("layout") ?? 0 == 0,
      node.attribute("clip") == nil, node.integer("input_forget") ?? 0 == 0, node.input(at: 7) == nil,
      (0...2).allSatisfy({ node.input(at: $0) != nil }), hiddenSize(of: node, gates, in: model) != nil
    else { return false }
    // Sequences that end early are given as data, or as constants that differ.
    if let lengths = node.input(at: 4), model.index.dependence(of: lengths) != .shapes, !fixed.contains(lengths) { return false }
    let own = ["LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]][node.opType]!
    let asked = node.attribute("activations")?.strings.map { String(decoding: $0, as: UTF8.self) } ?? own
    let directions = asked.count / own.count
    return asked == (0..<directions).flatMap { _ in own } || node.opType == "RNN" && asked.allSatisfy { $0 == "Relu" }
  }

  private static func hiddenSize(of node: Onnx_NodeProto, _ gates: Int, in model: Model) -> Int? {
    let size =
      node.integer("hidden_size")
      ?? model.constantTensor(node.input[1]).flatMap { $0.dims.count == 3 ? Int($0.dims[1]) / gates : nil }
    // What no network has would overflow.
    return size.flatMap { 1...1 << 24 ~= $0 ? $0 : nil }
  }

  /// The recurrence of one direction: what is multiplied and added, and what a step makes of the state.
  private struct Direction {
    /// H.
    var size: Int
    /// [H, gates·H] of each stretch of gates that is multiplied alone.
    var recurrence: [String]
    /// The entries of a stretch at a step, [1, N, ·].
    var entries: [[String]]
    /// Of a GRU whose reset comes after the product: its bias there.
    var innerBias: String?
    var start: String?
    var cellStart: String?
  }

  mutating func unroll(_ node: Onnx_NodeProto, steps: Int) {
    let direction = node.attribute("direction").map { String(decoding: $0.s, as: UTF8.self) } ?? "forward"
    let directions = direction == "bidirectional" ? [false, true] : [direction == "reverse"]
    var (sequences, states, cells): ([String], [String], [String]) = ([], [], [])
    for (number, isReversed) in directions.enumerated() {
      let parts = prepare(node, number, of: directions.count, steps: steps)
      var (state, cell) = (parts.start, parts.cellStart)
      var outputs = [String](repeating: "", count: steps)
      for step in isReversed ? Array((0..<steps).reversed()) : Array(0..<steps) {
        switch node.opType {
        case "LSTM": (state, cell) = stepOfLSTM(parts, step, state, cell)
        case "GRU": state = stepOfGRU(parts, step, state, node)
        default: state = add(activation(of: node, number), [sum(parts, 0, step, state)])
        }
        outputs[step] = state!
      }
      sequences.append(unsqueeze(concatenate(outputs, axis: 0), axis: 1))
      states.append(state!)
      cells.append(cell ?? "")
    }
    give(concatenate(sequences, axis: 1), to: node, 0)
    give(concatenate(states, axis: 0), to: node, 1)
    if node.opType == "LSTM" { give(concatenate(cells, axis: 0), to: node, 2) }
  }

  // MARK: A direction

  private mutating func prepare(
    _ node: Onnx_NodeProto, _ number: Int, of directions: Int, steps: Int
  ) -> Direction {
    let gates = Self.gateCounts[node.opType]!
    let size = Self.hiddenSize(of: node, gates, in: model)!
    // A GRU's candidate is multiplied for itself, since the reset gate comes in between.
    let stretches = node.opType == "GRU" ? [2 * size, size] : [gates * size]
    func part(_ position: Int) -> String? {
      node.input(at: position).map { directions == 1 ? squeeze($0, axis: 0) : row($0, number) }
    }
    let biases = part(3).map { split($0, [gates * size, gates * size], axis: 0) }
    let (own, recurrent) = (
      biases.map { split($0[0], stretches, axis: 0) }, biases.map { split($0[1], stretches, axis: 0) }
    )
    let isLate = node.opType == "GRU" && node.integer("linear_before_reset") ?? 0 != 0
    let weights = split(part(1)!, stretches, axis: 0)
    let entries = stretches.indices.map { place -> [String] in
      var entry = add("MatMul", [node.input[0], turned(weights[place])])
      if let own, let recurrent {
        let bias = isLate && place == 1 ? own[place] : add("Add", [own[place], recurrent[place]])
        entry = add("Add", [entry, bias])
      }
      return split(entry, [Int](repeating: 1, count: steps), axis: 0)
    }
    func start(_ position: Int) -> String? {
      node.input(at: position).map { directions == 1 ? $0 : split($0, [1, 1], axis: 0)[number] }
    }
    return Direction(
      size: size, recurrence: split(part(2)!, stretches, axis: 0).map { turned($0) }, entries: entries,
      innerBias: isLate ? recurrent?[1] : nil, start: start(5), cellStart: node.opType == "LSTM" ? start(6) : nil)
  }

  /// What a stretch of gates gets at a step: its entry, and what the state adds to it.
  private mutating func sum(_ parts: Direction, _ stretch: Int, _ step: Int, _ state: String?) -> String {
    guard let state else { return parts.entries[stretch][step] }
    return add("Add", [parts.entries[stretch][step], add("MatMul", [state, parts.recurrence[stretch]])])
  }

  /// c' = f·c + i·g, h' = o·tanh(c').
  private mutating func stepOfLSTM(
    _ parts: Direction, _ step: Int, _ state: String?, _ cell: String?
  ) -> (state: String?, cell: String?) {
    let gates = equalParts(sum(parts, 0, step, state), 4, parts.size)
    let (input, output, forget) = (add("Sigmoid", [gates[0]]), add("Sigmoid", [gates[1]]), add("Sigmoid", [gates[2]]))
    var next = add("Mul", [input, add("Tanh", [gates[3]])])
    if let cell { next = add("Add", [add("Mul", [forget, cell]), next]) }
    return (add("Mul", [output, add("Tanh", [next])]), next)
  }

  /// h' = (1 − z)·ĥ + z·h; 1 − σ(x) is written σ(−x).
  private mutating func stepOfGRU(
    _ parts: Direction, _ step: Int, _ state: String?, _ node: Onnx_NodeProto
  ) -> String {
    let gates = equalParts(sum(parts, 0, step, state), 2, parts.size)
    let reset = add("Sigmoid", [gates[1]])
    var candidate = parts.entries[1][step]
    if node.integer("linear_before_reset") ?? 0 != 0 {
      let product = state.map { add("MatMul", [$0, parts.recurrence[1]]) }
      let inner = [product, parts.innerBias].compactMap(\.self)
      if let first = inner.first {
        candidate = add("Add", [candidate, add("Mul", [reset, inner.count == 2 ? add("Add", inner) : first])])
      }
    } else if let state {
      candidate = add("Add", [candidate, add("MatMul", [add("Mul", [reset, state]), parts.recurrence[1]])])
    }
    let fresh = add("Mul", [add("Sigmoid", [add("Neg", [gates[0]])]), add("Tanh", [candidate])])
    return state.map { add("Add", [fresh, add("Mul", [add("Sigmoid", [gates[0]]), $0])]) } ?? fresh
  }

  private func activation(of node: Onnx_NodeProto, _ direction: Int) -> String {
    let asked = node.attribute("activations")?.strings ?? []
    return direction < asked.count ? String(decoding: asked[direction], as: UTF8.self) : "Tanh"
  }

  // MARK: Nodes

  private mutating func add(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> String {
    let output = names.next()
    nodes.append(Onnx_NodeProto(operatorType, inputs, [output], attributes))
    return output
  }

  private mutating func give(_ tensor: String, to node: Onnx_NodeProto, _ position: Int) {
    guard position < node.output.count, !node.output[position].isEmpty else { return }
    nodes.append(Onnx_NodeProto("Identity", [tensor], [node.output[position]], [:]))
  }

  private mutating func integers(_ values: [Int]) -> String {
    if let known = integerNames[values] { return known }
    let tensor = Onnx_TensorProto(values, name: names.next())
    weights.append(tensor)
    integerNames[values] = tensor.name
    return tensor.name
  }

  private mutating func turned(_ matrix: String) -> String { add("Transpose", [matrix], ["perm": .ints([1, 0])]) }

  private mutating func concatenate(_ parts: [String], axis: Int) -> String {
    parts.count == 1 ? parts[0] : add("Concat", parts, ["axis": .int(axis)])
  }

  /// A row of what has one for each direction.
  private mutating func row(_ tensor: String, _ number: Int) -> String {
    squeeze(split(tensor, [1, 1], axis: 0)[number], axis: 0)
  }

  private mutating func squeeze(_ tensor: String, axis: Int) -> String { reshaped("Squeeze", tensor, axis) }
  private mutating func unsqueeze(_ tensor: String, axis: Int) -> String { reshaped("Unsqueeze", tensor, axis) }

  private mutating func reshaped(_ operatorType: String, _ tensor: String, _ axis: Int) -> String {
    model.opset < 13
      ? add(operatorType, [tensor], ["axes": .ints([axis])]) : add(operatorType, [tensor, integers([axis])])
  }

  /// Gates side by side along the last axis of [1, N, gates·H].
  private mutating func equalParts(_ tensor: String, _ count: Int, _ size: Int) -> [String] {
    split(tensor, [Int](repeating: size, count: count), axis: 2)
  }

  private mutating func split(_ tensor: String, _ lengths: [Int], axis: Int) -> [String] {
    guard lengths.count > 1 else { return [tensor] }
    let outputs = lengths.map { _ in names.next() }
    nodes.append(
      model.opset < 13
        ? Onnx_NodeProto("Split", [tensor], outputs, ["axis": .int(axis), "split": .ints(lengths)])
        : Onnx_NodeProto("Split", [tensor, integers(lengths)], outputs, ["axis": .int(axis)]))
    return outputs
  }
}
