/// Operators that pick elements by number: gradients are added up where they came from.
extension AdjointRewrite {
  static let choiceRules: [String: Rule] = [
    "Gather": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveGather(node, gradients[0]!)
    },
    "GatherElements": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveGatherElements(node, gradients[0]!)
    },
    "GatherND": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveGatherND(node, gradients[0]!)
    },
    "TopK": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      guard let gradient = gradients[0] else { return }
      guard rewrite.opset >= 16 else { throw rewrite.refusal(node, "a rule from opset 16 on only") }
      let x = node.input[0]
      let zeros = rewrite.zeros(like: x)
      let whole = try rewrite.whole(gradient, like: node.output[0])
      let rank = try rewrite.shape(of: x).count
      let axis = node.integer("axis") ?? -1
      rewrite.contribute(
        rewrite.add(
          "ScatterElements", [zeros, rewrite.further(output: 1), whole],
          ["axis": .int(axis < 0 ? axis + rank : axis), "reduction": .string("add")]), to: x)
    },
  ]

  private mutating func zeros(like tensor: String) -> String {
    add("Expand", [number(0), add("Shape", [tensor])])
  }

  /// A single element along an axis is put back between zeros; otherwise gradients are multiplied by a matrix of zeros
  /// and ones that says which element each was picked from.
  private mutating func deriveGather(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, indices, y) = (node.input[0], node.input[1], node.output[0])
    let from = try shape(of: x)
    let named = node.integer("axis") ?? 0
    let axis = named < 0 ? named + from.count : named
    let length = from[axis]
    let whole = try whole(gradient, like: y)
    if let constant = wholeNumbers(indices), constant.count == 1 {
      let place = Int(constant[0]) < 0 ? Int(constant[0]) + length : Int(constant[0])
      var single = from
      single[axis] = 1
      return contribute(Stretch(gradient: reshape(whole, single), axis: axis, start: place, length: 1), to: x)
    }
    let count = try shape(of: indices).reduce(1, *)
    guard length * count <= 1 << 24 else { throw refusal(node, "a rule for up to 4,096 choices among as many only") }
    let rest = from[(axis + 1)...].reduce(1, *)
    var choices = add("Cast", [add("Reshape", [indices, integers([1, count])])], ["to": .int(Int(ElementType.int64.rawValue))])
    // Numbers below 0 count from the end.
    let isNegative = add("Less", [choices, integers([0])])
    choices = add("Where", [isNegative, add("Add", [choices, integers([length])]), choices])
    let rows = add("Reshape", [integers(Array(0..<length)), integers([length, 1])])
    let isPicked = add("Cast", [add("Equal", [rows, choices])], ["to": .int(Int(numberType.rawValue))])
    let laidOut = reshape(whole, [from[..<axis].reduce(1, *), count, rest])
    contribute(reshape(add("MatMul", [isPicked, laidOut]), from), to: x)
  }

  private mutating func deriveGatherElements(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    guard opset >= 16 else { throw refusal(node, "a rule from opset 16 on only") }
    let x = node.input[0]
    let shape = try shape(of: x)
    let axis = node.integer("axis") ?? 0
    let zeros = zeros(like: x)
    let whole = try whole(gradient, like: node.output[0])
    contribute(
      add(
        "ScatterElements", [zeros, node.input[1], whole],
        ["axis": .int(axis < 0 ? axis + shape.count : axis), "reduction": .string("add")]), to: x)
  }

  private mutating func deriveGatherND(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    guard opset >= 16 else { throw refusal(node, "a rule from opset 16 on only") }
    if node.integer("batch_dims") ?? 0 != 0 { return try deriveByPlaces(node, gradient) }
    let x = node.input[0]
    let zeros = zeros(like: x)
    let whole = try whole(gradient, like: node.output[0])
    contribute(add("ScatterND", [zeros, node.input[1], whole], ["reduction": .string("add")]), to: x)
  }
}
