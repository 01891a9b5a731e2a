/// Where the scores behind a model's output can be read: before they are squashed, and before a label is made of them.
package struct OutputSource: Sendable, Hashable {
  package enum Activation: Sendable, Hashable {
    case softmax, logSoftmax, sigmoid
  }

  /// The tensor before all that; the output itself where there is nothing of the kind.
  package let tensor: String

  /// What the graph applies to `tensor`.
  package let activation: Activation?

  /// The axis of `tensor` along which the graph compares or normalises classes, from the end where negative; `nil` where
  /// nothing does.
  package let classAxis: Int?

  /// Whether axes behind `classAxis` are classes too, as they are for the softmax of operator sets below 13.
  package let coversLaterAxes: Bool

  /// The axes that a softmax sums over that is spelled out, from the end where negative, all where there are none; `nil` where there is no
  /// such softmax, or it isn't known.
  package let summedAxes: [Int]?

  /// What the activation gives, and the axis along which the graph compares classes there; `nil` where there is no activation.
  package let activated: Activated?

  package struct Activated: Sendable, Hashable {
    package let tensor: String
    package let classAxis: Int?
  }

  /// What turns scores into the output besides an activation: ArgMax, TopK, ZipMap, NonMaxSuppression, a comparison with a threshold.
  package let decision: String?

  /// Where the network says yes of a single score, if it ends in a comparison.
  package struct Comparison: Sendable, Hashable {
    package let isAbove: Bool
    /// `nil` where the threshold is no single constant.
    package let threshold: Double?

    /// Whether that is where the score behind an activation is above 0.
    package func isOfSign(behind activation: Activation?) -> Bool {
      isAbove && threshold == (activation == .sigmoid ? 0.5 : 0)
    }
  }

  /// The comparison that the network ends in; `nil` where there is none.
  package let comparison: Comparison?

  /// What lies between the activation and the output and lays numbers out anew, from the output back; empty where a decision lies there.
  package let layouts: [Layout]

  /// What the activation's probabilities are multiplied by, as for percent.
  package let factor: Double

  package init(
    tensor: String, activation: Activation?, classAxis: Int? = nil, coversLaterAxes: Bool = false,
    summedAxes: [Int]? = nil, activated: Activated? = nil, decision: String? = nil, comparison: Comparison? = nil,
    layouts: [Layout] = [], factor: Double = 1
  ) {
    self.tensor = tensor
    self.activation = activation
    self.classAxis = classAxis
    self.coversLaterAxes = coversLaterAxes
    self.summedAxes = summedAxes
    self.activated = activated
    self.decision = decision
    self.comparison = comparison
    self.layouts = layouts
    self.factor = factor
  }

  /// The axes longer than 1 over which a softmax's numbers sum to 1 together, if it is said to have more than one or may have.
  ///
  /// - Parameter shape: of `tensor`, for one stimulus.
  /// - Returns: `nil` where one axis is known to be meant, or none is told.
  package func axesTogether(shape: [Int]) -> [Int]? {
    let rank = shape.count
    func place(_ axis: Int) -> Int { axis < 0 ? axis + rank : axis }
    let axes: [Int]
    if coversLaterAxes, let classAxis, shape.indices.contains(place(classAxis)) {
      axes = Array(place(classAxis)..<rank)
    } else if let summedAxes {
      axes = summedAxes.isEmpty ? Array(shape.indices) : summedAxes.map(place).sorted()
    } else {
      return nil
    }
    return axes.filter { shape.indices.contains($0) && shape[$0] > 1 }
  }
}

