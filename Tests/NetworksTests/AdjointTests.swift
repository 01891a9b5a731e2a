import Foundation
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing

@Suite struct `An adjoint graph` {
  static let quantities: [AdjointValue.Quantity] = [.logit, .logProbability, .probability, .margin, .element(3)]

  @Test(arguments: quantities, [false, true])
  func `derives every value`(_ quantity: AdjointValue.Quantity, _ isSigmoid: Bool) throws {
    let bench = try AdjointBench(
      Self.classifier(classes: 4), shape: [3], reading: "scores", value: AdjointValue(quantity, isSigmoid: isSigmoid),
      targets: [0, 3, 1])
    #expect(try bench.deviation() < 4e-3)
  }

  @Test(
    arguments: [ValueFunction.logit, .logProbability, .probability, .margin, .loss, .output(5)],
    [
      ([4], nil, false), ([4, 1, 1], nil, false), ([4, 2, 3], nil, false), ([2, 3, 4], nil, true), ([3, 4], nil, false),
      ([3, 4], 1, false), ([1], nil, false),
    ] as [([Int], Int?, Bool)])
  func `reads what an output reader reads`(_ value: ValueFunction, _ output: ([Int], Int?, Bool)) throws {
    let (shape, position, channelsLast) = output
    let count = shape.reduce(1, *)
    if (value == .margin || value == .loss) && count == 1 || value == .output(5) && count < 6 { return }
    var net = GraphBuilder(name: "readout")
    net.input("x", [nil, 3])
    net.node("Identity", ["x"], ["a"])
    // Between 0 and 1, so that the scores may be probabilities too.
    net.node("Sigmoid", [net.node("MatMul", ["a", net.random("w", [3, count])], ["flat"])], ["squashed"])
    net.node("Reshape", ["squashed", net.integers("target_shape", [-1] + shape.map(Int64.init))], ["scores"])
    net.output("scores", [nil] + shape.map(Optional.some))
    for link in OutputReader.Link.allCases {
      let reader = try OutputReader(shape: shape, value: value, link: link, position: position, channelsLast: channelsLast)
      let bench = try AdjointBench(
        Model(proto: net.model), shape: [3], reading: "scores",
        value: AdjointValue(shape: shape, value: value, link: link, position: position, channelsLast: channelsLast),
        targets: [0])
      let outputs = try bench.outputs()
      for (row, found) in outputs.values.enumerated() {
        let sample = Array(outputs.read[(row * count)..<((row + 1) * count)])
        let expected = sample.withUnsafeBufferPointer { reader.value($0, target: 0, stimulus: 0) }
        #expect(abs(found - Double(expected)) < 1e-5 * max(1, abs(Double(expected))))
      }
      #expect(try bench.deviation() < 4e-3)
    }
  }

  @Test(arguments: [ValueFunction.logit, .logProbability, .probability, .margin, .loss], [Int64(0), 1])
  func `reads a yes or no as two classes`(_ value: ValueFunction, _ target: Int64) throws {
    var net = GraphBuilder(name: "decision")
    net.input("x", [nil, 3])
    net.node("Identity", ["x"], ["a"])
    net.node("Sigmoid", [net.node("MatMul", ["a", net.random("w", [3, 2])], ["flat"])], ["squashed"])
    net.node("Reshape", ["squashed", net.integers("target_shape", [-1, 1, 2])], ["scores"])
    net.output("scores", [nil, 1, 2])
    for link in [OutputReader.Link.softmax, .sigmoid, .chances] {
      var readout = Readout(output: "", tensor: "", shape: [1, 2], classAxis: 0, link: link, value: value)
      readout.decide(by: .always)
      let reader = try OutputReader(readout)
      let bench = try AdjointBench(
        Model(proto: net.model), shape: [3], reading: "scores", value: AdjointValue(readout), targets: [target])
      let outputs = try bench.outputs()
      for (row, found) in outputs.values.enumerated() {
        let expected = Array(outputs.read[2 * row..<2 * row + 2]).withUnsafeBufferPointer {
          reader.value($0, target: Int(target), stimulus: 0)
        }
        #expect(abs(found - Double(expected)) < 1e-5 * max(1, abs(Double(expected))), "\(link)")
      }
      #expect(try bench.deviation() < 4e-3, "\(link)")
    }
  }

