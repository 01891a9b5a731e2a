import ModelGraph

/// Small networks of the kinds that the module must understand. Weights are placeholders: nothing is run.
enum Networks {
  /// Writes nodes with weights that nobody looks at.
  struct Writer {
    var builder: GraphBuilder
    private var weights = 0

    init(opset: Int = 17, irVersion: Int = 8) {
      builder = GraphBuilder(name: "test", opset: opset, irVersion: irVersion)
    }

    mutating func weight() -> String {
      weights += 1
      builder.weight("w\(weights)", [1], [Float(1)])
      return "w\(weights)"
    }

    @discardableResult
    mutating func add(
      _ operatorType: String, _ inputs: String..., to output: String,
      _ attributes: [String: GraphBuilder.Attribute] = [:]
    ) -> String {
      builder.node(operatorType, inputs, [output], attributes)
    }

    var model: Model { Model(proto: builder.model, label: "net.onnx") }
  }

  /// A stem and residual blocks, each two convolutions and a skip, then pooling and logits.
  static func residual(blocks: Int) -> Model {
    var net = Writer()
    net.builder.input("image", [nil, 3, 8, 8])
    net.add("Conv", "image", net.weight(), to: "stem")
    var x = net.add("Relu", "stem", to: "stem_relu")
    for b in 0..<blocks {
      net.add("Conv", x, net.weight(), to: "b\(b)_conv1")
      net.add(
        "BatchNormalization", "b\(b)_conv1", net.weight(), net.weight(), net.weight(), net.weight(), to: "b\(b)_bn")
      net.add("Relu", "b\(b)_bn", to: "b\(b)_inner")
      net.add("Conv", "b\(b)_inner", net.weight(), to: "b\(b)_conv2")
      net.add("Add", "b\(b)_conv2", x, to: "b\(b)_sum")
      x = net.add("Relu", "b\(b)_sum", to: "b\(b)_out")
    }
    net.add("GlobalAveragePool", x, to: "pooled")
    net.add("Flatten", "pooled", to: "flat")
    net.add("Gemm", "flat", net.weight(), net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    return net.model
  }

  /// Convolutions with ReLU, pooling after those named, and a classifier of two layers.
  static func plain(convolutions: Int, pooledAfter pooled: Set<Int>) -> Model {
    var net = Writer()
    net.builder.input("image", [nil, 1, 28, 28])
    var x = "image"
    for c in 1...convolutions {
      net.add("Conv", x, net.weight(), to: "conv\(c)")
      x = net.add("Relu", "conv\(c)", to: "relu\(c)")
      if pooled.contains(c) { x = net.add("MaxPool", x, to: "pool\(c)") }
    }
    net.add("Flatten", x, to: "flat")
    net.add("Gemm", "flat", net.weight(), to: "hidden")
    net.add("Relu", "hidden", to: "hidden_relu")
    net.add("Gemm", "hidden_relu", net.weight(), to: "logits")
    net.add("Softmax", "logits", to: "probabilities")
    net.builder.output("probabilities", [nil, 10])
    return net.model
  }

  /// A transformer on tokens with a mask that reaches into every layer; GELU is spelled with Erf.
  static func transformer(layers: Int, normalisesFirst: Bool) -> Model {
    var net = Writer()
    net.builder.input("tokens", [nil, nil], type: .int64)
    net.builder.input("mask", [nil, nil], type: .int64)
    net.add("Cast", "mask", to: "mask_float", ["to": .int(1)])
    net.add("Mul", "mask_float", net.weight(), to: "bias")
    net.add("Gather", net.weight(), "tokens", to: "embedded")
    var x = net.add("Add", "embedded", net.weight(), to: "stream")
    for l in 0..<layers {
      func normalised(_ value: String, _ name: String) -> String {
        net.add("LayerNormalization", value, net.weight(), net.weight(), to: "l\(l)_\(name)")
      }
      let attended = normalisesFirst ? normalised(x, "norm1") : x
      for head in ["q", "k", "v"] { net.add("MatMul", attended, net.weight(), to: "l\(l)_\(head)") }
      net.add("Transpose", "l\(l)_k", to: "l\(l)_kt", ["perm": .ints([0, 2, 1])])
      net.add("MatMul", "l\(l)_q", "l\(l)_kt", to: "l\(l)_scores")
      net.add("Add", "l\(l)_scores", "bias", to: "l\(l)_masked")
      net.add("Softmax", "l\(l)_masked", to: "l\(l)_weights")
      net.add("MatMul", "l\(l)_weights", "l\(l)_v", to: "l\(l)_mixed")
      net.add("MatMul", "l\(l)_mixed", net.weight(), to: "l\(l)_projected")
      x = net.add("Add", "l\(l)_projected", x, to: "l\(l)_attention")
      if !normalisesFirst { x = normalised(x, "attention_norm") }
      let fed = normalisesFirst ? normalised(x, "norm2") : x
      net.add("MatMul", fed, net.weight(), to: "l\(l)_up")
      net.add("Div", "l\(l)_up", net.weight(), to: "l\(l)_scaled")
      net.add("Erf", "l\(l)_scaled", to: "l\(l)_erf")
      net.add("Add", "l\(l)_erf", net.weight(), to: "l\(l)_phi")
      net.add("Mul", "l\(l)_up", "l\(l)_phi", to: "l\(l)_gelu2")
      net.add("Mul", "l\(l)_gelu2", net.weight(), to: "l\(l)_gelu")
      net.add("MatMul", "l\(l)_gelu", net.weight(), to: "l\(l)_down")
      x = net.add("Add", "l\(l)_down", x, to: "l\(l)_perceptron")
      if !normalisesFirst { x = normalised(x, "perceptron_norm") }
    }
    if normalisesFirst { x = net.add("LayerNormalization", x, net.weight(), net.weight(), to: "final_norm") }
    net.add("MatMul", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, nil, 100])
    return net.model
  }
}
