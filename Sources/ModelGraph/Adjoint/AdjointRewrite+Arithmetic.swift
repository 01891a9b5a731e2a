internal import FoundationEssentials

/// Shorthands that rules are written in. All take and give names of tensors.
extension AdjointRewrite {
  mutating func plus(_ a: String, _ b: String) -> String { add("Add", [a, b]) }
  mutating func minus(_ a: String, _ b: String) -> String { add("Sub", [a, b]) }
  mutating func times(_ a: String, _ b: String) -> String { add("Mul", [a, b]) }
  mutating func over(_ a: String, _ b: String) -> String { add("Div", [a, b]) }
  mutating func negative(_ a: String) -> String { add("Neg", [a]) }
  mutating func oneMinus(_ a: String) -> String { add("Sub", [number(1), a]) }

  /// 1 where a > b, else 0.
  mutating func isAbove(_ a: String, _ b: String) -> String {
    add("Cast", [add("Greater", [a, b])], ["to": .int(Int(numberType.rawValue))])
  }

  /// 1 where a = b, else 0. By two comparisons, since equality of floats is younger than some models.
  mutating func isEqual(_ a: String, _ b: String) -> String {
    guard opset >= 11 else { return oneMinus(plus(isAbove(a, b), isAbove(b, a))) }
    return add("Cast", [add("Equal", [a, b])], ["to": .int(Int(numberType.rawValue))])
  }

  /// `then` where a > b, else `otherwise`.
  mutating func whereAbove(_ a: String, _ b: String, _ then: String, _ otherwise: String) -> String {
    add("Where", [add("Greater", [a, b]), then, otherwise])
  }

  mutating func reshape(_ a: String, _ shape: [Int]) -> String { add("Reshape", [a, target(shape)]) }

  mutating func transpose(_ a: String, _ order: [Int]) -> String {
    order == Array(order.indices) ? a : add("Transpose", [a], ["perm": .ints(order)])
  }

  /// Sums that keep their axes. Axes are an input from opset 13 on, of other reductions from 18 on.
  mutating func reduceSum(_ a: String, _ axes: [Int]) -> String { reduce("ReduceSum", a, axes, axesAreInputFrom: 13) }
  mutating func reduceMean(_ a: String, _ axes: [Int]) -> String { reduce("ReduceMean", a, axes, axesAreInputFrom: 18) }

  mutating func reduce(_ operatorType: String, _ a: String, _ axes: [Int], axesAreInputFrom version: Int) -> String {
    opset >= version
      ? add(operatorType, [a, integers(axes)], ["keepdims": .int(1)])
      : add(operatorType, [a], ["keepdims": .int(1), "axes": .ints(axes)])
  }

  /// A stretch along one axis, or every so many of it.
  mutating func slice(_ a: String, axis: Int, from start: Int, to end: Int, step: Int = 1) -> String {
    guard opset >= 10 else {
      return add("Slice", [a], ["starts": .ints([start]), "ends": .ints([end]), "axes": .ints([axis])])
    }
    return add("Slice", [a, integers([start]), integers([end]), integers([axis]), integers([step])])
  }

  /// The elements along axes in reverse order.
  mutating func reversed(_ a: String, axes: [Int], lengths: [Int]) -> String {
    guard opset >= 10 else {
      // Slices have no steps yet.
      var result = a
      for (axis, length) in zip(axes, lengths) where length > 1 {
        result = add("Gather", [result, integers(Array((0..<length).reversed()))], ["axis": .int(axis)])
      }
      return result
    }
    let moved = zip(axes, lengths).filter { $1 > 1 }.map { $0.0 }
    guard !moved.isEmpty else { return a }
    let ones = [Int](repeating: -1, count: moved.count)
    let ends = [Int](repeating: -Int(Int32.max), count: moved.count)
    return add("Slice", [a, integers(ones), integers(ends), integers(moved), integers(ones)])
  }

  /// Zeros in front and behind along every axis; negative numbers crop.
  mutating func pad(_ a: String, before: [Int], after: [Int]) -> String {
    let changed = before.indices.filter { before[$0] != 0 || after[$0] != 0 }
    guard let axis = changed.first else { return a }
    if changed.count == 1, before[axis] <= 0, after[axis] <= 0 {
      return slice(a, axis: axis, from: -before[axis], to: after[axis] == 0 ? Int(Int32.max) : after[axis])
    }
    return opset >= 11
      ? add("Pad", [a, integers(before + after)])
      : add("Pad", [a], ["pads": .ints(before + after)])
  }