  @Test(arguments: [OutputReader.Link.softmax, .chances])
  func `sums a continuation of yes and no`(_ link: OutputReader.Link) throws {
    var net = GraphBuilder(name: "tags")
    net.input("x", [nil, 3])
    net.node("Identity", ["x"], ["a"])
    net.node("Sigmoid", [net.node("MatMul", ["a", net.random("w", [3, 2])], ["flat"])], ["squashed"])
    net.node("Reshape", ["squashed", net.integers("target_shape", [-1, 2, 1])], ["scores"])
    net.output("scores", [nil, 2, 1])
    var readout = Readout(output: "", tensor: "", shape: [2, 1], classAxis: 1, link: link, value: .continuation("next"))
    readout.continuation = [[0, 1]]
    readout.decide(by: .whereTheValueNamesClasses)
    let reader = try OutputReader(readout)
    let bench = try AdjointBench(
      Model(proto: net.model), shape: [3], reading: "scores", value: AdjointValue(readout), targets: [0, 1])
    let outputs = try bench.outputs()
    for (row, found) in outputs.values.enumerated() {
      let expected = Array(outputs.read[2 * row..<2 * row + 2]).withUnsafeBufferPointer {
        reader.value($0, target: 0, stimulus: 0)
      }
      #expect(abs(found - Double(expected)) < 1e-5 * max(1, abs(Double(expected))))
    }
    #expect(try bench.deviation() < 4e-3)
  }

  @Test func `takes any number of rows where they lie in front`() throws {
    let runtime = try TestRuntime.make()
    let cut = try SmallNetwork.residual.model.cut(at: "stem", reading: "logits")
    let shape = [4, 6, 6]
    func run(_ model: Model, rows: Int, also extra: [Tensor] = []) throws -> [Tensor] {
      let session = try Session(runtime: runtime, model: model.serialized())
      let unit = try Tensor(runtime: runtime, shape: [rows] + shape)
      for place in 0..<unit.count { unit.floats[place] = Float((place % 144) % 37) / 37 }
      return try session.run([unit] + extra)
    }
    let names = try Session(runtime: runtime, model: cut.observation.model.serialized()).outputNames
    let network = try cut.adjoint(
      of: AdjointValue(.logit), observed: ObservedTensors(cut.observation, names, try run(cut.observation.model, rows: 2)))
    let target = try Tensor(runtime: runtime, shape: [1], elementType: ElementType.int64.rawValue)
    let gradients = try [1, 5].map { try run(network.model, rows: $0, also: [target])[2] }
    let first = gradients[0].floats.map { $0 }
    for row in 0..<5 {
      let other = gradients[1].floats[(row * 144)..<((row + 1) * 144)]
      #expect(zip(first, other).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    #expect(first.contains { $0 != 0 })
  }

  @Test func `gives equal maxima what the first of them, or all alike, deserve`() throws {
    var pooled = GraphBuilder(name: "ties")
    pooled.input("x", [nil, 1, 1, 4])
    pooled.node("Identity", ["x"], ["a"])
    pooled.node("Sub", ["a", "a"], ["zeros"])
    pooled.node("MaxPool", ["zeros"], ["maxima"], ["kernel_shape": .ints([1, 2]), "strides": .ints([1, 2])])
    pooled.node("Flatten", ["maxima"], ["scores"])
    pooled.output("scores", [nil, 2])
    // Of zeros − zeros nothing is left; so the tie is made by what the layer doesn't reach.
    let cut = try Model(proto: pooled.model).cut(at: "zeros", reading: "scores")
    let gradient = try Self.gradient(of: cut, at: [Float](repeating: 0, count: 8), shape: [2, 1, 1, 4])
    #expect(gradient == [1, 0, 0, 0, 1, 0, 0, 0])

    var reduced = GraphBuilder(name: "ties", opset: 18)
    reduced.input("x", [nil, 4])
    reduced.node("Identity", ["x"], ["a"])
    reduced.node("ReduceMax", ["a", reduced.integers("axis", [1])], ["scores"])
    reduced.output("scores", [nil, 1])
    let maximum = try Model(proto: reduced.model).cut(at: "a", reading: "scores")
    #expect(
      try Self.gradient(of: maximum, at: [2, 1, 2, 0, 5, 5, 5, 5], shape: [2, 4]) == [0.5, 0, 0.5, 0, 0.25, 0.25, 0.25, 0.25])
  }