extension Model {
  /// Looks through the layouts, labels and decisions at the graph's end for Softmax, LogSoftmax or Sigmoid.
  ///
  /// A softmax spelled out as exponentials over their sum is recognised, and so is an If that squeezes or passes on. A softmax may
  /// be multiplied by any positive number, and a sigmoid, which may end more than probabilities, by 100.
  ///
  /// - Parameter joinsClasses: whether an output of one class, beside others of the rest, is read as all of them.
  package func source(ofOutput output: String, joinsClasses: Bool = false) -> OutputSource {
    var tensor = output
    var found = OutputSource(tensor: output, activation: nil)
    // The axis of classes, counted in what `tensor` is by now.
    var comparedAxis: Int?
    var layouts: [OutputSource.Layout] = []
    var factor = 1.0
    func before(
      _ source: String, _ activation: OutputSource.Activation, axis: Int?, summedAxes: [Int]? = nil
    ) -> OutputSource {
      OutputSource(
        tensor: source, activation: activation, classAxis: axis ?? comparedAxis,
        coversLaterAxes: axis != nil && opset < 13, summedAxes: summedAxes,
        activated: OutputSource.Activated(tensor: tensor, classAxis: comparedAxis), decision: found.decision,
        comparison: found.comparison, layouts: found.decision == nil ? layouts : [], factor: factor)
    }
    while let number = index.producer(of: tensor) {
      let node = proto.graph.node[number]
      if let source = sourceOfLayout(node) {
        if !["Identity", "Dropout", "Cast"].contains(node.opType) {
          comparedAxis = nil
          layouts.append(OutputSource.Layout(input: source, output: tensor, order: nil))
        }
        tensor = source
        continue
      }
      switch (node.isStandard ? "" : node.domain, node.opType) {
      case ("", "Transpose"):
        guard let source = node.input(at: 0) else { return found }
        let order = node.integers("perm")
        layouts.append(OutputSource.Layout(input: source, output: tensor, order: order.map { .axes($0) } ?? .reversed))
        comparedAxis = comparedAxis.flatMap { axis in
          guard let order else { return -1 - axis }
          let place = axis < 0 ? axis + order.count : axis
          return order.indices.contains(place) ? order[place] : nil
        }
        tensor = source
      case ("", "Softmax"), ("", "LogSoftmax"):
        guard let source = node.input(at: 0), factor == 1 || node.opType == "Softmax" else { return found }
        let axis = node.integer("axis") ?? (opset < 13 ? 1 : -1)
        return before(source, node.opType == "Softmax" ? .softmax : .logSoftmax, axis: axis)
      case ("", "Sigmoid"):
        guard let source = node.input(at: 0), factor == 1 || abs(factor - 100) < 1e-3 else { return found }
        return before(source, .sigmoid, axis: nil)
      case ("", "Mul"), ("", "Div"):
        if node.opType == "Div", let (logits, axes) = logitsOfQuotient(node) {
          return before(logits, .softmax, axis: nil, summedAxes: axes)
        }
        guard let (source, number) = multiple(node), number > 0 else { return found }
        factor *= number
        tensor = source
      case ("", "ArgMax"), ("", "TopK"):
        guard let source = node.input(at: 0), !node.choosesSmallest else { return found }
        found = OutputSource(
          tensor: source, activation: nil, classAxis: node.integer("axis") ?? (node.opType == "TopK" ? -1 : 0),
          decision: node.opType)
        comparedAxis = found.classAxis
        tensor = source
      case ("", "Slice") where joinsClasses:
        guard let (source, axis) = classes(partedBy: node) else { return found }
        found = OutputSource(tensor: source, activation: nil, classAxis: axis, decision: "one output a class")
        comparedAxis = axis
        tensor = source
      case ("", "QuantizeLinear"), ("", "DequantizeLinear"), ("", "Clip"):
        // Chances that are rounded, or kept away from 0.
        guard let source = node.input(at: 0) else { return found }
        tensor = source
      case ("", "NonMaxSuppression"):
        guard let source = node.input(at: 1) else { return found }
        found = OutputSource(tensor: source, activation: nil, classAxis: 1, decision: node.opType)
        comparedAxis = 1
        tensor = source
      case ("", "GatherND"), ("", "Compress"):
        // Those of the scores that are chosen.
        guard let source = node.input(at: 0), choosingOperator(of: tensor) != nil else { return found }
        found = OutputSource(tensor: source, activation: nil, decision: choosingOperator(of: tensor))
        comparedAxis = nil
        tensor = source
      case ("", "Greater"), ("", "GreaterOrEqual"), ("", "Less"), ("", "LessOrEqual"):
        // A score that is compared with a threshold.
        let compared = node.input.filter { index.dependence(of: $0) == .data }
        guard node.input.count == 2, compared.count == 1 else { return found }
        let isFirst = node.input[0] == compared[0]
        let thresholds = constantTensor(node.input[isFirst ? 1 : 0])?.doubles ?? []
        let comparison = OutputSource.Comparison(
          isAbove: node.opType.hasPrefix("Greater") == isFirst, threshold: thresholds.count == 1 ? thresholds[0] : nil)
        found = OutputSource(tensor: compared[0], activation: nil, decision: node.opType, comparison: comparison)
        comparedAxis = nil
        tensor = compared[0]
      case ("ai.onnx.ml", "ZipMap"):
        guard let source = node.input(at: 0) else { return found }
        found = OutputSource(tensor: source, activation: nil, classAxis: -1, decision: "ZipMap")
        comparedAxis = -1
        tensor = source
      case ("ai.onnx.ml", "LabelEncoder"):
        guard let source = node.input(at: 0) else { return found }
        tensor = source
      case ("ai.onnx.ml", "ArrayFeatureExtractor"), ("", "Gather"):
        // Names of classes, looked up by number.
        guard let source = node.input(at: 1), let table = node.input(at: 0),
          index.dependence(of: table) == .constant
        else { return found }
        tensor = source
      default:
        return found
      }
    }
    return found
  }

  /// The tensor that a product or quotient makes a multiple of, and of how much; `nil` for any other operator.
  func multiple(_ node: Onnx_NodeProto) -> (source: String, factor: Double)? {
    guard node.input.count == 2 else { return nil }
    func number(_ position: Int) -> Double? {
      guard let values = constantTensor(node.input[position])?.doubles, values.count == 1, values[0].isFinite else { return nil }
      return values[0]
    }
    switch node.opType {
    case "Mul":
      if let factor = number(1) { return (node.input[0], factor) }
      return number(0).map { (node.input[1], $0) }
    case "Div":
      return number(1).flatMap { $0 == 0 ? nil : (node.input[0], 1 / $0) }
    default:
      return nil
    }
  }