  mutating func concatenate(_ parts: [String], axis: Int) -> String {
    parts.count == 1 ? parts[0] : add("Concat", parts, ["axis": .int(axis)])
  }
}

/// Sums, products and powers of tensors that broadcast.
extension AdjointRewrite {
  static let arithmeticRules: [String: Rule] = rule(for: ["Add", "Sum", "Sub", "Mean"]) {
    rewrite, node, gradients throws(Undifferentiable) in
    try rewrite.deriveSum(node, gradients[0]!)
  }.merging([
    "Mul": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveProduct(node, gradients[0]!)
    },
    "Div": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveQuotient(node, gradients[0]!)
    },
    "Pow": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.derivePower(node, gradients[0]!)
    },
    "Min": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveExtremum(node, gradients[0]!)
    },
    "Max": Rule(positions: nil) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveExtremum(node, gradients[0]!)
    },
    "Where": Rule(positions: [1, 2]) { rewrite, node, gradients throws(Undifferentiable) in
      try rewrite.deriveChoice(node, gradients[0]!)
    },
  ]) { first, _ in first }

  private mutating func deriveSum(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    for (position, operand) in node.input.enumerated() where varies(operand) {
      var part = gradient
      if node.opType == "Sub" && position == 1 { part.name = negative(part.name) }
      if node.opType == "Mean" { part.name = times(part.name, number(1 / Double(node.input.count))) }
      try contribute(part, broadcastFrom: operand, to: node.output[0])
    }
  }

  private mutating func deriveProduct(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (a, b) = (node.input[0], node.input[1])
    for (operand, other) in [(a, b), (b, a)] where varies(operand) {
      let product = times(gradient.name, other)
      try contribute(
        Gradient(name: product, isWhole: try isWhole(gradient, with: other, node.output[0])), broadcastFrom: operand,
        to: node.output[0])
    }
  }

  /// Whether a gradient of the result is whole, or becomes so with an operand of the result's shape.
  private func isWhole(_ gradient: Gradient, with operand: String, _ output: String) throws(Undifferentiable) -> Bool {
    if gradient.isWhole { return true }
    return try shape(of: operand) == shape(of: output)
  }

  private mutating func deriveQuotient(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (a, b, y) = (node.input[0], node.input[1], node.output[0])
    let quotient = over(gradient.name, b)
    let isWhole = try isWhole(gradient, with: b, y)
    if varies(a) { try contribute(Gradient(name: quotient, isWhole: isWhole), broadcastFrom: a, to: y) }
    if varies(b) {
      try contribute(Gradient(name: negative(times(quotient, y)), isWhole: true), broadcastFrom: b, to: y)
    }
  }

  /// ∂(a^b)/∂a = b·a^(b−1), ∂/∂b = y·log a, taken as 0 where a isn't positive.
  private mutating func derivePower(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (a, b, y) = (node.input[0], node.input[1], node.output[0])
    let exponent = types[b] == types[a] ? b : add("Cast", [b], ["to": .int(Int(numberType.rawValue))])
    if varies(a) {
      let slope: String
      if let value = constantNumber(b) {
        // Small whole exponents are spelled out: a power is slow, and 0 to the 0 is 1.
        switch value {
        case 2: slope = times(a, number(2))
        case 3: slope = times(times(a, a), number(3))
        case 0.5: slope = over(number(0.5), y)
        case -1: slope = negative(times(y, y))
        default: slope = times(add("Pow", [a, number(value - 1)]), number(value))
        }
      } else {
        slope = times(exponent, add("Pow", [a, minus(exponent, number(1))]))
      }
      try contribute(
        Gradient(name: times(gradient.name, slope), isWhole: try isWhole(gradient, with: a, y)), broadcastFrom: a, to: y)
    }
    if varies(b) {
      let logarithm = add("Log", [whereAbove(a, number(0), a, number(1))])
      try contribute(
        Gradient(name: times(gradient.name, times(y, logarithm)), isWhole: true), broadcastFrom: b, to: y)
    }
  }

  /// The value of a constant with one element; `nil` for anything else.
  func constantNumber(_ name: String) -> Double? {
    guard let tensor = model.constantTensor(name), tensor.dims.allSatisfy({ $0 == 1 }) else { return nil }
    return tensor.doubles?.first
  }

  /// Of two operands that both vary, the second is taken for the extremum where they are equal; one that is held isn't.
  private mutating func deriveExtremum(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let y = node.output[0]
    let isMaximum = node.opType == "Max"
    if node.input.count == 1 { return contribute(gradient.name, to: node.input[0], isWhole: gradient.isWhole) }
    guard node.input.count == 2 else {
      let shares = node.input.map { operand in isEqual(operand, y) }
      let count = shares.dropFirst().reduce(shares[0]) { plus($0, $1) }
      for (operand, share) in zip(node.input, shares) where varies(operand) {
        let part = times(gradient.name, over(share, count))
        try contribute(Gradient(name: part, isWhole: true), broadcastFrom: operand, to: y)
      }
      return
    }
    let (a, b) = (node.input[0], node.input[1])
    let isFirst = { (rewrite: inout AdjointRewrite) in
      isMaximum ? rewrite.isAbove(a, b) : rewrite.isAbove(b, a)
    }
    if varies(a) {
      try contribute(Gradient(name: times(gradient.name, isFirst(&self)), isWhole: true), broadcastFrom: a, to: y)
    }
    if varies(b) {
      let isSecond =
        varies(a) ? oneMinus(isFirst(&self)) : isMaximum ? isAbove(b, a) : isAbove(a, b)
      try contribute(Gradient(name: times(gradient.name, isSecond), isWhole: true), broadcastFrom: b, to: y)
    }
  }

  private mutating func deriveChoice(_ node: Onnx_NodeProto, _ gradient: Gradient) throws(Undifferentiable) {
    let (condition, y) = (node.input[0], node.output[0])
    let zero = number(0)
    // Smaller operands and conditions broadcast: what is chosen of a gradient that isn't whole may still be.
    let isWhole = try isWhole(gradient, with: condition, y)
    if varies(node.input[1]) {
      try contribute(
        Gradient(name: add("Where", [condition, gradient.name, zero]), isWhole: isWhole), broadcastFrom: node.input[1], to: y)
    }
    if varies(node.input[2]) {
      try contribute(
        Gradient(name: add("Where", [condition, zero, gradient.name]), isWhole: isWhole), broadcastFrom: node.input[2], to: y)
    }
  }
}