  @Test func `passes quantisation straight through and says so`() throws {
    var net = GraphBuilder(name: "quantised")
    net.input("x", [nil, 3])
    net.node("Identity", ["x"], ["a"])
    net.floats("scale", [], [0.125])
    net.node("QuantizeLinear", ["a", "scale"], ["whole"])
    net.node("DequantizeLinear", ["whole", "scale"], ["rounded"])
    net.node("MatMul", ["rounded", net.random("w", [3, 2])], ["scores"])
    net.output("scores", [nil, 2])
    let cut = try Model(proto: net.model).cut(at: "a", reading: "scores")
    let (gradient, network) = try Self.derive(cut, at: [1, 2, 3], shape: [1, 3])
    let weights = net.graph.initializer.first { $0.name == "w" }!.rawData
    let expected = (0..<3).map { row in
      weights.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8 * row, as: Float.self) }
    }
    #expect(gradient == expected)
    #expect(network.notes.joined().contains("straight through"))
  }

  /// What derivatives don't see: an operator that is asked about the layer, not about shapes, targets or what passes it.
  @Test(arguments: [
    ("Relu", nil), ("Greater", "Greater"), ("TopK", nil), ("places", "TopK"), ("Shape", nil), ("aside", nil), ("Round", "Round"),
    ("IsNaN", nil), ("isMasked", nil),
  ])
  func `names the operator by which a value may jump`(kind: String, expected: String?) throws {
    var net = GraphBuilder(name: "decides")
    net.input("x", [nil, 3])
    net.node("Identity", ["x"], ["a"])
    net.floats("half", [], [0.5])
    switch kind {
    case "Greater": net.node("Where", [net.node("Greater", ["a", "half"], ["isLarge"]), "a", "half"], ["b"])
    case "TopK": net.node("TopK", ["a", net.integers("k", [3])], ["b", "places"])
    case "places":
      net.node("TopK", ["a", net.integers("k", [3])], ["sorted", "places"])
      net.node("GatherElements", ["a", "places"], ["b"], ["axis": .int(1)])
    case "Shape": net.node("Reshape", ["a", net.node("Shape", ["a"], ["shape"])], ["b"])
    case "aside": net.node("Where", [net.node("Greater", ["half", "half"], ["isLarge"]), "a", "half"], ["b"])
    case "IsNaN": net.node("Where", [net.node("IsNaN", ["a"], ["isNone"]), "half", "a"], ["b"])
    case "isMasked":
      net.floats("least", [], [-.infinity])
      net.node("Where", [net.node("Equal", ["a", "least"], ["isNone"]), "half", "a"], ["b"])
    case "Round": net.node("Add", ["a", net.node("Round", ["a"], ["whole"])], ["b"])
    default: net.node(kind, ["a"], ["b"])
    }
    net.node("MatMul", ["b", net.random("w", [3, 2])], ["scores"])
    net.output("scores", [nil, 2])
    let cut = try Model(proto: net.model).cut(at: "a", reading: "scores")
    let network = try Self.derive(cut, at: [1, 2, 3], shape: [1, 3]).network
    #expect(network.decision?.split(separator: " ").first.map(String.init) == expected)
  }

  /// Beyond the last level nothing changes: the rectifiers of quantised networks are there.
  @Test(
    arguments: [false, true],
    [(ElementType.uint8, ElementType.float), (.int8, .float), (.uint16, .float), (.int16, .float), (.int8, .float16)])
  func `passes nothing through quantisation where it is beyond its levels`(
    _ isByChannel: Bool, _ types: (levels: ElementType, numbers: ElementType)
  ) throws {
    let (levels, type) = types
    let lowest: [ElementType: Int64] = [.uint8: 0, .int8: -128, .uint16: 0, .int16: -32768]
    let zero = try #require(lowest[levels])
    let step: Float = [.uint8, .int8].contains(levels) ? 1.0 / 64 : 1.0 / 16384
    func cast(_ net: inout GraphBuilder, _ name: String, _ type: ElementType) -> String {
      net.node("Cast", [name], [name + "_cast"], ["to": .int(Int(type.rawValue))])
    }
    var net = GraphBuilder(name: "saturated", opset: 21)
    net.input("x", [nil, 2, 3])
    net.node("Identity", ["x"], ["a"])
    net.floats("scales", isByChannel ? [2] : [], isByChannel ? [step, 2 * step] : [step])
    let zeros = net.integers("zeros", isByChannel ? [zero, zero] : [zero])
    let zeroPoint = cast(&net, isByChannel ? zeros : net.node("Squeeze", [zeros], ["zero"]), levels)
    let scale = cast(&net, "scales", type)
    net.node("QuantizeLinear", [cast(&net, "a", type), scale, zeroPoint], ["q"])
    net.node("DequantizeLinear", ["q", scale, zeroPoint], ["r"])
    net.node("ReduceSum", [cast(&net, "r", .float), net.integers("axes", [1, 2])], ["scores"], ["keepdims": .int(0)])
    net.node("Unsqueeze", ["scores", net.integers("last", [1])], ["score"])
    net.output("score", [nil, 1])
    let cut = try Model(proto: net.model).cut(at: "a", reading: "score")
    // 256 levels from 0 on reach to 3.98, and to 7.97 in the second channel of two.
    let gradient = try Self.gradient(of: cut, at: [-2, 0, 2, 3.984375, 6, 9], shape: [1, 2, 3])
    #expect(gradient == [0, 1, 1, 1, isByChannel ? 1 : 0, 0], "\(gradient)")
  }

  /// What `quantize_dynamic` makes of a product or a convolution, its weights with one scale or with one for each column or kernel.
  @Test(arguments: ["MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"], [false, true])
  func `passes dynamic quantisation straight through`(_ operatorType: String, _ isByColumn: Bool) throws {
    let convolves = operatorType == "ConvInteger"
    let shape = convolves ? [2, 5] : [3, 4]
    let weights = convolves ? [6, 2, 3] : [4, 6]
    func build(_ isQuantized: Bool) -> OperatorCase {
      OperatorCase(name: operatorType, shape: shape) { net in
        // The numbers that the quantised ones stand for, in both.
        let numbers = net.random("w", weights)
        let levels = isByColumn ? [6] : []
        let scales = (0..<(isByColumn ? 6 : 1)).map { 0.006 + 0.001 * Float($0) }
        let zeros = (0..<(isByColumn ? 6 : 1)).map { convolves ? 120 : 120 + Int64($0) }
        net.floats("w_scale", levels, scales)
        net.node("Cast", [net.integers("w_zeros", zeros)], ["w_zero_all"], ["to": .int(2)])
        net.node("Reshape", ["w_zero_all", net.integers("levels", levels.map(Int64.init))], ["w_zero"])
        let axis: [String: GraphBuilder.Attribute] = ["axis": .int(convolves ? 0 : 1)]
        net.node("QuantizeLinear", [numbers, "w_scale", "w_zero"], ["w_q"], axis)
        let attributes: [String: GraphBuilder.Attribute] = convolves ? ["pads": .ints([1, 1])] : [:]
        guard isQuantized else {
          net.node("DequantizeLinear", ["w_q", "w_scale", "w_zero"], ["w_float"], axis)
          net.node(convolves ? "Conv" : "MatMul", ["a", "w_float"], ["b"], attributes)
          return
        }
        if operatorType == "DynamicQuantizeMatMul" {
          net.node(operatorType, ["a", "w_q", "w_scale", "w_zero"], ["b"], domain: "com.microsoft")
          return
        }
        net.node("DynamicQuantizeLinear", ["a"], ["q", "q_scale", "q_zero"])
        if operatorType == "MatMulIntegerToFloat" {
          net.node(operatorType, ["q", "w_q", "q_scale", "w_scale", "q_zero", "w_zero"], ["b"], domain: "com.microsoft")
          return
        }
        // The runtime takes one zero point for all kernels.
        net.node("ReduceMax", ["w_zero_all", net.integers("all", [0])], ["zero"], ["keepdims": .int(0)])
        net.node(operatorType, ["q", "w_q", "q_zero", convolves ? "zero" : "w_zero"], ["product"], attributes)
        net.node("Cast", ["product"], ["cast"], ["to": .int(1)])
        let scale = net.node(
          "Reshape", ["w_scale", net.integers("scale_shape", convolves ? [-1, 1] : [-1])], ["w_scale_shaped"])
        net.node("Mul", ["cast", net.node("Mul", ["q_scale", scale], ["scale"])], ["b"])
      }
    }
    let quantized = try AdjointBench(build(true))
    let (found, expected) = (try quantized.derivatives().gradient, try AdjointBench(build(false)).derivatives().gradient)
    let largest = expected.map(abs).max()!
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 * largest })
    #expect(quantized.network.notes.joined().contains("straight through"))
  }

  @Test func `works in the network's own type`() throws {
    for type in [ElementType.double, .float16] {
      var net = GraphBuilder(name: "typed")
      net.input("x", [nil, 4], type: type)
      net.node("Identity", ["x"], ["a"])
      let to: [String: GraphBuilder.Attribute] = ["to": .int(Int(type.rawValue))]
      net.node("Cast", [net.random("w", [4, 3])], ["weights"], to)
      net.node("Tanh", [net.node("MatMul", ["a", "weights"], ["sum"])], ["hidden"])
      net.node("Softmax", ["hidden"], ["scores"])
      net.output("scores", [nil, 3], type: type)
      let runtime = try TestRuntime.make()
      let cut = try Model(proto: net.model).cut(at: "a", reading: "scores")
      let a = try Tensor(runtime: runtime, shape: [2, 4], elementType: type.rawValue)
      let observation = try Session(runtime: runtime, model: cut.observation.model.serialized())
      let network = try cut.adjoint(
        of: AdjointValue(.logit), observed: ObservedTensors(cut.observation, observation.outputNames, observation.run([a])))
      let target = try Tensor(runtime: runtime, shape: [1], elementType: ElementType.int64.rawValue)
      let outputs = try Session(runtime: runtime, model: network.model.serialized()).run([a, target])
      #expect(outputs[2].shape == [2, 4] && outputs[2].elementType == type.rawValue)
      #expect(outputs[2].bytes.contains { $0 != 0 })
    }
  }

  @Test func `names the operator that has no rule`() throws {
    func refusal(_ build: (inout GraphBuilder) -> Void) throws -> Undifferentiable? {
      var net = GraphBuilder(name: "refused")
      net.input("x", [nil, 4])
      net.node("Identity", ["x"], ["a"])
      build(&net)
      net.output("scores", [nil, nil])
      let cut = try Model(proto: net.model).cut(at: "a", reading: "scores")
      do {
        _ = try Self.derive(cut, at: [1, 2, 3, 4], shape: [1, 4])
        return nil
      } catch let error as Undifferentiable {
        return error
      }
    }
    let unknown = try refusal { net in
      net.node("Reshape", ["a", net.integers("s", [-1, 2, 2])], ["square"])
      net.node("Unsqueeze", [net.node("Det", ["square"], ["d"]), net.integers("one", [1])], ["scores"])
    }
    #expect(unknown?.operation == "Det (d)")
    #expect(unknown?.reason == "operator Det (d) has no rule")
    let held = try refusal { $0.node("Round", ["a"], ["scores"]) }
    #expect(held?.reason.contains("comparisons only") == true)
    let input = try refusal { net in
      net.node("PRelu", [net.random("w", [1, 4]), "a"], ["scores"])
    }
    #expect(input?.reason.contains("input 1") == true)
    // What isn't on the way to the value does no harm.
    let aside = try refusal { net in
      net.node("Round", ["a"], ["rounded"])
      net.node("Mul", ["a", "rounded"], ["scores"])
    }
    #expect(aside == nil)
  }

  // MARK: Parts

  private static func classifier(classes: Int) -> Model {
    var net = GraphBuilder(name: "classifier")
    net.input("x", [nil, 3])
    net.node("Identity", ["x"], ["a"])
    net.node("Tanh", [net.node("MatMul", ["a", net.random("w", [3, 5])], ["sum"])], ["hidden"])
    net.node("MatMul", ["hidden", net.random("v", [5, classes])], ["scores"])
    net.output("scores", [nil, classes])
    return Model(proto: net.model)
  }

  private static func gradient(of cut: Cut, at values: [Float], shape: [Int]) throws -> [Float] {
    try derive(cut, at: values, shape: shape).gradient
  }

  private static func derive(_ cut: Cut, at values: [Float], shape: [Int]) throws -> (gradient: [Float], network: AdjointNetwork)
  {
    let runtime = try TestRuntime.make()
    let a = try Tensor(runtime: runtime, shape: shape)
    for (place, value) in values.enumerated() { a.floats[place] = value }
    let observation = try Session(runtime: runtime, model: cut.observation.model.serialized())
    let network = try cut.adjoint(
      of: AdjointValue(.logit), observed: ObservedTensors(cut.observation, observation.outputNames, observation.run([a])))
    let target = try Tensor(runtime: runtime, shape: [1], elementType: ElementType.int64.rawValue)
    let outputs = try Session(runtime: runtime, model: network.model.serialized()).run([a, target])
    return (outputs[2].floats.map { $0 }, network)
  }
}
