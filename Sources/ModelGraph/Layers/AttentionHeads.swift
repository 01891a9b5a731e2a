/// Where the tensors of attention keep their heads, as the graph tells.
///
/// A product of attention weights (what comes of a softmax) with data mixes positions within a head; its axes that count heads
/// are followed from there through what only lays out values anew, until other weights mix them. Queries that share keys and
/// values in groups have heads of their own: the groups' axis and the axis in a group count them together. Where heads are folded into
/// the batch, [batch · heads, positions, features], that axis counts heads if they are joined with the features later on; else it may as
/// well count rows or windows of a picture.
///
/// References: Vaswani et al., "Attention is all you need" (2017); Ainslie et al., "GQA" (2023).
package struct AttentionHeads: Sendable {
  /// How the entries of a tensor's axes are parted into heads.
  package struct Finding: Sendable, Hashable {
    package let headCount: Int
    /// Whether positions lie behind a head's features, as where values come first in the product, and not in front of them.
    package let hasFeaturesFirst: Bool
    /// By axis: its digits, slowest first.
    fileprivate let axes: [[Digit]]

    /// The tensor's lengths.
    package var shape: [Int] { axes.map { $0.reduce(1) { $0 * $1.size } } }

    /// Whether the last axis counts heads and, within each, features.
    fileprivate var joinsHeads: Bool {
      let last = axes.last ?? []
      return last.contains { $0.weight > 0 } && last.contains { $0.weight == 0 && $0.size > 1 }
    }

    /// Whether something counts heads beside the last axis.
    fileprivate var hasHeadsElsewhere: Bool { axes.dropLast().joined().contains { $0.weight > 0 && $0.size > 1 } }

    /// The axes that count heads, alone or with what a head holds.
    package var headAxes: [Int] { axes.indices.filter { axis in axes[axis].contains { $0.weight > 0 } } }

    /// What an entry of an axis adds to the number of its head.
    package func head(ofEntry entry: Int, along axis: Int) -> Int {
      var (rest, head) = (entry, 0)
      for digit in axes[axis].reversed() {
        head += rest % digit.size * digit.weight
        rest /= digit.size
      }
      return head
    }
  }

  /// A factor of an axis: how many entries it has, and how far apart in the numbering of heads they are; 0 where it doesn't
  /// count heads.
  fileprivate struct Digit: Sendable, Hashable {
    var size: Int
    var weight: Int
  }

  /// By tensor, of those that keep heads apart.
  private var findings: [String: Finding] = [:]
  /// For each product of attention, upstream first: the tensors that keep its heads apart, in the order they are made.
  package private(set) var chains: [[String]] = []

  /// Softmaxes that weigh data in a product of which no heads could be told, upstream first, by the tensors that they make.
  package private(set) var unrecognised: [String] = []

  /// - Parameter shapes: of tensors at a batch of one.
  /// - Cost: a pass over the graph, and one over what lies between each product and its softmax.
  package init(of model: Model, shapes: [String: [Int]]) {
    let index = model.index
    var shapes = shapes
    var chainOfTensor: [Int: Int] = [:]
    var folded: Set<Int> = []
    // By chain: the softmaxes that its weights come of.
    var recognised: [Set<Int>] = []
    for node in index.order {
      let proto = model.proto.graph.node[node]
      guard let output = index.writes[node].first,
        let shape = shapes[index.names[output]] ?? Self.shape(laidOutBy: proto, shapes, in: model), shape.allSatisfy({ $0 > 0 })
      else { continue }
      shapes[index.names[output]] = shape
      var finding: Finding?
      var chain: Int?
      if let axes = Self.attention(proto, node, shape, shapes, in: model) {
        finding = Self.finding(axes, hasFeaturesFirst: Self.comesOfWeightsLast(proto, in: model))
        recognised.append(Self.weights(of: proto, in: model))
        chains.append([])
        chain = chains.count - 1
        if axes.count == 3, axes[0].contains(where: { $0.weight > 0 }) { folded.insert(chains.count - 1) }
      } else if let input = index.reads[node].first(where: { findings[index.names[$0]] != nil }) {
        finding = Self.following(proto, findings[index.names[input]]!, shape)
        chain = chainOfTensor[input]
      }
      guard let finding, finding.headCount > 1, finding.shape == shape, let chain else { continue }
      findings[index.names[output]] = finding
      chainOfTensor[output] = chain
      chains[chain].append(index.names[output])
    }
    for chain in folded {
      // What counts windows as well isn't joined with features but for the heads.
      let joined = chains[chain].compactMap { findings[$0] }.first(where: \.joinsHeads)
      if let joined, !joined.hasHeadsElsewhere { continue }
      for tensor in chains[chain] { findings[tensor] = nil }
      chains[chain] = []
      recognised[chain] = []
    }
    chains.removeAll(where: \.isEmpty)
    let all = recognised.reduce(into: Set<Int>()) { $0.formUnion($1) }
    unrecognised = index.order.flatMap { index.writes[$0] }
      .filter { Self.isSoftmax($0, in: model) && !all.contains($0) && Self.weighsData($0, in: model) }
      .map { index.names[$0] }
  }

  /// The heads of a tensor; `nil` where it has none apart.
  package subscript(tensor tensor: String) -> Finding? { findings[tensor] }

  private static func finding(_ axes: [[Digit]], hasFeaturesFirst: Bool) -> Finding {
    Finding(
      headCount: 1 + axes.joined().reduce(0) { $0 + ($1.weight > 0 ? ($1.size - 1) * $1.weight : 0) },
      hasFeaturesFirst: hasFeaturesFirst, axes: axes)
  }

  /// The shape of what no run showed: a step by which a tensor is laid out to be scanned.
  private static func shape(laidOutBy proto: Onnx_NodeProto, _ shapes: [String: [Int]], in model: Model) -> [Int]? {
    guard let shape = proto.input(at: 0).flatMap({ shapes[$0] }) else { return nil }
    switch proto.opType {
    case "Transpose":
      let order = proto.integers("perm") ?? Array(shape.indices.reversed())
      return order.sorted() == Array(shape.indices) ? order.map { shape[$0] } : nil
    case "Reshape":
      guard let target = proto.input(at: 1).flatMap({ model.integerConstant($0) })?.map({ Int(clamping: $0) }),
        !target.contains(0), target.filter({ $0 < 0 }).count <= 1
      else { return nil }
      let known = target.filter { $0 > 0 }.reduce(1, *)
      let count = shape.reduce(1, *)
      return count.isMultiple(of: known) ? target.map { $0 < 0 ? count / known : $0 } : nil
    default:
      return nil
    }
  }

  // MARK: Where heads begin

  /// The axes of what an attention makes; `nil` where the operator is none.
  private static func attention(
    _ proto: Onnx_NodeProto, _ node: Int, _ shape: [Int], _ shapes: [String: [Int]], in model: Model
  ) -> [[Digit]]? {
    switch proto.opType {
    case "Attention", "MultiHeadAttention", "GroupQueryAttention", "PackedAttention", "QAttention":
      return fused(proto, shape)
    case "MatMul", "FusedMatMul", "MatMulInteger", "QLinearMatMul", "DynamicQuantizeMatMul", "MatMulIntegerToFloat":
      guard shape.count >= 3, isOfData(proto, in: model), let weights = factors(of: proto).first else { return nil }
      if softmaxes(of: weights, in: model).isEmpty {
        // Values in front of the weights, [heads, features, positions], as of maps of a picture.
        return shape.count == 4 && comesOfWeightsLast(proto, in: model) ? digits(shape, [1]) : nil
      }
      // Of one stimulus the first axis has nothing but heads, if anything.
      if shape.count == 3 { return shape[0] > 1 ? digits(shape, [0]) : nil }
      var headAxes = [shape.count - 3]
      // Groups of queries: the keys and values of a group are the same for all its heads.
      let values = factors(of: proto).last.flatMap { shapes[$0] } ?? []
      if shape.count >= 5, values.count == shape.count, values[shape.count - 3] == 1 { headAxes.insert(shape.count - 4, at: 0) }
      return digits(shape, headAxes)
    case "Einsum":
      guard isOfData(proto, in: model), let axes = einsumHeads(proto, in: model) else { return nil }
      return digits(shape, axes)
    default:
      return nil
    }
  }

  private static func digits(_ shape: [Int], _ headAxes: [Int]) -> [[Digit]] {
    shape.indices.map { axis in
      guard headAxes.contains(axis) else { return [Digit(size: shape[axis], weight: 0)] }
      return [Digit(size: shape[axis], weight: headAxes.filter { $0 > axis }.reduce(1) { $0 * shape[$1] })]
    }
  }

  private static func fused(_ proto: Onnx_NodeProto, _ shape: [Int]) -> [[Digit]]? {
    if shape.count == 4 { return digits(shape, [1]) }
    guard let count = proto.integer("num_heads") ?? proto.integer("q_num_heads"), count > 1, let length = shape.last,
      length.isMultiple(of: count)
    else { return nil }
    return shape.dropLast().map { [Digit(size: $0, weight: 0)] } + [
      [Digit(size: count, weight: 1), Digit(size: length / count, weight: 0)]
    ]
  }

  /// Whether both factors of a product are data.
  private static func isOfData(_ proto: Onnx_NodeProto, in model: Model) -> Bool {
    let operands = factors(of: proto)
    return operands.count == 2 && operands.allSatisfy { model.index.dependence(of: $0) == .data }
  }

  private static func factors(of proto: Onnx_NodeProto) -> [String] {
    let places = OperatorTraits.factors(proto) ?? (0, 1)
    return [places.first, places.second].compactMap { proto.input(at: $0) }
  }

  /// Whether the second factor of a product of data comes of a softmax, and the first doesn't.
  private static func comesOfWeightsLast(_ proto: Onnx_NodeProto, in model: Model) -> Bool {
    let operands = factors(of: proto)
    return proto.opType != "Einsum" && isOfData(proto, in: model) && softmaxes(of: operands[0], in: model).isEmpty
      && !softmaxes(of: operands[1], in: model).isEmpty
  }

  /// The softmaxes that a product's factors come of.
  private static func weights(of proto: Onnx_NodeProto, in model: Model) -> Set<Int> {
    factors(of: proto).reduce(into: []) { $0.formUnion(softmaxes(of: $1, in: model)) }
  }

  private static func softmaxes(of tensor: String, in model: Model) -> Set<Int> {
    guard let number = model.index.numbers[tensor] else { return [] }
    return upstream(of: number, through: weighing, in: model).filter { isSoftmax($0, in: model) }
  }

  private static func isSoftmax(_ tensor: Int, in model: Model) -> Bool {
    guard let maker = model.index.maker[tensor] else { return false }
    let proto = model.proto.graph.node[maker]
    return proto.opType == "Softmax" || proto.opType == "QLinearSoftmax" || isSpelledSoftmax(proto, in: model)
  }

  /// Whether what a softmax makes is a factor of a product of data, mixed with constants and joined before at most.
  private static func weighsData(_ softmax: Int, in model: Model) -> Bool {
    let index = model.index
    var (found, pending) = (Set([softmax]), [softmax])
    while let current = pending.popLast() {
      for reader in index.readers[current] {
        let proto = model.proto.graph.node[reader]
        let isProduct = ["MatMul", "Einsum", "FusedMatMul"].contains(proto.opType)
        if isProduct, isOfData(proto, in: model) { return true }
        guard isProduct || weighing.contains(proto.opType) || ["Concat", "Split", "Gather", "Conv"].contains(proto.opType) else {
          continue
        }
        for output in index.writes[reader] where found.insert(output).inserted { pending.append(output) }
      }
    }
    return false
  }

  /// Operators that mask attention weights, or store them otherwise.
  private static let masking = OperatorTraits.views.union([
    "Mul", "Where", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
  ])

  /// Those that weights go through on their way to a product: normalised again, less a sink, or less other weights.
  private static let weighing = masking.union(["Div", "Slice", "Sub"])

  /// Whether a quotient is of exponentials by their own sum.
  private static func isSpelledSoftmax(_ proto: Onnx_NodeProto, in model: Model) -> Bool {
    let index = model.index
    guard proto.opType == "Div", let numerator = proto.input(at: 0).flatMap({ index.numbers[$0] }),
      let denominator = proto.input(at: 1).flatMap({ index.numbers[$0] })
    else { return false }
    let exponentials = upstream(of: numerator, through: masking, in: model).filter { tensor in
      index.maker[tensor].map { model.proto.graph.node[$0].opType == "Exp" } ?? false
    }
    let sums = upstream(of: denominator, through: masking.union(["ReduceSum", "Add", "Max", "Clip", "Expand"]), in: model)
    return !exponentials.isDisjoint(with: sums)
  }

  /// A tensor and those of data that it is made of by these operators alone; of a quotient its numerator.
  private static func upstream(of tensor: Int, through operators: Set<String>, in model: Model) -> Set<Int> {
    let index = model.index
    var (found, pending) = (Set([tensor]), [tensor])
    while let current = pending.popLast() {
      guard let maker = index.maker[current], case let label = model.proto.graph.node[maker].opType, operators.contains(label)
      else { continue }
      let sources = index.reads[maker].filter { index.dependence[$0] == .data }
      for source in label == "Div" ? sources.prefix(1) : sources[...] where found.insert(source).inserted {
        pending.append(source)
      }
    }
    return found
  }

  /// The axes of an Einsum's output that weights and values both have and neither sums: heads, beside the batch. `nil` where neither
  /// factor is weights, or what is last isn't the values' features.
  private static func einsumHeads(_ proto: Onnx_NodeProto, in model: Model) -> [Int]? {
    let equation = proto.attribute("equation").map { String(decoding: $0.s, as: UTF8.self) } ?? ""
    let sides = equation.filter { $0 != " " }.split(separator: "->")
    guard sides.count == 2, !equation.contains(".") else { return nil }
    let operands = sides[0].split(separator: ",").map(Set.init)
    guard operands.count == 2, let last = sides[1].last,
      let weights = factors(of: proto).firstIndex(where: { !softmaxes(of: $0, in: model).isEmpty }),
      !operands[weights].contains(last)
    else { return nil }
    let shared = operands[0].intersection(operands[1])
    let axes = sides[1].enumerated().dropFirst().filter { shared.contains($0.element) }.map(\.offset)
    return axes.isEmpty ? nil : axes
  }

  // MARK: How they go on

  /// The heads of what an operator makes of a tensor; `nil` where it mixes them.
  private static func following(_ proto: Onnx_NodeProto, _ finding: Finding, _ shape: [Int]) -> Finding? {
    let axes = finding.axes
    switch proto.opType {
    case "Transpose":
      let order = proto.integers("perm") ?? Array(axes.indices.reversed())
      guard order.sorted() == Array(axes.indices) else { return nil }
      return self.finding(
        order.map { axes[$0] }, hasFeaturesFirst: finding.hasFeaturesFirst && order.last == axes.indices.last)
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      return regrouped(Array(axes.joined()), into: shape).map { self.finding($0, hasFeaturesFirst: finding.hasFeaturesFirst) }
    default:
      return OperatorTraits.keepsShape(proto) ? finding : nil
    }
  }

  /// Digits in order, parted anew into axes of other lengths; `nil` where these don't divide each other.
  private static func regrouped(_ digits: [Digit], into shape: [Int]) -> [[Digit]]? {
    var rest = digits.filter { $0.size > 1 }[...]
    var axes: [[Digit]] = []
    for length in shape {
      var (axis, needed) = ([Digit](), length)
      while needed > 1 {
        guard let digit = rest.popFirst() else { return nil }
        if needed.isMultiple(of: digit.size) {
          axis.append(digit)
          needed /= digit.size
        } else {
          guard digit.size.isMultiple(of: needed) else { return nil }
          let fast = digit.size / needed
          axis.append(Digit(size: needed, weight: digit.weight * fast))
          rest = [Digit(size: fast, weight: digit.weight)] + rest
          needed = 1
        }
      }
      axes.append(axis.isEmpty ? [Digit(size: 1, weight: 0)] : axis)
    }
    return rest.isEmpty ? axes : nil
  }
}
