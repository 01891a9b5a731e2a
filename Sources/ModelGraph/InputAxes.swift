/// Tells which axis of each fed input counts stimuli, and which inputs carry a state from one call to the next.
///
/// Declarations say it in part: by a symbol such as `batch`, by an axis that is free or of length 1. Where an input is the sequence
/// of an LSTM, GRU or RNN or what it starts with, the operator says it.
struct InputAxes {
  /// Symbols that exporters use for the batch and for nothing else.
  private static let batchSymbols: Set<String> = ["batch", "batch_size", "batchsize", "bs", "batch_dim"]
  /// Symbols that may as well be a length's.
  private static let batchLetters: Set<String> = ["n", "b"]
  /// Words in names of inputs and outputs that hold what a model remembers.
  static let stateWords: Set<String> = [
    "state", "states", "h0", "c0", "hx", "cx", "h", "c", "hidden", "cell", "hn", "cn",
  ]

  private let commonSymbol: String?
  /// By name: the batch axis of an input that starts a recurrent operator.
  private let states: [String: Int]
  /// By name: the batch axis of an input that a recurrent operator runs along.
  private let sequences: [String: Int]

  init(_ ports: [Port], of model: Model) {
    commonSymbol = Self.commonSymbol(ports)
    let names = Set(ports.map(\.name))
    states = Self.recurrentInputs(names, at: [5, 6], of: model)
    sequences = Self.recurrentInputs(names, at: [0], of: model)
  }

  /// The symbol that stands first in the most inputs, the earliest of equals.
  private static func commonSymbol(_ ports: [Port]) -> String? {
    var counts: [(symbol: String, count: Int)] = []
    for case .named(let symbol)? in ports.map({ $0.dimensions?.first }) {
      if let place = counts.firstIndex(where: { $0.symbol == symbol }) {
        counts[place].count += 1
      } else {
        counts.append((symbol, 1))
      }
    }
    var best = counts.first
    for entry in counts where entry.count > best!.count { best = entry }
    return best?.symbol
  }

  /// `nil` where no axis counts stimuli: a single number, one value for all, or a shape that is fixed throughout.
  func batchAxis(of port: Port) -> Int? {
    guard let dimensions = port.dimensions else { return 0 }
    if let axis = states[port.name], axis < dimensions.count { return axis }
    func axis(where isBatch: (String) -> Bool) -> Int? {
      dimensions.firstIndex { if case .named(let symbol) = $0 { isBatch(symbol) } else { false } }
    }
    if let axis = axis(where: { Self.batchSymbols.contains($0.lowercased()) }) { return axis }
    if let axis = sequenceAxis(of: port) { return axis }
    if let axis = axis(where: { Self.batchLetters.contains($0.lowercased()) }) ?? axis(where: { $0 == commonSymbol }) {
      return axis
    }
    if dimensions == [.fixed(1)] { return nil }
    return dimensions.firstIndex {
      switch $0 {
      case .fixed(let length): length == 1
      case .named, .unknown: true
      }
    }
  }

  /// The axis that a recurrent operator takes for the batch's, where it isn't declared to have another length than 1.
  private func sequenceAxis(of port: Port) -> Int? {
    guard let axis = sequences[port.name], let dimensions = port.dimensions, dimensions.indices.contains(axis) else { return nil }
    if case .fixed(let length) = dimensions[axis], length != 1 { return nil }
    return axis
  }

  /// The axis along which a recurrent operator runs though it is called a batch's: its stimuli then change each other.
  func axisTakenForTime(of port: Port) -> Int? {
    guard let axis = batchAxis(of: port), states[port.name] == nil, let own = sequenceAxis(of: port), own != axis else {
      return nil
    }
    return axis
  }

  /// Whether the batch axis is more than the first that is free.
  func isBatchCertain(of port: Port) -> Bool {
    guard let axis = batchAxis(of: port), let dimensions = port.dimensions, states[port.name] == nil,
      axis != sequenceAxis(of: port)
    else { return true }
    switch dimensions[axis] {
    case .fixed: return true
    case .named(let symbol): return Self.batchSymbols.union(Self.batchLetters).contains(symbol.lowercased())
    case .unknown: return false
    }
  }

  /// Whether the input is a single truth value, as one that says whether the network trains.
  static func isFlag(_ port: Port) -> Bool {
    port.elementType == .bool && port.dimensions?.allSatisfy { $0 == .fixed(1) } ?? false
  }

