import Foundation
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing

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

@Suite struct `The output that is read` {
  @Test(
    arguments: [
      (NetworkKind.labelFirst, "probabilities", "scores", [4]), (.labelOnly, "label", "scores", [4]),
      (.bestOnly, "values", "scores", [4]), (.auxiliaryFirst, "logits", "logits", [5]),
      (.hiddenFirst, "scores", "scores", [4]), (.halfPrecision, "logits", "logits", [4]),
      (.timeFirst, "logits", "logits", [7, 5]), (.classesFirst, "logits", "logits", [5]),
      (.sequence, "logits", "logits", [7, 4]), (.threshold, "found", "scores", [4]), (.statesFirst, "d", "d", [3]),
      (.yesOrNo, "chances", "chances", [2]), (.valueFirst, "policy", "policy", [5]), (.passedOnFirst, "scores", "scores", [4]),
    ] as [(NetworkKind, String, String, [Int])])
  func `looks like scores`(_ kind: NetworkKind, _ output: String, _ tensor: String, _ shape: [Int]) throws {
    let readout = try KindBench(kind).survey.readout
    #expect(readout.output == output)
    #expect(readout.tensor == tensor)
    #expect(readout.shape == shape)
    #expect(readout.classAxis == shape.count - 1)
  }

  @Test func `is the one that is named`() throws {
    let bench = try KindBench(.auxiliaryFirst, reading: ReadoutRequest(output: "aux_logits"))
    #expect(bench.survey.readout.shape == [3])
    #expect(bench.survey.layers.map(\.candidate.tensor) == ["sum", "hidden"])
    let error = try #require(throws: LesionError.self) {
      try KindBench(.auxiliaryFirst, reading: ReadoutRequest(output: "boxes"))
    }
    #expect(error.message.contains("\"aux_logits\" [N, 3], \"logits\" [N, 5]"), "\(error)")
  }

  @Test func `is refused with the axes that may count classes, where nothing tells`() throws {
    let error = try #require(throws: LesionError.self) { try KindBench(.anchors) }
    #expect(error.code == .badRequest)
    #expect(error.message.contains("[1, 3, 5]") && error.message.contains("--class-axis (1 or 2)"), "\(error)")
    for (axis, place) in [(1, 0), (2, 1), (-1, 1), (-2, 0)] {
      #expect(try KindBench(.anchors, reading: ReadoutRequest(classAxis: axis)).survey.readout.classAxis == place)
    }
    for axis in [0, 3, -4] {
      #expect(throws: LesionError.self) { try KindBench(.anchors, reading: ReadoutRequest(classAxis: axis)) }
    }
  }

  @Test(arguments: [false, true])
  func `is refused where it joins scores with other numbers along its classes`(turned: Bool) throws {
    let error = try #require(throws: LesionError.self) { try KindBench(.detector(turned: turned)) }
    #expect(error.code == .badRequest)
    for word in ["\"boxes\"", "\"scores\"", "axis \(turned ? 2 : 1)", "--value output:NAME[...]"] {
      #expect(error.message.contains(word), "\(error)")
    }
    #expect(try KindBench(.detector(turned: turned), reading: ReadoutRequest(classAxis: 1)).survey.readout.classAxis == 0)
    let value = try ValueFunction(parsing: turned ? "output:found[:,2]:max" : "output:found[2,:]:max")
    #expect(throws: Never.self) { try KindBench(.detector(turned: turned), reading: ReadoutRequest(value: value)) }
  }

  @Test(arguments: [["selected"], ["scores"], ["first", "scores", "selected"], ["selected", "all_scores"]])
  func `is read before boxes are chosen`(_ outputs: [String]) throws {
    let readout = try KindBench(.chosen(outputs)).survey.readout
    #expect(readout.tensor == "score_rows" && readout.shape == [3, 16] && readout.classAxis == 0)
    #expect(readout.output != "first")
  }

  @Test func `is refused where it is as long as values say`() throws {
    let value = try ValueFunction(parsing: "output:scores[0]")
    for request in [ReadoutRequest(value: value), ReadoutRequest(output: "flat")] {
      let error = try #require(throws: LesionError.self) { try KindBench(.chosen(["flat", "scores"]), reading: request) }
      #expect(error.message.contains("as long as values say (by NonMaxSuppression)"), "\(error)")
    }
  }

  @Test(arguments: NetworkKind.ends.indices)
  func `may be probabilities, which aren't squashed again`(_ place: Int) throws {
    let (end, classes, link) = NetworkKind.ends[place]
    let kind = NetworkKind.ending(in: end)
    for value in [ValueFunction.probability, .logProbability] {
      let bench = try KindBench(kind, reading: ReadoutRequest(value: value))
      #expect(bench.survey.readout.link == link)
      let isRead = link == .distribution || link == .chances
      #expect(bench.survey.notes.contains { $0.contains("holds probabilities already") } == isRead)
      let layer = try #require(bench.layer("hidden"))
      let network = try bench.lesioned(layer)
      let regions = try bench.grid(layer).regionCount
      let exposed = try Session(
        runtime: bench.runtime, model: Model(proto: kind.proto(), label: end).exposing(["y"]).serialized())
      let given = try exposed.run([bench.feed.tensors(["x"], rows: [1])[0]])[0].floats
      for target in 0..<classes {
        try network.begin(LesionedNetwork.Series(stimulus: 1, target: target))
        let found = try network.values(of: [Coalition(fullOf: regions)])[0]
        let probability = given[target]
        // Where bytes are given, what is read is exact.
        #expect(abs((value == .probability ? found : exp(found)) - probability) < (end == "rounded" ? 0.003 : 1e-5), "\(target)")
      }
    }
    let isSaid = try KindBench(kind).survey.notes.contains { $0.contains("holds probabilities already, of which logit is made") }
    #expect(isSaid == (link == .distribution || link == .chances))
  }

  @Test(
    arguments: [
      (.picture, nil, "scores", [1, 5, 5], 0), (.picture, 1, "scores", [1, 5, 5], 0), (.picture, -1, "scores", [1, 5, 5], 2),
      (.coloured, nil, "scores", [3, 5, 5], 0), (.flattened, nil, "scores", [6], 0), (.classesLast, nil, "scores", [4, 3], 0),
      (.classesLast, 2, "scores", [4, 3], 0), (.classesLast, 1, "scores", [4, 3], 1), (.split, nil, "scores", [4, 2, 3], 0),
      (.split, 3, "scores", [4, 2, 3], 2), (.joint, nil, "scores", [12], 0), (.turnedBack, 2, "y", [3, 4], 1),
      (.unfolded, nil, "flat", [3, 4], 1), (.unfolded, 2, "flat", [3, 4], 1), (.unfolded, 1, "flat", [3, 4], 0),
    ] as [(NetworkKind, Int?, String, [Int], Int)])
  func `has the axes that the model declares, wherever it is squashed`(
    _ kind: NetworkKind, _ named: Int?, _ tensor: String, _ shape: [Int], _ axis: Int
  ) throws {
    let bench = try KindBench(kind, reading: ReadoutRequest(classAxis: named))
    let readout = bench.survey.readout
    #expect(readout.tensor == tensor && readout.shape == shape && readout.classAxis == axis)
    #expect(
      readout.link
        == (tensor == "y" ? .chances : kind.proto().graph.node.contains { $0.opType == "Softmax" } ? .softmax : .sigmoid))
    #expect(bench.survey.notes.contains { $0.contains("it is read as it stands") } == (tensor == "y"))

    // Every class's score is the mean over the places of what the network itself gives before it squashes.
    let layer = try #require(bench.layer("hidden"))
    let network = try bench.lesioned(layer)
    let coalitions = LesionedNetwork.mixedCoalitions(regions: try bench.grid(layer).regionCount, count: 4)
    let model = try kind.model(masking: ("hidden", layer.view.shape.count))
    let stride = shape[(axis + 1)...].reduce(1, *)
    for target in 0..<shape[axis] {
      try network.begin(LesionedNetwork.Series(stimulus: 1, target: target))
      for coalition in coalitions {
        let scores = try bench.twin(layer, coalition, stimulus: 1, model: model)
        let own = (0..<scores.count).filter { $0 / stride % shape[axis] == target }.map { scores.floats[$0] }
        let found = try network.values(of: [coalition])[0]
        #expect(abs(found - own.reduce(0, +) / Float(own.count)) < 1e-5, "\(target)")
      }
    }
  }

  @Test(arguments: [
    (NetworkKind.joint, 1, "is no axis of \"scores\""), (.classesLast, 3, "is out of range"),
    (.classesLast, 0, "is the axis of stimuli"),
  ])
  func `has no axis of classes that isn't its own`(_ kind: NetworkKind, _ axis: Int, _ words: String) throws {
    let error = try #require(throws: LesionError.self) { try KindBench(kind, reading: ReadoutRequest(classAxis: axis)) }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test(arguments: ["Softmax", "Sigmoid"])
  func `is read before it is turned into percent`(_ activation: String) throws {
    let kind = NetworkKind.percent(activation)
    let bench = try KindBench(kind, reading: ReadoutRequest(value: .probability))
    #expect(bench.survey.readout.tensor == "scores")
    #expect(bench.survey.notes.contains { $0.contains("ends in \(activation.lowercased()), times 100;") })
    let layer = try #require(bench.layer("hidden"))
    let network = try bench.lesioned(layer)
    let session = try Session(runtime: bench.runtime, model: kind.model().exposing(["y"]).serialized())
    let percent = try session.run([bench.feed.tensors(["x"], rows: [1])[0]])[0]
    for target in 0..<4 {
      try network.begin(LesionedNetwork.Series(stimulus: 1, target: target))
      let regions = try bench.grid(layer).regionCount
      #expect(abs(try network.values(of: [Coalition(fullOf: regions)])[0] - percent.floats[target] / 100) < 1e-5)
    }
  }

  @Test func `makes no probabilities of a multiple of some`() throws {
    let error = try #require(throws: LesionError.self) {
      try KindBench(.percent("mean"), reading: ReadoutRequest(value: .probability))
    }
    #expect(error.code == .badRequest && error.message.contains("times 100, of which prob can't be made"), "\(error)")
    #expect(try KindBench(.percent("mean")).survey.readout.tensor == "y")
  }

  @Test func `is refused where it is a sequence`() throws {
    let error = try #require(throws: LesionError.self) { try KindBench(.steps) }
    #expect(error.message.contains("\"steps\" is a sequence"), "\(error)")
  }

  @Test func `may be some of its elements`() throws {
    let value = try ValueFunction(parsing: "output:boxes[1,2:]:mean")
    let bench = try KindBench(.anchors, reading: ReadoutRequest(value: value))
    let layer = try #require(bench.layer("hidden"))
    let network = try bench.lesioned(layer)
    try network.begin(LesionedNetwork.Series(stimulus: 1, target: 0))
    let regions = try bench.grid(layer).regionCount
    let intact = try network.values(of: [Coalition(fullOf: regions)])[0]
    let twin = try bench.twin(
      layer, Coalition(fullOf: regions), stimulus: 1,
      model: Model(proto: NetworkKind.anchors.proto(masking: ("hidden", 2)), label: "twin.onnx"))
    let expected = [7, 8, 9].reduce(0) { $0 + twin.floats[$1] } / 3
    #expect(abs(intact - expected) < 1e-5)
  }

  @Test func `is one position of a sequence, the last that a mask leaves, or one a stimulus`() throws {
    func positions(_ choice: PositionChoice) throws -> [Int] {
      try KindBench(.sequence, reading: ReadoutRequest(position: choice)).survey.readout.positions
    }
    #expect(try positions(.mean) == [])
    #expect(try positions(.at(2)) == [2])
    #expect(try positions(.at(-1)) == [6])
    #expect(try positions(.perStimulus([0, 3, -1, 2, 5])) == [0, 3, 6, 2])
    let bench = try KindBench(.sequence)
    let masks = try (0..<KindBench.stimulusCount).map { try bench.feed.tensors(["mask"], rows: [$0])[0].numbers()! }
    #expect(try positions(.lastUnmasked("mask")) == masks.map { $0.lastIndex { $0 != 0 }! })
    for wrong: PositionChoice in [.at(7), .at(-8), .perStimulus([1, 2]), .lastUnmasked("masks"), .lastUnmasked("x")] {
      #expect(throws: LesionError.self, "\(wrong)") { try positions(wrong) }
    }
  }

  @Test func `has no position where it has classes only`() throws {
    let error = try #require(throws: LesionError.self) {
      try KindBench(.labelFirst, reading: ReadoutRequest(position: .at(0)))
    }
    #expect(error.message.contains("one position only"), "\(error)")
  }
}

