/// The value, written as operators at the network's end; their derivatives follow by the same rules as all others'.
extension AdjointRewrite {
  /// - Parameter target: the name of the graph's input for the target class.
  /// - Returns: v, [rows].
  mutating func appendValue(_ value: AdjointValue, target: String) throws(Undifferentiable) -> String {
    let shape = try shape(of: cut.output)
    if case .element(let index) = value.quantity { return try element(index, of: shape, batchAxis: value.batchAxis) }
    if case .continuation(let positions) = value.quantity {
      return try continuation(value, positions: positions, of: shape, target: target)
    }
    let own = try scores(value, of: shape, target: target)
    let scores = value.isDecision ? ofBothClasses(own, value) : own
    let (rows, classes) = (scores.shape[0], scores.shape[1])

    // [targets x classes], 1 at the target's class: compared, so that it is held.
    let targets = value.targetClassCount
    let named =
      value.maskedPositions == nil
      ? target
      : observe("Gather", [target, integers(Array(0..<targets))], ["axis": .int(0)], shape: [targets], type: .int64)
    let column = observe("Reshape", [named, integers([-1, 1])], shape: [targets, 1], type: .int64)
    let isTarget = observe("Equal", [column, integers(Array(0..<classes))], shape: [targets, classes], type: .bool)
    var choice = observe("Cast", [isTarget], ["to": .int(Int(numberType.rawValue))], shape: [targets, classes])
    if case .sum(let factors) = value.quantity {
      let scaled = observe("Mul", [choice, numbers(factors, shape: [targets, 1])], shape: [targets, classes])
      choice =
        opset >= 13
        ? observe("ReduceSum", [scaled, integers([0])], ["keepdims": .int(1)], shape: [1, classes])
        : observe("ReduceSum", [scaled], ["keepdims": .int(1), "axes": .ints([0])], shape: [1, classes])
    }
    func chosen(_ x: String) -> String {
      sumOfClasses(observe("Mul", [x, choice], shape: [rows, classes]), rows)
    }
    func mapped(_ operatorType: String, _ x: String) -> String { observe(operatorType, [x], shape: [rows, classes]) }

    switch (value.quantity, value.isSigmoid || classes == 1) {
    case (.logit, _), (.sum, _):
      return chosen(scores.name)
    case (.probability, _) where value.leastProbability != nil:
      return chosen(scores.name)
    case (.logProbability, _) where value.leastProbability != nil:
      return chosen(logarithms(scores.name, value, shape: [rows, classes]))
    case (.logProbability, true):
      // log σ(x) = −softplus(−x).
      return observe("Neg", [chosen(mapped("Softplus", mapped("Neg", scores.name)))], shape: [rows])
    case (.logProbability, false):
      return chosen(observe("LogSoftmax", [scores.name], ["axis": .int(1)], shape: [rows, classes]))
    case (.probability, true):
      return chosen(mapped("Sigmoid", scores.name))
    case (.probability, false):
      return chosen(observe("Softmax", [scores.name], ["axis": .int(1)], shape: [rows, classes]))
    case (.margin, _):
      guard classes > 1 else { throw Undifferentiable("a margin needs two classes, and the output has one") }
      let others = observe("Where", [isTarget, number(-3e38), scores.name], shape: [rows, classes])
      let attributes: [String: GraphBuilder.Attribute] =
        opset >= 18 ? ["keepdims": .int(0)] : ["keepdims": .int(0), "axes": .ints([1])]
      let best = observe("ReduceMax", opset >= 18 ? [others, integers([1])] : [others], attributes, shape: [rows])
      return observe("Sub", [chosen(scores.name), best], shape: [rows])
    case (.element, _), (.continuation, _):
      preconditionFailure("neither is made of classes' scores over all positions")
    }
  }

