import Lesion
import ModelGraph

extension NetworkKind {
  /// A hidden layer and scores, ended as told.
  static func ending(
    _ name: String, inputs: [(name: String, shape: [Int], tokens: Int?)] = [("x", [6], nil)],
    _ end: @escaping @Sendable (inout Writer, String) -> Void
  ) -> NetworkKind {
    NetworkKind(name, inputs: inputs) { net in
      net.builder.input("x", [nil] + inputs[0].shape.map(Optional.some))
      let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
      end(&net, net.add("MatMul", [hidden, net.weight(8, 4)], to: "scores"))
    }
  }

  static let labelFirst = ending("with a label first") { net, scores in
    let probabilities = net.add("Softmax", [scores], to: "probabilities", ["axis": .int(-1)])
    net.add("ArgMax", [probabilities], to: "label", ["axis": .int(1), "keepdims": .int(0)])
    net.builder.output("label", [nil], type: .int64)
    net.builder.output("probabilities", [nil, 4])
  }

  static let labelOnly = ending("with a label only") { net, scores in
    net.add("ArgMax", [scores], to: "label", ["axis": .int(1), "keepdims": .int(0)])
    net.builder.output("label", [nil], type: .int64)
  }

  static let bestOnly = ending("that gives the best") { net, scores in
    net.builder.node("TopK", [scores, net.constant([2])], ["values", "indices"], ["axis": .int(1)])
    net.builder.output("indices", [nil, 2], type: .int64)
    net.builder.output("values", [nil, 2])
  }

  static let auxiliaryFirst = ending("with an auxiliary head first") { net, scores in
    net.add("MatMul", ["hidden", net.weight(8, 3)], to: "aux_logits")
    net.add("MatMul", [scores, net.weight(4, 5)], to: "logits")
    net.builder.output("aux_logits", [nil, 3])
    net.builder.output("logits", [nil, 5])
  }

  static let hiddenFirst = ending("that gives a hidden layer first") { net, scores in
    net.builder.output("hidden", [nil, 8])
    net.builder.output(scores, [nil, 4])
  }

  static let valueFirst = ending("of a value and a policy") { net, scores in
    net.add("MatMul", [scores, net.weight(4, 1)], to: "column")
    net.add("Squeeze", ["column", net.constant([1])], to: "value")
    net.add("MatMul", [scores, net.weight(4, 5)], to: "policy")
    net.builder.output("value", [nil])
    net.builder.output("column", [nil, 1])
    net.builder.output("policy", [nil, 5])
  }

  static let halfPrecision = ending("that gives float16") { net, scores in
    net.add("Cast", [scores], to: "logits", ["to": .int(10)])
    net.builder.output("logits", [nil, 4], type: .float16)
  }

  static let threshold = ending("that says which scores are large") { net, scores in
    net.add("Greater", [scores, net.number(0.1)], to: "found")
    net.builder.output("found", [nil, 4], type: .bool)
  }

  /// The states of an LSTM, under names that say nothing, before scores that follow from one of them.
  static let statesFirst = NetworkKind("that gives states first", inputs: [("x", [5, 6], nil)]) { net in
    net.builder.input("x", [nil, 5, 6])
    net.add("Transpose", ["x"], to: "turned", ["perm": .ints([1, 0, 2])])
    net.builder.node(
      "LSTM", ["turned", net.weight(1, 16, 6), net.weight(1, 16, 4)], ["steps", "a", "b"], ["hidden_size": .int(4)])
    net.add("Squeeze", ["a", net.constant([0])], to: "last")
    net.add("MatMul", ["last", net.weight(4, 3)], to: "d")
    net.builder.output("a", [1, nil, 4])
    net.builder.output("b", [1, nil, 4])
    net.builder.output("d", [nil, 3])
  }