  /// Whether the input starts as zeros where nothing is given: it is a flag, it begins a recurrent operator, or its name says that it
  /// holds a state or a cache. A state's lengths are declared, layers or directions first; a cache's own length may be free.
  func isState(_ port: Port) -> Bool {
    guard let dimensions = port.dimensions else { return false }
    if Self.isFlag(port) { return true }
    let name = port.name.lowercased()
    if name.contains("past") || name.contains("cache") { return true }
    let batch = batchAxis(of: port)
    let isFixed = dimensions.indices.allSatisfy { axis in
      if case .fixed = dimensions[axis] { true } else { axis == batch }
    }
    guard isFixed else { return false }
    if states[port.name] != nil { return true }
    // With the batch in front it may as well be what an agent sees of its world.
    return batch ?? 0 > 0 && name.split { !$0.isLetter && !$0.isNumber }.contains { Self.stateWords.contains(String($0)) }
  }

  // MARK: Recurrent operators

  /// The batch axes of inputs that reach recurrent operators. - Parameter places: of the operators' inputs.
  private static func recurrentInputs(_ inputs: Set<String>, at places: [Int], of model: Model) -> [String: Int] {
    let graph = model.proto.graph
    var found: [String: Int] = [:]
    for node in graph.node where node.isKnown && OperatorTraits.recurrent.contains(node.opType) {
      let axis = node.integer("layout") ?? 0 == 0 ? 1 : 0
      for start in places.compactMap({ node.input(at: $0) }) {
        var walk: (tensor: String, axis: Int)? = (start, axis)
        // A path through the graph has no more steps than the graph has nodes, unless it is a cycle.
        for _ in 0...graph.node.count {
          guard let here = walk, !inputs.contains(here.tensor) else { break }
          walk = model.index.producer(of: here.tensor).flatMap { source(of: here, graph.node[$0], in: model) }
        }
        if let here = walk, inputs.contains(here.tensor), found[here.tensor] == nil { found[here.tensor] = here.axis }
      }
    }
    return found
  }

  /// Where an axis of a node's output comes from, for operators that move axes, take a part of them, or map entries along others.
  private static func source(
    of output: (tensor: String, axis: Int), _ node: Onnx_NodeProto, in model: Model
  ) -> (tensor: String, axis: Int)? {
    guard node.isStandard, let input = node.input(at: 0) else { return nil }
    let axis = output.axis
    if let mapped = mapped(output, node, in: model) { return mapped }
    let single = node.integers("axes") ?? node.input(at: 1).flatMap(model.integerConstant)?.map { Int(clamping: $0) }
    switch node.opType {
    case "Identity", "Cast", "Slice", "Split", "Dropout", "LayerNormalization":
      return (input, axis)
    case "Transpose":
      guard let order = node.integers("perm"), order.indices.contains(axis), order[axis] >= 0 else { return nil }
      return (input, order[axis])
    case "Unsqueeze":
      guard let single, single.count == 1, single[0] >= 0, single[0] != axis else { return nil }
      return (input, axis > single[0] ? axis - 1 : axis)
    case "Squeeze":
      guard let single, single.count == 1, single[0] >= 0 else { return nil }
      return (input, axis >= single[0] ? axis + 1 : axis)
    case "Gather":
      // Taking one of the states along the first axis drops that axis, taking several keeps it.
      guard node.integer("axis") ?? 0 == 0, let rank = node.input(at: 1).flatMap(model.constantTensor)?.dims.count,
        rank == 0 || rank == 1 && axis > 0
      else { return nil }
      return (input, axis + 1 - rank)
    default:
      return nil
    }
  }

  /// The same for an activation, an operand of arithmetic with a constant, a product with weights and the rows of a table.
  private static func mapped(
    _ output: (tensor: String, axis: Int), _ node: Onnx_NodeProto, in model: Model
  ) -> (tensor: String, axis: Int)? {
    if OperatorTraits.activations.contains(node.opType) { return node.input(at: 0).map { ($0, output.axis) } }
    guard node.input.count == 2, let place = node.input.indices.first(where: { model.constantTensor(node.input[$0]) == nil }),
      let constant = model.constantTensor(node.input[1 - place])
    else { return nil }
    switch node.opType {
    case "Add", "Sub", "Mul", "Div": return constant.dims.count <= 1 ? (node.input[place], output.axis) : nil
    case "MatMul": return place == 0 && constant.dims.count == 2 ? (node.input[0], output.axis) : nil
    case "Gather": return place == 1 && node.integer("axis") ?? 0 == 0 ? (node.input[1], output.axis) : nil
    default: return nil
    }
  }
}
