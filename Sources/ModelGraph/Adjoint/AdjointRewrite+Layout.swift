/// Operators that lay out the same values anew: gradients are laid out back.
extension AdjointRewrite {
  static let layoutRules = rule(for: ["Identity", "Dropout"], by: [0]) {
    rewrite, node, gradients throws(Undifferentiable) in
    if let gradient = gradients[0] { rewrite.contribute(gradient.name, to: node.input[0], isWhole: gradient.isWhole) }
  }.merging(
    rule(for: ["Reshape", "Flatten", "Squeeze", "Unsqueeze"], by: [0]) {
      rewrite, node, gradients throws(Undifferentiable) in
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(rewrite.reshape(whole, try rewrite.shape(of: node.input[0])), to: node.input[0])
    }
  ) { first, _ in first }.merging(
    rule(for: ["Trilu", "ReverseSequence"], by: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(rewrite.add(copying: node, inputs: [whole] + node.input.dropFirst()), to: node.input[0])
    }
  ) { first, _ in first }.merging([
    "Cast": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      // Gradients of quantised numbers are numbers too.
      let type = rewrite.types[node.input[0]].flatMap { $0.isFloat ? $0 : nil } ?? .float
      rewrite.contribute(
        rewrite.add("Cast", [gradients[0]!.name], ["to": .int(Int(type.rawValue))]), to: node.input[0],
        isWhole: gradients[0]!.isWhole)
    },
    "Transpose": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      let rank = try rewrite.shape(of: node.input[0]).count
      let order = node.integers("perm") ?? Array((0..<rank).reversed())
      let back = (0..<rank).map { axis in order.firstIndex(of: axis)! }
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(rewrite.transpose(whole, back), to: node.input[0])
    },
    "Concat": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      let rank = try rewrite.shape(of: node.output[0]).count
      let axis = node.integer("axis") ?? 1
      var start = 0
      for input in node.input {
        let length = try rewrite.shape(of: input)[axis < 0 ? axis + rank : axis]
        if rewrite.varies(input), length > 0 {
          rewrite.contribute(
            rewrite.slice(whole, axis: axis < 0 ? axis + rank : axis, from: start, to: start + length), to: input)
        }
        start += length
      }
    },
    "Split": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveSplit(node, gradients)
    },
    "Slice": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveSlice(node, gradients[0]!)
    },
    "Pad": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.derivePad(node, gradients[0]!)
    },
    "Expand": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.contribute(gradients[0]!, broadcastFrom: node.input[0], to: node.output[0])
    },
    "Tile": Rule(positions: [0]) { rewrite, node, gradients throws(Undifferentiable) in
      let (from, to) = (try rewrite.shape(of: node.input[0]), try rewrite.shape(of: node.output[0]))
      let repeated = zip(from, to).flatMap { [$0 == 0 ? 1 : $1 / $0, $0] }
      let axes = from.indices.filter { from[$0] != to[$0] }.map { 2 * $0 }
      var result = try rewrite.whole(gradients[0]!, like: node.output[0])
      if !axes.isEmpty {
        result = rewrite.reshape(rewrite.reduceSum(rewrite.reshape(result, repeated), axes), from)
      }
      rewrite.contribute(result, to: node.input[0])
    },
    "DepthToSpace": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      let (x, y) = (node.input[0], node.output[0])
      let whole = try rewrite.whole(gradients[0]!, like: y)
      let size = node.integer("blocksize") ?? 1
      guard node.attribute("mode").map({ $0.s.elementsEqual("CRD".utf8) }) ?? false else {
        return rewrite.contribute(rewrite.add("SpaceToDepth", [whole], ["blocksize": .int(size)]), to: x)
      }
      let shape = try rewrite.shape(of: y)
      let blocks = rewrite.reshape(whole, [shape[0], shape[1], shape[2] / size, size, shape[3] / size, size])
      rewrite.contribute(
        rewrite.reshape(rewrite.transpose(blocks, [0, 1, 3, 5, 2, 4]), try rewrite.shape(of: x)), to: x)
    },
    "SpaceToDepth": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      let whole = try rewrite.whole(gradients[0]!, like: node.output[0])
      rewrite.contribute(
        rewrite.add("DepthToSpace", [whole], ["blocksize": .int(node.integer("blocksize") ?? 1)]), to: node.input[0])
    },
  ]) { first, _ in first }

  private mutating func deriveSplit(_ node: Onnx_NodeProto, _ gradients: [Gradient?]) throws(Undifferentiable) {
    let x = node.input[0]
    let shape = try shape(of: x)
    let named = node.integer("axis") ?? 0
    let axis = named < 0 ? named + shape.count : named
    var start = 0
    for (place, output) in node.output.enumerated() {
      let length = try partLength(output, of: node, axis: axis, total: shape[axis])
      if let gradient = gradients[place], length > 0 {
        contribute(
          Stretch(gradient: try whole(gradient, like: output), axis: axis, start: start, length: length), to: x)
      }
      start += length
    }
  }

  private func partLength(
    _ output: String, of node: Onnx_NodeProto, axis: Int, total: Int
  ) throws(Undifferentiable) -> Int {
    if !output.isEmpty, let shape = shapes[output] { return shape[axis] }
    let lengths = node.integers("split") ?? node.input(at: 1).flatMap { wholeNumbers($0) }
    let place = node.output.firstIndex(of: output)!
    guard let lengths else { return total / node.output.count }
    return lengths[place]
  }

  private mutating func deriveSlice(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let (from, to) = (try shape(of: x), try shape(of: y))
    let constant = { (rewrite: AdjointRewrite, position: Int) in
      node.input(at: position).map { rewrite.wholeNumbers($0) } ?? []
    }
    let inputs = (1...4).map { constant(self, $0) }
    guard let starts = node.integers("starts") ?? inputs[0], let namedAxes = node.integers("axes") ?? inputs[2],
      let namedSteps = inputs[3]
    else { return try deriveByPlaces(node, gradient) }
    let axes = namedAxes.isEmpty ? Array(starts.indices) : namedAxes
    let steps = namedSteps.isEmpty ? [Int](repeating: 1, count: axes.count) : namedSteps
    var result = try whole(gradient, like: y)
    var current = to
    var (before, after) = ([Int](repeating: 0, count: from.count), [Int](repeating: 0, count: from.count))
    for (place, named) in axes.enumerated() {
      let axis = named < 0 ? named + from.count : named
      let (length, taken, step) = (from[axis], to[axis], steps[place])
      guard length != taken || step < 0, taken > 0 else { continue }
      let start = starts[place] < 0 ? max(starts[place] + length, 0) : min(starts[place], length)
      let first = step < 0 ? min(start, length - 1) : start
      if step == 1 || taken == 1 {
        before[axis] = first
        after[axis] = length - first - taken
      } else if length <= Self.matrixLength {
        // A matrix of zeros and ones that puts each element in its place: faster than filling gaps.
        let places = (0..<taken).map { first + $0 * step }
        let matrix = numbers((0..<length).flatMap { at in places.map { $0 == at ? 1 : 0 } }, shape: [length, taken])
        result = product(matrix, result, axis: axis, length: length, shape: &current)
      } else {
        if step < 0 { result = reversed(result, axes: [axis], lengths: [taken]) }
        if abs(step) > 1 { result = spread(result, axis: axis, by: abs(step), shape: current) }
        current[axis] = taken * abs(step)
        before[axis] = step < 0 ? first + (taken - 1) * step : first
        after[axis] = length - before[axis] - current[axis]
      }
    }
    let cropped = from.indices.filter { before[$0] != 0 || after[$0] != 0 }
    if let axis = cropped.first, cropped.count == 1, before[axis] >= 0, after[axis] >= 0 {
      return contribute(Stretch(gradient: result, axis: axis, start: before[axis], length: current[axis]), to: x)
    }
    contribute(pad(result, before: before, after: after), to: x)
  }

  /// Axes up to this length are laid out by a product with a matrix where that is faster.
  private static let matrixLength = 64

  /// A matrix of `length` rows times a tensor along one axis. The tensor's shape becomes the product's.
  mutating func product(_ matrix: String, _ a: String, axis: Int, length: Int, shape: inout [Int]) -> String {
    let columns = shape[axis]
    let rest = shape[(axis + 1)...].reduce(1, *)
    shape[axis] = length
    if rest == 1 {
      let rows = add("Reshape", [a, integers([-1, columns])])
      return reshape(add("MatMul", [rows, transpose(matrix, [1, 0])]), shape)
    }
    let blocks = reshape(a, [shape[..<axis].reduce(1, *), columns, rest])
    return reshape(add("MatMul", [matrix, blocks]), shape)
  }

  /// Puts zeros behind each element along an axis: it gets a row of its own that is filled up, and rows are joined.
  private mutating func spread(_ a: String, axis: Int, by step: Int, shape: [Int]) -> String {
    let (front, length, rest) = (Array(shape[..<axis]), shape[axis], Array(shape[(axis + 1)...]))
    let none = [Int](repeating: 0, count: shape.count + 1)
    var behind = none
    behind[axis + 1] = step - 1
    let filled = pad(reshape(a, front + [length, 1] + rest), before: none, after: behind)
    return reshape(filled, front + [length * step] + rest)
  }

  private mutating func derivePad(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    let rank = try shape(of: x).count
    let mode = node.attribute("mode").map { String(decoding: $0.s, as: UTF8.self) } ?? "constant"
    let named = node.integers("pads") ?? node.input(at: 1).flatMap { wholeNumbers($0) }
    guard mode == "constant", let named else { return try deriveByPlaces(node, gradient) }
    var (before, after) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    let axes: [Int]
    if let input = node.input(at: 3) {
      guard let constant = wholeNumbers(input) else { return try deriveByPlaces(node, gradient) }
      axes = constant.map { Int($0) < 0 ? Int($0) + rank : Int($0) }
    } else {
      axes = Array(0..<rank)
    }
    for (place, axis) in axes.enumerated() {
      before[axis] = -named[place]
      after[axis] = -named[place + axes.count]
    }
    contribute(pad(try whole(gradient, like: y), before: before, after: after), to: x)
  }

  /// For whatever only picks elements and repeats them: the operator is applied to the elements' places, and gradients are
  /// added up where those say.
  mutating func deriveByPlaces(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (x, y) = (node.input[0], node.output[0])
    guard opset >= 16 || node.opType == "Slice" && opset >= 11 else {
      throw refusal(node, "a rule for what is known of its inputs beforehand only, up to opset 15")
    }
    let (none, one) = (integer(0), integer(1))
    let count = add("Size", [x])
    let places = add("Reshape", [add("Range", [none, count, one]), add("Shape", [x])])
    var inputs = [places] + node.input.dropFirst()
    // One place more than there are elements: what is filled in is added there and dropped.
    if node.opType == "Pad", node.attribute("mode").map({ $0.s.elementsEqual("constant".utf8) }) ?? true {
      while inputs.count < 3 { inputs.append("") }
      inputs[2] = count
    }
    let picked = add("Reshape", [add(copying: node, inputs: inputs), integers([-1])])
    let flat = add("Reshape", [try whole(gradient, like: y), integers([-1])])
    let zeros = add("Expand", [number(0), add("Reshape", [add("Add", [count, one]), integers([1])])])
    let total = add(
      "ScatterElements", [zeros, picked, flat], opset >= 16 ? ["reduction": .string("add")] : [:])
    let kept = add("Slice", [total, integers([0]), add("Reshape", [count, integers([1])])])
    contribute(add("Reshape", [kept, add("Shape", [x])]), to: x)
  }
}