  /// Two numbers of a box and three scores at each of four places, along axis 1.
  static func detector(turned: Bool) -> NetworkKind {
    NetworkKind("of boxes and scores") { net in
      net.builder.input("x", [nil, 6])
      let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
      func head(_ rows: Int, _ name: String) -> String {
        let flat = net.add("MatMul", [hidden, net.weight(8, rows * 4)], to: name + "_flat")
        return net.add("Reshape", [flat, net.constant([-1, Int64(rows), 4])], to: name)
      }
      let (boxes, scores) = (head(2, "boxes"), net.add("Sigmoid", [head(3, "logits")], to: "scores"))
      net.add("Concat", [boxes, scores], to: turned ? "joined" : "found", ["axis": .int(1)])
      if turned { net.add("Transpose", ["joined"], to: "found", ["perm": .ints([0, 2, 1])]) }
      net.builder.output("found", turned ? [nil, 4, 5] : [nil, 5, 4])
    }
  }

  /// The chances of no and of yes.
  static let yesOrNo = ending("that says yes or no") { net, scores in
    let yes = net.add("Sigmoid", [net.add("MatMul", [scores, net.weight(4, 1)], to: "logit")], to: "yes")
    net.add("Concat", [net.add("Sub", [net.number(1), yes], to: "no"), yes], to: "chances", ["axis": .int(1)])
    net.builder.output("chances", [nil, 2])
  }

  /// What is passed on and what is stored before scores.
  static let passedOnFirst = ending("that passes its input on") { net, scores in
    net.add("Cast", ["x"], to: "input", ["to": .int(1)])
    net.builder.weight("table", [3, 5], [Float](repeating: 1, count: 15))
    net.add("Identity", ["table"], to: "classes")
    for (name, shape) in [("x", [nil, 6]), ("input", [nil, 6]), ("table", [3, 5]), ("classes", [3, 5]), (scores, [nil, 4])] {
      net.builder.output(name, shape)
    }
  }

  /// Boxes and scores of those that are chosen, all of them, or chosen by their class, in an order of their own.
  static func chosen(_ outputs: [String]) -> NetworkKind {
    NetworkKind("that chooses boxes", inputs: [("x", [3, 4, 4], nil)]) { net in
      net.builder.input("x", [nil, 3, 4, 4])
      let hidden = net.add("Relu", [net.add("Conv", ["x", net.weight(6, 3, 1, 1)], to: "sum")], to: "hidden")
      func head(_ rows: Int, _ name: String) -> String {
        let maps = net.add("Conv", [hidden, net.weight(rows, 6, 1, 1)], to: name + "_maps")
        return net.add("Reshape", [maps, net.constant([0, Int64(rows), -1])], to: name + "_rows")
      }
      let corners = net.add(
        "Transpose", [net.add("Sigmoid", [head(4, "corner")], to: "corners")], to: "boxes", ["perm": .ints([0, 2, 1])])
      let scores = net.add("Sigmoid", [head(3, "score")], to: "all_scores")
      net.add("NonMaxSuppression", [corners, scores, net.constant([5]), net.number(0.5), net.number(0.4)], to: "selected")
      net.add("GatherND", [scores, "selected"], to: "scores")
      net.add("Identity", ["scores"], to: "first")
      net.add("Concat", ["scores", "scores"], to: "flat", ["axis": .int(0)])
      for name in outputs {
        switch name {
        case "selected": net.builder.output(name, [nil, 3], type: .int64)
        case "all_scores": net.builder.output(name, [nil, 3, 16])
        default: net.builder.output(name, [nil])
        }
      }
    }
  }

  /// Probabilities that no activation ends.
  static let ends: [(name: String, classes: Int, link: OutputReader.Link)] = [
    ("turned", 4, .softmax), ("exponentials", 4, .distribution), ("mean", 4, .distribution), ("powers", 4, .distribution),
    ("some", 3, .chances), ("steps", 4, .chances), ("logistic", 4, .chances), ("shifted", 4, .chances), ("yes", 2, .distribution),
    ("rounded", 4, .softmax), ("clipped", 4, .softmax), ("single", 1, .sigmoid), ("tangent", 4, .softmax),
  ]