  /// The tensor whose values a node lays out anew; `nil` if it does anything else.
  private func sourceOfLayout(_ node: Onnx_NodeProto) -> String? {
    guard node.isStandard else { return nil }
    switch node.opType {
    case "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout", "Cast":
      return node.input(at: 0)
    case "If" where node.output.count == 1:
      // Exporters write squeeze(axis) as: if the axis has length 1, squeeze, else pass on.
      let sources = node.subgraphs.map { body in
        var tensor = body.output.first?.name
        while let name = tensor, let maker = body.node.first(where: { $0.output.contains(name) }) {
          tensor = maker.opType == "If" ? nil : sourceOfLayout(maker)
        }
        return tensor
      }
      guard let first = sources.first, sources.allSatisfy({ $0 == first }), let first, index.contains(first) else {
        return nil
      }
      return first
    default:
      return nil
    }
  }

  /// What a Slice takes one class of, and along which axis, where an ArgMax compares all and others are outputs, too: as scikit-learn's
  /// exporter writes for its option `zipmap="columns"`.
  private func classes(partedBy node: Onnx_NodeProto) -> (source: String, axis: Int)? {
    guard let part = entry(takenBy: node), proto.graph.node.contains(where: { isArgMax($0, of: part) }) else { return nil }
    let others = proto.graph.node.filter { other in
      entry(takenBy: other).map { ($0.source, $0.axis) == (part.source, part.axis) && $0.place != part.place } ?? false
    }.compactMap { $0.output.first.flatMap { index.numbers[$0] } }
    let leadsOut = outputs.compactMap { index.numbers[$0.name] }.contains { output in
      others.contains { index.influences(on: output)[$0] }
    }
    return leadsOut ? (part.source, part.axis) : nil
  }

  private typealias Entry = (source: String, axis: Int, place: Int64)

  /// The one entry of an axis that a Slice takes.
  private func entry(takenBy node: Onnx_NodeProto) -> Entry? {
    func list(_ position: Int, _ name: String) -> [Int64]? {
      node.input(at: position).map { integerConstant($0) } ?? node.integers(name)?.map(Int64.init)
    }
    guard node.isStandard, node.opType == "Slice", let source = node.input(at: 0), let starts = list(1, "starts"),
      let ends = list(2, "ends"), let axes = list(3, "axes"), starts.count == 1, ends.count == 1, axes.count == 1,
      (0..<Int64.max).contains(starts[0]), ends[0] == starts[0] + 1
    else { return nil }
    return (source, Int(axes[0]), starts[0])
  }

  /// Of [stimuli, classes] the last axis is the second.
  private func isArgMax(_ node: Onnx_NodeProto, of part: Entry) -> Bool {
    let axis = node.integer("axis") ?? 0
    return node.isStandard && node.opType == "ArgMax" && node.input(at: 0) == part.source
      && (axis == part.axis || Set([axis, part.axis]) == [-1, 1])
  }

  /// x, if the quotient is exp(x − max x) / Σ exp(x − max x) or the same without the maximum.
  private func logitsOfQuotient(_ node: Onnx_NodeProto) -> (logits: String, summedAxes: [Int]?)? {
    guard let numerator = node.input(at: 0), let denominator = node.input(at: 1),
      let exponential = producer(of: numerator, "Exp"), let exponent = exponential.input(at: 0),
      let sum = broadcastSource(of: denominator, "ReduceSum"), sum.input(at: 0) == numerator
    else { return nil }
    if let difference = producer(of: exponent, "Sub"), let logits = difference.input(at: 0),
      let subtrahend = difference.input(at: 1),
      let maximum = broadcastSource(of: subtrahend, "ReduceMax"), maximum.input(at: 0) == logits
    {
      return (logits, summedAxes(sum))
    }
    return (exponent, summedAxes(sum))
  }

  /// The axes that a ReduceSum sums over, none for all; `nil` where they aren't known.
  private func summedAxes(_ sum: Onnx_NodeProto) -> [Int]? {
    if let axes = sum.integers("axes") { return axes }
    guard let input = sum.input(at: 1) else { return sum.integer("noop_with_empty_axes") == 1 ? nil : [] }
    return constantTensor(input)?.doubles?.map { Int($0) }
  }

  private func producer(of tensor: String, _ operatorType: String) -> Onnx_NodeProto? {
    index.producer(of: tensor).map { proto.graph.node[$0] }.flatMap { $0.opType == operatorType ? $0 : nil }
  }

  /// The reduction that a tensor is broadcast from.
  private func broadcastSource(of tensor: String, _ reduction: String) -> Onnx_NodeProto? {
    var tensor = tensor
    while let number = index.producer(of: tensor) {
      let node = proto.graph.node[number]
      if node.opType == reduction { return node }
      guard ["Reshape", "Expand", "Unsqueeze", "Squeeze", "Identity", "Max"].contains(node.opType),
        let source = node.input.first(where: { index.dependence(of: $0) == .data })
      else { return nil }
      tensor = source
    }
    return nil
  }
}
