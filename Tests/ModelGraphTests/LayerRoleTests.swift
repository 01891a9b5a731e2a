import ModelGraph
import Testing

@Suite struct `Layers of networks with parts that aren't layers` {
  /// Inverted residual blocks, each with squeeze and excitation.
  private static func squeezed(blocks: Int, skips: Bool, gatesThrough path: [String] = []) -> Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 16, 16])
    net.add("Conv", "x", net.weight(), to: "stem_conv")
    var x = net.add("HardSwish", "stem_conv", to: "stem")
    for b in 0..<blocks {
      net.add("Conv", x, net.weight(), to: "b\(b)_expand_conv")
      net.add("HardSwish", "b\(b)_expand_conv", to: "b\(b)_expand")
      net.add("Conv", "b\(b)_expand", net.weight(), to: "b\(b)_depth_conv")
      net.add("HardSwish", "b\(b)_depth_conv", to: "b\(b)_depth")
      net.add("GlobalAveragePool", "b\(b)_depth", to: "b\(b)_pool")
      net.add("Conv", "b\(b)_pool", net.weight(), to: "b\(b)_squeeze_conv")
      net.add("Relu", "b\(b)_squeeze_conv", to: "b\(b)_squeeze")
      net.add("Conv", "b\(b)_squeeze", net.weight(), to: "b\(b)_excite_conv")
      net.add("HardSigmoid", "b\(b)_excite_conv", to: "b\(b)_gate")
      var gate = "b\(b)_gate"
      for (number, label) in path.enumerated() { gate = net.add(label, gate, net.weight(), to: "b\(b)_gate_\(number)") }
      net.add("Mul", "b\(b)_depth", gate, to: "b\(b)_scaled")
      let projected = net.add("Conv", "b\(b)_scaled", net.weight(), to: "b\(b)_project")
      x = skips ? net.add("Add", projected, x, to: "b\(b)_out") : projected
    }
    net.add("GlobalAveragePool", x, to: "pooled")
    net.add("Flatten", "pooled", to: "flat")
    net.add("Gemm", "flat", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    return net.model
  }

  @Test(arguments: [false, true])
  func `of squeezing blocks are none of the gates`(_ skips: Bool) {
    let model = Self.squeezed(blocks: 5, skips: skips)
    let layers = model.automaticLayers()
    #expect(layers.count >= 5)
    for part in ["squeeze", "gate", "pool", "excite"] { #expect(!layers.contains { $0.contains(part) }, "\(layers)") }
    if skips { #expect(layers.filter { $0.hasSuffix("_out") }.count == 5, "\(layers)") }
    let roles = model.layerRoles(of: ["b0_gate", "b0_squeeze", "b0_depth", "b0_out"], reading: "logits")
    #expect(roles["b0_gate"]?.kind == .gate)
    #expect(roles["b0_squeeze"]?.kind == .gate)
    #expect(roles["b0_depth"]?.kind == .conv)
    #expect(roles["b0_out"]?.kind == (skips ? .residual : nil))
  }

  @Test(arguments: [["Reshape"], ["QuantizeLinear", "DequantizeLinear"]])
  func `of squeezing blocks are no gates that are laid out anew or quantised`(_ path: [String]) {
    let model = Self.squeezed(blocks: 2, skips: true, gatesThrough: path)
    let names = ["b1_gate", "b1_squeeze"] + path.indices.map { "b1_gate_\($0)" }
    #expect(model.layerRoles(of: names, reading: "logits").values.allSatisfy { $0.kind == .gate })
    let kept = model.layerRoles(of: ["b1_depth", "b1_out"], reading: "logits")
    #expect(kept["b1_depth"]?.kind == .conv)
    #expect(kept["b1_out"]?.kind == .residual)
  }

  /// x·r(x + 3)/6 is an activation, and y·r(x + 3)/6 a gate, r the rectifier that ends at 6.
  @Test func `know a hard sigmoid that is spelled out`() {
    func model(ofItself: Bool) -> Model {
      var net = Networks.Writer()
      net.builder.input("x", [nil, 8])
      net.add("Gemm", "x", net.weight(), to: "first")
      net.add("Gemm", "x", net.weight(), to: "second")
      net.add("Add", "first", net.weight(), to: "raised")
      net.add("Clip", "raised", net.weight(), net.weight(), to: "clipped")
      net.add("Mul", "clipped", net.weight(), to: "hard")
      net.add("Mul", ofItself ? "first" : "second", "hard", to: "product")
      net.add("Gemm", "product", net.weight(), to: "logits")
      net.builder.output("logits", [nil, 10])
      return net.model
    }
    let gates = model(ofItself: false).layerRoles(of: ["hard", "clipped", "raised", "second"], reading: "logits")
    #expect(["hard", "clipped", "raised"].allSatisfy { gates[$0]?.kind == .gate }, "\(gates)")
    #expect(gates["second"]?.kind != .gate)
    let activation = model(ofItself: true).layerRoles(of: ["hard", "first"], reading: "logits")
    #expect(activation.values.allSatisfy { $0.kind != .gate }, "\(activation)")
  }

  /// What follows each, and which of it is the end: exporters turn axes around each step, or drop some.
  @Test(arguments: [
    (["BatchNormalization", "Relu"], 1), (["Mul", "Add", "Relu"], 2), (["Squeeze", "Add", "Relu"], 2), (["Add"], 0),
    (["Transpose", "Cast", "Sub", "Mul", "Add", "Cast", "Cast", "HardSwish", "Cast", "Pad", "Transpose"], 7),
    (["Transpose", "Add", "Cast", "Relu", "Cast", "Transpose"], 3), (["Transpose", "Cast"], -1),
  ])
  func `of convolutions end behind what normalises, shifts and activates them`(_ rest: [String], _ end: Int) {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 1, 16])
    var x = "x"
    for c in 0..<2 {
      x = net.add("Conv", x, net.weight(), to: "conv\(c)")
      for (number, label) in rest.enumerated() { x = net.add(label, x, net.weight(), to: "rest\(c)_\(number)") }
    }
    // What the last one ends in is read, so that it can't be scanned.
    net.add("Conv", x, net.weight(), to: "last")
    net.add("Add", "last", net.weight(), to: "scores")
    net.builder.output("scores", [nil, 10, 1, 1])
    let tensors = ["last"] + (0..<2).flatMap { c in ["conv\(c)"] + rest.indices.map { "rest\(c)_\($0)" } }
    let roles = net.model.layerRoles(of: tensors, reading: "scores")
    let ends = (0..<2).map { end < 0 ? "conv\($0)" : "rest\($0)_\(end)" }
    #expect(Set(roles.filter { $0.value.kind == .conv }.keys) == Set(["last"] + ends), "\(roles)")
  }

  @Test(arguments: ["silu", "gelu", "gelu, halved first", "swish of a normalised one"])
  func `of convolutions whose activation is spelled out are what it gives`(_ kind: String) {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 16, 16])
    var x = "x"
    for c in 0..<3 {
      x = net.add("Conv", x, net.weight(), to: "conv\(c)")
      if kind.hasSuffix("one") { x = net.add("BatchNormalization", x, net.weight(), to: "normal\(c)") }
      if kind.hasPrefix("gelu") {
        let erf = net.add("Erf", net.add("Div", x, net.weight(), to: "scaled\(c)"), to: "erf\(c)")
        let sum = net.add("Add", erf, net.weight(), to: "part\(c)")
        let factor = kind == "gelu" ? x : net.add("Mul", x, net.weight(), to: "half\(c)")
        x = net.add("Mul", factor, sum, to: "activated\(c)")
      } else {
        x = net.add("Mul", net.add("Sigmoid", x, to: "part\(c)"), x, to: "activated\(c)")
      }
    }
    net.add("GlobalAveragePool", x, to: "pooled")
    net.add("Flatten", "pooled", to: "flat")
    net.add("Gemm", "flat", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    let tensors = (0..<3).flatMap { ["conv\($0)", "normal\($0)", "part\($0)", "erf\($0)", "half\($0)", "activated\($0)"] }
    let roles = net.model.layerRoles(of: tensors, reading: "logits")
    #expect(Set(roles.filter { $0.value.kind == .conv }.keys) == ["activated0", "activated1", "activated2"], "\(roles)")
  }

  @Test func `of unrolled recurrence are not the gates of every step`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 6, 4])
    let (w, r) = (net.weight(), net.weight())
    net.builder.weight("h_start", [1, 4], [Float](repeating: 0, count: 4))
    var (h, c) = ("h_start", "h_start")
    var states: [String] = []
    for t in 0..<6 {
      net.builder.weight("t\(t)", [], [Int64(t)])
      net.add("Gather", "x", "t\(t)", to: "x\(t)", ["axis": .int(1)])
      net.add("MatMul", "x\(t)", w, to: "in\(t)")
      net.add("MatMul", h, r, to: "re\(t)")
      net.add("Add", "in\(t)", "re\(t)", to: "sum\(t)")
      net.builder.node("Split", ["sum\(t)"], ["i\(t)", "f\(t)", "o\(t)", "g\(t)"], ["axis": .int(1)])
      for gate in ["i", "f", "o"] { net.add("Sigmoid", "\(gate)\(t)", to: "\(gate)s\(t)") }
      net.add("Tanh", "g\(t)", to: "gt\(t)")
      net.add("Mul", "fs\(t)", c, to: "kept\(t)")
      net.add("Mul", "is\(t)", "gt\(t)", to: "new\(t)")
      c = net.add("Add", "kept\(t)", "new\(t)", to: "c\(t)")
      net.add("Tanh", c, to: "ct\(t)")
      h = net.add("Mul", "os\(t)", "ct\(t)", to: "h\(t)")
      states.append(h)
    }
    net.builder.node("Concat", states, ["states"], ["axis": .int(1)])
    net.add("MatMul", "states", net.weight(), to: "hidden_sum")
    net.add("Relu", "hidden_sum", to: "hidden")
    net.add("MatMul", "hidden", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 3])
    let layers = net.model.automaticLayers()
    #expect(layers.contains("hidden"))
    #expect(layers.count <= 4, "\(layers)")
    #expect(net.model.layerRoles(of: ["is2"], reading: "logits")["is2"]?.kind == .gate)
    #expect(net.model.layerRoles(of: ["h2"], reading: "logits")["h2"]?.kind == .step)
  }

  /// Recurrent layers on top of one another, step by step; what the last of them makes is joined, or only its last step is read.
  private static func unrolled(layers: Int, gates: Int = 1, steps: Int = 5, joinsLast: Bool) -> Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, steps, 4])
    var x = "x"
    for l in 0..<layers {
      net.add("MatMul", x, net.weight(), to: "l\(l)_in")
      let recurrences = (0..<gates).map { _ in net.weight() }
      var states: [String] = []
      var h = "x"
      for t in 0..<steps {
        let name = "l\(l)_t\(t)"
        net.builder.weight("\(name)_place", [], [Int64(t)])
        net.add("Gather", "l\(l)_in", "\(name)_place", to: "\(name)_x", ["axis": .int(1)])
        if t == 0 {
          h = net.add("Tanh", "\(name)_x", to: name)
        } else {
          // A second product of the cell reads what the first makes.
          for (gate, weight) in recurrences.enumerated() {
            net.add("MatMul", h, weight, to: "\(name)_re\(gate)")
            h = net.add("Add", "\(name)_re\(gate)", "\(name)_x", to: "\(name)_sum\(gate)")
          }
          h = net.add("Tanh", h, to: name)
        }
        states.append(h)
      }
      guard l < layers - 1 || joinsLast else {
        x = h
        break
      }
      net.builder.node("Concat", states, ["l\(l)_all"], ["axis": .int(1)])
      x = "l\(l)_all"
    }
    net.add("MatMul", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 3])
    return net.model
  }

  @Test(arguments: [1, 2], [false, true])
  func `of unrolled recurrent layers on top of one another are no steps of any`(_ gates: Int, _ joinsLast: Bool) {
    let model = Self.unrolled(layers: 3, gates: gates, joinsLast: joinsLast)
    let names = model.layerCandidates(reading: "logits").map(\.tensor)
    let roles = model.layerRoles(of: names, reading: "logits").mapValues(\.kind)
    for l in 0..<3 {
      for t in (l < 2 || joinsLast ? 0 : 1)..<4 { #expect(roles["l\(l)_t\(t)"] == .step, "layer \(l), step \(t)") }
      // What joins the states is the layer's result; without that the last state is.
      #expect((roles["l\(l)_t4"] == .step) == (l < 2 || joinsLast), "layer \(l)")
    }
    let layers = model.automaticLayers(reading: "logits")
    #expect(layers.allSatisfy { $0.hasSuffix("_all") || $0.hasSuffix("_in") || $0 == "l2_t4" && !joinsLast }, "\(layers)")
    #expect(layers.contains("l0_all") && layers.contains("l1_all"), "\(layers)")
  }

  @Test func `of two towers of equal recurrence are no steps`() {
    var net = Networks.Writer()
    let weight = net.weight()
    var ends: [String] = []
    for tower in ["a", "b"] {
      net.builder.input(tower, [nil, 4])
      var h = tower
      for t in 0..<4 {
        net.add("MatMul", h, weight, to: "\(tower)\(t)_re")
        h = net.add("Tanh", "\(tower)\(t)_re", to: "\(tower)\(t)")
      }
      ends.append(h)
    }
    net.add("Sub", ends[0], ends[1], to: "difference")
    net.add("MatMul", "difference", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 3])
    let roles = net.model.layerRoles(of: ["a0", "a2", "a3", "b0", "b2", "b3"], reading: "logits").mapValues(\.kind)
    #expect(
      roles == ["a0": .step, "a2": .step, "b0": .step, "b2": .step, "a3": .activation, "b3": .activation])
  }

  /// A convolution, its bias and activation, as `quantize_dynamic` writes them, or as they were.
  private static func integers(convolutions: Int, isQuantized: Bool) -> Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 8, 8])
    // Scales and zero points that several operators share are no weights that are used again.
    let (scale, zero) = (net.weight(), net.weight())
    var x = "x"
    for c in 0..<convolutions {
      if isQuantized {
        net.builder.node("DynamicQuantizeLinear", [x], ["q\(c)", "scale\(c)", "zero\(c)"])
        net.builder.node("ConvInteger", ["q\(c)", net.weight(), "zero\(c)", zero], ["product\(c)"])
        net.add("Cast", "product\(c)", to: "cast\(c)", ["to": .int(1)])
        net.add("Mul", "scale\(c)", scale, to: "scales\(c)")
        net.add("Mul", "cast\(c)", "scales\(c)", to: "scaled\(c)")
      } else {
        net.add("Conv", x, net.weight(), to: "scaled\(c)")
      }
      net.add("Add", "scaled\(c)", net.weight(), to: "conv\(c)")
      x = net.add("Relu", "conv\(c)", to: "relu\(c)")
    }
    net.add("GlobalAveragePool", x, to: "pooled")
    net.add("Flatten", "pooled", to: "flat")
    if isQuantized {
      net.builder.node("DynamicQuantizeLinear", ["flat"], ["q", "scale", "zero"])
      net.builder.node("MatMulInteger", ["q", net.weight(), "zero", zero], ["product"])
      net.add("Cast", "product", to: "cast", ["to": .int(1)])
      net.add("Mul", "scale", scale, to: "scales")
      net.add("Mul", "cast", "scales", to: "linear")
    } else {
      net.add("MatMul", "flat", net.weight(), to: "linear")
    }
    net.add("Add", "linear", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    return net.model
  }

  @Test func `of a dynamically quantised network are those that it had before`() {
    let (plain, quantized) = (
      Self.integers(convolutions: 3, isQuantized: false), Self.integers(convolutions: 3, isQuantized: true)
    )
    #expect(plain.automaticLayers(reading: "logits") == ["relu0", "relu1", "relu2"])
    #expect(quantized.automaticLayers(reading: "logits") == ["relu0", "relu1", "relu2"])
    let roles = quantized.layerRoles(of: ["relu0", "relu2", "cast1", "flat"], reading: "logits").mapValues(\.kind)
    #expect(roles == ["relu0": .conv, "relu2": .conv, "cast1": .other, "flat": .other])
  }

  @Test func `of a detector are not its parallel heads`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 32, 32])
    func convolve(_ input: String, _ name: String) -> String {
      net.add("Conv", input, net.weight(), to: name + "_conv")
      return net.add("Relu", name + "_conv", to: name)
    }
    let a = convolve(convolve("x", "stem"), "a")
    let b = convolve(a, "b")
    let c = convolve(b, "c")
    var ends: [String] = []
    for (level, source) in [a, b, c].enumerated() {
      for branch in ["box", "class"] {
        let end = convolve(convolve(source, "\(branch)\(level)x"), "\(branch)\(level)y")
        net.add("Conv", end, net.weight(), to: "\(branch)\(level)")
        net.builder.weight("shape\(level)\(branch)", [3], [Int64(0), 4, -1])
        ends.append(net.add("Reshape", "\(branch)\(level)", "shape\(level)\(branch)", to: "\(branch)\(level)_flat"))
      }
    }
    net.builder.node("Concat", ends, ["boxes"], ["axis": .int(2)])
    net.builder.output("boxes", [nil, 4, nil])
    let layers = net.model.automaticLayers()
    #expect(layers.contains("a"))
    #expect(!layers.contains { $0.hasPrefix("box") || $0.hasPrefix("class") }, "\(layers)")
    #expect(net.model.layerRoles(of: ["box0x", "b"], reading: "boxes").mapValues(\.kind) == ["box0x": .head, "b": .head])
  }

  @Test func `of state spaces are the streams and not what is inside a block`() {
    var net = Networks.Writer()
    net.builder.input("tokens", [nil, 8], type: .int64)
    var x = net.add("Gather", net.weight(), "tokens", to: "embedded")
    for l in 0..<2 {
      let norm = net.add("LayerNormalization", x, net.weight(), to: "l\(l)_norm")
      net.add("MatMul", norm, net.weight(), to: "l\(l)_in")
      net.builder.node("Split", ["l\(l)_in"], ["l\(l)_u", "l\(l)_z"], ["axis": .int(2)])
      net.add("Transpose", "l\(l)_u", to: "l\(l)_ut", ["perm": .ints([0, 2, 1])])
      net.add("Conv", "l\(l)_ut", net.weight(), to: "l\(l)_conv")
      net.add("Sigmoid", "l\(l)_conv", to: "l\(l)_cs")
      net.add("Mul", "l\(l)_conv", "l\(l)_cs", to: "l\(l)_silu")
      for name in ["dt", "b", "c", "d", "e"] { net.add("MatMul", "l\(l)_silu", net.weight(), to: "l\(l)_\(name)") }
      net.add("Softplus", "l\(l)_dt", to: "l\(l)_delta")
      net.add("Mul", "l\(l)_delta", "l\(l)_b", to: "l\(l)_db")
      net.add("MatMul", "l\(l)_db", "l\(l)_c", to: "l\(l)_cb")
      net.add("Sum", "l\(l)_cb", "l\(l)_d", "l\(l)_e", to: "l\(l)_y")
      net.add("Sigmoid", "l\(l)_z", to: "l\(l)_zs")
      net.add("Mul", "l\(l)_z", "l\(l)_zs", to: "l\(l)_zsilu")
      net.add("Mul", "l\(l)_y", "l\(l)_zsilu", to: "l\(l)_gated")
      net.add("MatMul", "l\(l)_gated", net.weight(), to: "l\(l)_out")
      x = net.add("Add", "l\(l)_out", x, to: "l\(l)_stream")
    }
    net.add("MatMul", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 8, 11])
    #expect(net.model.automaticLayers() == ["embedded", "l0_stream", "l1_stream"])
    // Its state is read by a product of data, which makes no attention of it.
    let roles = net.model.layerRoles(of: ["l0_out", "l1_out", "l1_stream"], reading: "logits").mapValues(\.kind)
    #expect(roles == ["l0_out": .other, "l1_out": .other, "l1_stream": .residual])
  }
}