  static func ending(in end: String) -> NetworkKind {
    ending("that ends in \(end)") { net, scores in
      func number(_ value: Float) -> String { net.number(value) }
      let softmax = net.add("Softmax", [scores], to: "softmax", ["axis": .int(1)])
      switch end {
      case "turned":
        net.add("Transpose", [softmax], to: "y", ["perm": .ints([1, 0])])
        return net.builder.output("y", [4, nil])
      case "exponentials": net.add("Exp", [net.add("LogSoftmax", [scores], to: "logarithms", ["axis": .int(1)])], to: "y")
      case "mean":
        let other = net.add("Softmax", [net.add("MatMul", ["hidden", net.weight(8, 4)], to: "others")], to: "second")
        net.add("Mean", [softmax, other], to: "y")
      case "powers":
        let powers = net.add("Softplus", [scores], to: "positive")
        net.add("Div", [powers, net.add("ReduceSum", [powers, net.constant([1])], to: "total")], to: "y")
      case "some": net.add("Slice", [softmax, net.constant([1]), net.constant([4]), net.constant([1])], to: "y")
      case "steps": net.add("HardSigmoid", [scores], to: "y")
      case "logistic":
        let power = net.add("Exp", [net.add("Neg", [scores], to: "minus")], to: "power")
        net.add("Div", [number(1), net.add("Add", [power, number(1)], to: "more")], to: "y")
      case "shifted":
        let squashed = net.add("Tanh", [net.add("Mul", [scores, number(0.5)], to: "half")], to: "squashed")
        net.add("Mul", [net.add("Add", [squashed, number(1)], to: "above"), number(0.5)], to: "y")
      case "yes":
        let yes = net.add("Sigmoid", [net.add("MatMul", [scores, net.weight(4, 1)], to: "logit")], to: "yes")
        net.add("Concat", [net.add("Sub", [number(1), yes], to: "no"), yes], to: "y", ["axis": .int(1)])
      case "rounded":
        let zero = net.add("Cast", [net.constant([0], isScalar: true)], to: "zero", ["to": .int(2)])
        let step = number(1 / 255)
        net.add("DequantizeLinear", [net.add("QuantizeLinear", [softmax, step, zero], to: "bytes"), step, zero], to: "y")
      case "clipped": net.add("Clip", [softmax, number(1e-7), number(1)], to: "y")
      case "single":
        let logit = net.add("MatMul", [scores, net.weight(4, 1)], to: "logit")
        net.add("Clip", [net.add("Sigmoid", [logit], to: "yes"), number(1e-7), number(1)], to: "y")
      case "tangent": net.add("Softmax", [net.add("Tanh", [scores], to: "squashed")], to: "y")
      default: preconditionFailure(end)
      }
      net.builder.output("y", [nil, nil])
    }
  }

  /// Numbers that a sigmoid or softmax squashes and operators lay out anew then.
  static func laidOut(
    _ squashing: String, from shape: [Int64], axis: Int = 1, by layouts: [(String, [Int64])], rows: Int = 1, to result: [Int?]
  ) -> NetworkKind {
    let width = Int(shape.dropFirst(rows > 1 ? 1 : 0).reduce(1, *))
    return NetworkKind("that is laid out anew", inputs: [("x", rows > 1 ? [rows, 6] : [6], nil)]) { net in
      net.builder.input("x", [nil] + (rows > 1 ? [rows, 6] : [6]))
      let x = rows > 1 ? net.add("Reshape", ["x", net.constant([-1, 6])], to: "rows") : "x"
      let hidden = net.add("Relu", [net.add("MatMul", [x, net.weight(6, 8)], to: "sum")], to: "hidden")
      let flat = net.add("MatMul", [hidden, net.weight(8, width)], to: "flat")
      let scores = rows > 1 ? flat : net.add("Reshape", [flat, net.constant([-1] + shape)], to: "scores")
      var tensor = net.add(squashing, [scores], to: "squashed", squashing == "Softmax" ? ["axis": .int(axis)] : [:])
      for (place, (operatorType, numbers)) in layouts.enumerated() {
        let name = place + 1 == layouts.count ? "y" : "step_\(place)"
        tensor =
          operatorType == "Transpose"
          ? net.add("Transpose", [tensor], to: name, ["perm": .ints(numbers.map(Int.init))])
          : net.add("Reshape", [tensor, net.constant(numbers)], to: name)
      }
      net.builder.output("y", result)
    }
  }