  /// The scores of no and of yes, [rows, 2], of the one there is, [rows, 1].
  private mutating func ofBothClasses(_ yes: (name: String, shape: [Int]), _ value: AdjointValue) -> (name: String, shape: [Int])
  {
    let no =
      value.leastProbability == nil
      ? observe("Neg", [yes.name], shape: yes.shape) : observe("Sub", [number(1), yes.name], shape: yes.shape)
    let shape = [yes.shape[0], 2]
    return (observe("Concat", [no, yes.name], ["axis": .int(1)], shape: shape), shape)
  }

  /// log max(p, least), of scores that are probabilities.
  private mutating func logarithms(_ probabilities: String, _ value: AdjointValue, shape: [Int]) -> String {
    let least = max(value.leastProbability ?? 0, numberType == .float16 ? Double(Float16.leastNormalMagnitude) : 0)
    return observe("Log", [observe("Max", [probabilities, number(least)], shape: shape)], shape: shape)
  }

  private mutating func sumOfClasses(_ x: String, _ rows: Int) -> String {
    opset >= 13
      ? observe("ReduceSum", [x, integers([1])], ["keepdims": .int(0)], shape: [rows])
      : observe("ReduceSum", [x], ["keepdims": .int(0), "axes": .ints([1])], shape: [rows])
  }

  /// The tensor with rows in front, then the given axis, then the others in order.
  private mutating func withRowsInFront(_ shape: [Int], batchAxis: Int?, then axis: Int?) throws(Undifferentiable) -> (
    name: String, shape: [Int]
  ) {
    var name = cut.output
    var shape = shape
    var axis = axis
    var batch = 0
    if let batchAxis {
      batch = batchAxis
    } else {
      shape.insert(1, at: 0)
      axis = axis.map { $0 + 1 }
      name = observe("Reshape", [name, integers(shape)], shape: shape)
    }
    let front = [batch] + (axis.map { [$0] } ?? [])
    guard front.allSatisfy(shape.indices.contains), Set(front).count == front.count else {
      throw Undifferentiable("the output of shape \(shape) has no axes \(front) for rows and classes")
    }
    let order = front + shape.indices.filter { !front.contains($0) }
    guard order != Array(shape.indices) else { return (name, shape) }
    let moved = order.map { shape[$0] }
    return (observe("Transpose", [name], ["perm": .ints(order)], shape: moved), moved)
  }

  /// Classes come last, so that all versions of LogSoftmax mean the same.
  private mutating func continuation(
    _ value: AdjointValue, positions: Int, of shape: [Int], target: String
  ) throws(Undifferentiable) -> String {
    let (name, shape) = try withRowsInFront(shape, batchAxis: value.batchAxis, then: value.classAxis)
    let (rows, own) = (shape[0], shape[1])
    guard shape.dropFirst(2).reduce(1, *) == positions else {
      throw Undifferentiable("the output has shape \(shape), and \(positions) positions were expected")
    }
    let flat = observe("Reshape", [name, integers([-1, own, positions])], shape: [rows, own, positions])
    let last = observe("Transpose", [flat], ["perm": .ints([0, 2, 1])], shape: [rows, positions, own])
    let single = (
      name: observe("Reshape", [last, integers([-1, own])], shape: [rows * positions, own]), shape: [rows * positions, own]
    )
    let (scores, read) = value.isDecision ? ofBothClasses(single, value) : single
    let classes = read[1]
    var logarithms: String
    if value.leastProbability != nil {
      logarithms = self.logarithms(scores, value, shape: [rows * positions, classes])
    } else if value.isSigmoid || classes == 1 {
      let negative = observe("Neg", [scores], shape: [rows * positions, classes])
      let softplus = observe("Softplus", [negative], shape: [rows * positions, classes])
      logarithms = observe("Neg", [softplus], shape: [rows * positions, classes])
    } else {
      logarithms = observe("LogSoftmax", [scores], ["axis": .int(1)], shape: [rows * positions, classes])
    }
    let width = positions * classes
    logarithms = observe("Reshape", [logarithms, integers([-1, width])], shape: [rows, width])

    // [1 x positions · classes], 1 at the class that is right at a position.
    let column = observe("Reshape", [target, integers([-1, 1])], shape: [positions, 1], type: .int64)
    let isRight = observe("Equal", [column, integers(Array(0..<classes))], shape: [positions, classes], type: .bool)
    let choice = observe("Cast", [isRight], ["to": .int(Int(numberType.rawValue))], shape: [positions, classes])
    let row = observe("Reshape", [choice, integers([1, width])], shape: [1, width])
    return sumOfClasses(observe("Mul", [logarithms, row], shape: [rows, width]), rows)
  }