extension Onnx_TensorProto {
  /// Numbers in a float type.
  init(_ values: [Double], shape: [Int], type: ElementType) {
    self.init()
    dims = shape.map(Int64.init)
    dataType = type.rawValue
    switch type {
    case .double: doubleData = values
    case .float16: int32Data = values.map { Int32(Float16($0).bitPattern) }
    case .bfloat16: int32Data = values.map { Int32(Float($0).bitPattern >> 16) }
    default: floatData = values.map(Float.init)
    }
  }

  /// The values of a float or whole-number tensor that is stored inside of the model; `nil` for others.
  var doubles: [Double]? {
    guard dataLocation != .external else { return nil }
    func raw<Bits: FixedWidthInteger>(_ type: Bits.Type) -> [Bits] {
      let width = MemoryLayout<Bits>.size
      return stride(from: rawData.startIndex, to: rawData.endIndex - width + 1, by: width).map { start in
        rawData[start..<start + width].reversed().reduce(0) { $0 << 8 | Bits(truncatingIfNeeded: $1) }
      }
    }
    let isRaw = !rawData.isEmpty
    switch ElementType(rawValue: dataType) {
    case .float: return isRaw ? raw(UInt32.self).map { Double(Float(bitPattern: $0)) } : floatData.map(Double.init)
    case .double: return isRaw ? raw(UInt64.self).map { Double(bitPattern: $0) } : doubleData
    case .float16:
      let bits = isRaw ? raw(UInt16.self) : int32Data.map { UInt16(truncatingIfNeeded: $0) }
      return bits.map { Double(Float16(bitPattern: $0)) }
    case .int64: return isRaw ? raw(Int64.self).map(Double.init) : int64Data.map(Double.init)
    case .int32: return isRaw ? raw(Int32.self).map(Double.init) : int32Data.map(Double.init)
    default: return nil
    }
  }
}