  static let picture = laidOut("Sigmoid", from: [25], by: [("Reshape", [-1, 1, 5, 5])], to: [nil, 1, 5, 5])
  static let coloured = laidOut("Sigmoid", from: [75], by: [("Reshape", [-1, 3, 5, 5])], to: [nil, 3, 5, 5])
  static let flattened = laidOut("Sigmoid", from: [2, 3], by: [("Reshape", [-1, 6])], to: [nil, 6])
  static let classesLast = laidOut("Softmax", from: [4, 3], by: [("Transpose", [0, 2, 1])], to: [nil, 3, 4])
  static let split = laidOut("Softmax", from: [4, 6], by: [("Reshape", [-1, 4, 2, 3])], to: [nil, 4, 2, 3])
  static let joint = laidOut("Softmax", from: [12], by: [("Reshape", [-1, 4, 3])], to: [nil, 4, 3])
  static let turnedBack = laidOut(
    "Sigmoid", from: [12], by: [("Reshape", [-1, 4, 3]), ("Transpose", [0, 2, 1])], to: [nil, 3, 4])
  static let unfolded = laidOut("Softmax", from: [3, 4], by: [("Reshape", [-1, 3, 4])], rows: 3, to: [nil, 3, 4])

  /// A map of 3 classes on 4 x 5 places that ends in a softmax of an operator set.
  static func oldSoftmax(
    _ operatorType: String, axis: Int?, opset: Int, decides: Bool = false, spelledOut axes: [Int]? = nil
  ) -> NetworkKind {
    NetworkKind("that ends in an old softmax", inputs: [("x", [2, 4, 5], nil)], opset: opset) { net in
      net.builder.input("x", [nil, 2, 4, 5])
      let hidden = net.add("Relu", [net.add("Conv", ["x", net.weight(4, 2, 1, 1)], to: "sum")], to: "hidden")
      let scores = net.add("Conv", [hidden, net.weight(3, 4, 1, 1)], to: "scores")
      if let axes {
        let exponentials = net.add("Exp", [scores], to: "exponentials")
        let sum = net.add("ReduceSum", [exponentials, net.constant(axes.map(Int64.init))], to: "total")
        net.add("Div", [exponentials, sum], to: "y")
      } else {
        net.add(operatorType, [scores], to: "y", axis.map { ["axis": .int($0)] } ?? [:])
      }
      if decides {
        net.add("ArgMax", ["y"], to: "class", ["axis": .int(1)])
        net.builder.output("class", [nil, 1, 4, 5])
      } else {
        net.builder.output("y", [nil, 3, 4, 5])
      }
    }
  }

  /// A hundred times what a softmax or sigmoid gives, or the mean of two softmaxes.
  static func percent(_ of: String) -> NetworkKind {
    ending("that ends in percent") { net, scores in
      switch of {
      case "mean":
        let other = net.add("Softmax", [net.add("MatMul", ["hidden", net.weight(8, 4)], to: "others")], to: "second")
        let mean = net.add("Mean", [net.add("Softmax", [scores], to: "first"), other], to: "mean")
        net.add("Mul", [net.number(100), mean], to: "y")
      case "Sigmoid": net.add("Div", [net.add("Sigmoid", [scores], to: "chances"), net.number(0.01)], to: "y")
      default: net.add("Mul", [net.add("Softmax", [scores], to: "chances"), net.number(100)], to: "y")
      }
      net.builder.output("y", [nil, 4])
    }
  }

  static let steps = ending("that gives a sequence") { net, scores in
    net.add("SplitToSequence", [scores], to: "steps", ["axis": .int(0)])
    net.builder.output("steps", [nil])
  }

  /// Scores at six anchors, from which nothing tells what is a class.
  static let anchors = NetworkKind("of anchors") { net in
    net.builder.input("x", [nil, 6])
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let flat = net.add("MatMul", [hidden, net.weight(8, 15)], to: "flat")
    net.add("Reshape", [flat, net.constant([-1, 3, 5])], to: "boxes")
    net.builder.output("boxes", [nil, 3, 5])
  }

  static let sequence = ending("of steps", inputs: [("x", [7, 6], nil), ("mask", [7], 2)]) { net, scores in
    net.builder.input("mask", [nil, 7], type: .int64)
    net.add("Cast", ["mask"], to: "weights", ["to": .int(1)])
    net.add("Unsqueeze", ["weights", net.constant([2])], to: "column")
    net.add("Add", [scores, "column"], to: "logits")
    net.builder.output("logits", [nil, 7, 4])
  }
}