  private mutating func element(_ index: Int, of shape: [Int], batchAxis: Int?) throws(Undifferentiable) -> String {
    let (name, shape) = try withRowsInFront(shape, batchAxis: batchAxis, then: nil)
    let count = shape.dropFirst().reduce(1, *)
    guard index < count else { throw Undifferentiable("output:\(index) is out of range: the output has \(count) elements") }
    let flat = observe("Reshape", [name, integers([-1, count])], shape: [shape[0], count])
    let column = observe("Gather", [flat, integers([index])], ["axis": .int(1)], shape: [shape[0], 1])
    return observe("Reshape", [column, integers([-1])], shape: [shape[0]])
  }

  /// [rows, classes].
  private mutating func scores(_ value: AdjointValue, of shape: [Int], target: String) throws(Undifferentiable) -> (
    name: String, shape: [Int]
  ) {
    let (name, shape) = try withRowsInFront(shape, batchAxis: value.batchAxis, then: value.classAxis)
    let (rows, classes) = (shape[0], shape[1])
    let positions = shape.dropFirst(2).reduce(1, *)
    if shape.count == 2 { return (name, shape) }
    let flat = observe("Reshape", [name, integers([-1, classes, positions])], shape: [rows, classes, positions])
    let single: String
    if let position = value.position {
      guard position < positions else {
        throw Undifferentiable("position \(position) is out of range: the output has \(positions) positions")
      }
      single = observe("Gather", [flat, integers([position])], ["axis": .int(2)], shape: [rows, classes, 1])
    } else if let count = value.maskedPositions {
      guard count == positions else {
        throw Undifferentiable("the output has \(positions) positions, and \(count) were expected")
      }
      let products = observe(
        "Mul", [flat, shares(of: count, behind: value.targetClassCount, target)], shape: [rows, classes, count])
      single =
        opset >= 13
        ? observe("ReduceSum", [products, integers([2])], ["keepdims": .int(1)], shape: [rows, classes, 1])
        : observe("ReduceSum", [products], ["keepdims": .int(1), "axes": .ints([2])], shape: [rows, classes, 1])
    } else {
      single = observe(
        "ReduceMean", opset >= 18 ? [flat, integers([2])] : [flat], opset >= 18 ? [:] : ["axes": .ints([2])],
        shape: [rows, classes, 1])
    }
    return (observe("Reshape", [single, integers([-1, classes])], shape: [rows, classes]), [rows, classes])
  }

  /// The share that each position has in a mean over those whose number in the target is 1; [1 x 1 x positions], and held.
  private mutating func shares(of positions: Int, behind classes: Int, _ target: String) -> String {
    let places = integers(Array(classes..<classes + positions))
    let flags = observe("Gather", [target, places], ["axis": .int(0)], shape: [positions], type: .int64)
    let numbers = observe("Cast", [flags], ["to": .int(Int(numberType.rawValue))], shape: [positions])
    let row = observe("Reshape", [numbers, integers([1, 1, positions])], shape: [1, 1, positions])
    let count = observe("ReduceSum", [row], ["keepdims": .int(1)], shape: [1, 1, 1])
    return observe("Div", [row, count], shape: [1, 1, positions])
  }
}