@Suite("Layers of networks with masks")
struct MaskedLayerTests {
  /// Two blocks of attention and a perceptron, with a mask that many operators prepare, to the shape of the stream, and a cache of
  /// keys.
  private static let model = {
    var net = Networks.Writer()
    net.builder.input("tokens", [nil, 8], type: .int64)
    net.builder.input("mask", [nil, 8])
    net.builder.input("past", [nil, 3, 8])
    var x = net.add("Gather", net.weight(), "tokens", to: "embedded")
    net.add("Shape", x, to: "shape")
    var mask = net.add("Expand", "mask", "shape", to: "expanded")
    for step in 0..<20 { mask = net.add("Neg", mask, to: "mask_\(step)") }
    for l in 0..<2 {
      let norm = net.add("LayerNormalization", x, net.weight(), to: "l\(l)_norm")
      for part in ["query", "key", "value"] { net.add("MatMul", norm, net.weight(), to: "l\(l)_\(part)") }
      let key = l > 0 ? "l\(l)_key" : net.add("Concat", "past", "l0_key", to: "keys", ["axis": .int(1)])
      net.add("Transpose", key, to: "l\(l)_turned", ["perm": .ints([0, 2, 1])])
      net.add("MatMul", "l\(l)_query", "l\(l)_turned", to: "l\(l)_scores")
      net.add("Add", "l\(l)_scores", mask, to: "l\(l)_masked")
      net.add("Softmax", "l\(l)_masked", to: "l\(l)_weights")
      net.add("MatMul", "l\(l)_weights", "l\(l)_value", to: "l\(l)_mixed")
      net.add("MatMul", "l\(l)_mixed", net.weight(), to: "l\(l)_attended")
      x = net.add("Add", "l\(l)_attended", x, to: "l\(l)_middle")
      net.add("LayerNormalization", x, net.weight(), to: "l\(l)_norm_2")
      net.add("MatMul", "l\(l)_norm_2", net.weight(), to: "l\(l)_up")
      net.add("Relu", "l\(l)_up", to: "l\(l)_hidden")
      net.add("MatMul", "l\(l)_hidden", net.weight(), to: "l\(l)_down")
      x = net.add("Add", "l\(l)_down", x, to: "l\(l)_stream")
    }
    net.add("LayerNormalization", x, net.weight(), to: "norm")
    net.add("MatMul", "norm", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 8, 11])
    return net.model
  }()

  @Test("aren't the masks, whose shape alone is the stream's")
  func roles() {
    let tensors = ["l1_scores", "l1_masked", "l0_attended", "l1_middle", "l1_down", "l1_stream"]
    let kinds = Self.model.layerRoles(of: tensors, reading: "logits").mapValues(\.kind)
    #expect(
      kinds == [
        "l1_scores": .other, "l1_masked": .other, "l0_attended": .attention, "l1_middle": .residual, "l1_down": .mlp,
        "l1_stream": .residual,
      ])
  }

  @Test("follow the tokens from block to block, and neither a mask that is long in the making nor a cache")
  func automatic() {
    #expect(Self.model.automaticLayers() == ["embedded", "l0_stream", "l1_stream"])
  }
}