@Suite struct `A selection of an output` {
  @Test(arguments: [
    ("output:boxes[4,:]:max", "boxes[4,:]:max"), ("output:[-1]", "[-1]"), ("output:a[0][1:3, 2]:sum", "a[0][1:3,2]:sum"),
    ("output:y:0[:-1]:mean", "y:0[:-1]:mean"),
  ])
  func `is read as it is written`(_ text: String, _ name: String) throws {
    let value = try ValueFunction(parsing: text)
    #expect(value.name == "output:" + name)
    #expect(try ValueFunction(parsing: value.name) == value)
  }

  @Test(arguments: [
    ("output:boxes", "at its end"), ("output:boxes[4", "a bracket is missing"), ("output:boxes[4,x]", "\"x]\" (character 9)"),
    ("output:boxes[1:2:3]", "a range has two ends"), ("output:boxes[]", "character 7"),
    ("output:boxes[1]:median", "\":median\" (character 9)"), ("output:-1", "brackets"),
  ])
  func `that can't be read is refused at its place`(_ text: String, _ words: String) throws {
    let error = try #require(throws: LesionError.self) { try ValueFunction(parsing: text) }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test(arguments: [
    ("[1,2]", [6]), ("[-1,:]:sum", [4, 5, 6, 7]), ("[:,1:3]:mean", [1, 2, 5, 6]), ("[0:1,-1]", [3]),
  ])
  func `takes the elements that it names`(_ text: String, _ elements: [Int]) throws {
    #expect(try OutputSelection(parsing: text).elements(in: [2, 4]) == elements)
  }

  @Test(arguments: ["[1]", "[2,0]", "[0,-5]", "[:,0]", "[1:1,0]:sum", "[0,0,0]"])
  func `that doesn't fit its output is refused`(_ text: String) {
    #expect(throws: LesionError.self) { try OutputSelection(parsing: text).elements(in: [2, 4]) }
  }

  @Test func `is reduced as it says`() throws {
    let output: [Float] = [1, 5, 2, 8, 3, 4]
    for (text, expected) in [("[:]:sum", 23), ("[1:4]:mean", 5), ("[:]:max", 8), ("[2]", 2)] as [(String, Float)] {
      let reader = try OutputReader(
        Readout(
          output: "y", tensor: "y", shape: [6], classAxis: nil, link: .softmax,
          value: .selection(OutputSelection(parsing: text))))
      #expect(output.withUnsafeBufferPointer { reader.value($0, target: 0) } == expected)
      #expect(output.withUnsafeBufferPointer { reader.scores($0) } == [expected])
      if let terms = reader.namedTerms {
        #expect(terms.elements.reduce(0.0) { $0 + Double(output[$1]) } * terms.weight == Double(expected))
      } else {
        #expect(text.hasSuffix("max"))
      }
    }
  }
}
