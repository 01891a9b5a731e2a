import FoundationEssentials
import ModelGraph
import Testing

private let pretrained = URL(filePath: #filePath).deletingLastPathComponent()
  .appending(path: "../../../shared/data/models/resnet20.onnx").standardized.path

@Suite struct `Automatic layers` {
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: pretrained), "needs ../shared/data/models/resnet20.onnx"))
  func `of a pretrained ResNet-20 are its stem and its nine blocks`() throws {
    let layers = try Model(contentsOf: pretrained).automaticLayers()
    let blocks = (1...3).flatMap { stage in (0...2).map { "/layer\(stage)/layer\(stage).\($0)/Relu_1_output_0" } }
    #expect(layers == ["/Relu_output_0"] + blocks)
  }

  @Test func `in blocks of channels are told from others`() {
    let blocked = "com.microsoft.nchwc"
    var builder = GraphBuilder(name: "blocks")
    builder.input("x", [nil, 8, 4, 4])
    builder.weight("w", [8, 8, 1, 1], [Float](repeating: 0.5, count: 64))
    builder.node("ReorderInput", ["x"], ["in"], domain: blocked)
    builder.node("Conv", ["in", "w"], ["conv"], domain: blocked)
    builder.node("Relu", ["conv"], ["relu"])
    builder.node("ReorderOutput", ["relu"], ["out"], ["channels": .int(8)], domain: blocked)
    builder.node("Relu", ["out"], ["last"])
    builder.output("last", [nil, 8, 4, 4])
    #expect(Model(proto: builder.model).tensorsInChannelBlocks == ["in", "conv", "relu"])
  }

  @Test func `of a residual network are the activations that end its blocks`() {
    let model = Networks.residual(blocks: 3)
    #expect(model.automaticLayers() == ["stem_relu", "b0_out", "b1_out", "b2_out"])
    #expect(model.layerCandidates().filter(\.isBlockEnd).map(\.tensor) == model.automaticLayers())
  }

  @Test func `of a deep network are a dozen, the first and the last among them, evenly spaced`() {
    let layers = Networks.residual(blocks: 40).automaticLayers()
    #expect(layers.count == 12)
    #expect(layers.first == "stem_relu")
    #expect(layers.last == "b39_out")
  }

  @Test func `of a plain network are its activations, or those that are pooled where they are many`() {
    #expect(
      Networks.plain(convolutions: 2, pooledAfter: [1, 2]).automaticLayers() == ["relu1", "relu2", "hidden_relu"])
    #expect(
      Networks.plain(convolutions: 13, pooledAfter: [2, 4, 7, 10, 13]).automaticLayers()
        == ["relu2", "relu4", "relu7", "relu10", "relu13", "hidden_relu"])
  }

  @Test func `of a perceptron are its hidden activations`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    var x = "x"
    for layer in 0..<3 {
      net.add("MatMul", x, net.weight(), to: "m\(layer)")
      net.add("Add", "m\(layer)", net.weight(), to: "a\(layer)")
      x = net.add("Tanh", "a\(layer)", to: "h\(layer)")
    }
    net.add("MatMul", x, net.weight(), to: "m")
    net.add("Add", "m", net.weight(), to: "logits")
    net.add("Sigmoid", "logits", to: "p")
    net.builder.output("p", [nil, 1])
    #expect(net.model.automaticLayers() == ["h0", "h1", "h2"])
  }

  @Test func `of a transformer are the streams after its perceptrons, mask or not`() {
    #expect(
      Networks.transformer(layers: 3, normalisesFirst: true).automaticLayers()
        == ["stream", "l0_perceptron", "l1_perceptron", "l2_perceptron"])
    #expect(
      Networks.transformer(layers: 3, normalisesFirst: false).automaticLayers()
        == ["stream", "l0_perceptron_norm", "l1_perceptron_norm", "l2_perceptron_norm"])
  }

  @Test func `of densely connected blocks are their joins`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 8, 8])
    var x = net.add("Conv", "x", net.weight(), to: "stem")
    for layer in 0..<3 {
      net.add("Relu", x, to: "r\(layer)")
      net.add("Conv", "r\(layer)", net.weight(), to: "c\(layer)")
      x = net.add("Concat", x, "c\(layer)", to: "join\(layer)", ["axis": .int(1)])
    }
    net.add("GlobalAveragePool", x, to: "y")
    net.builder.output("y", [nil, 4])
    #expect(net.model.automaticLayers() == ["stem", "join0", "join1", "join2"])
  }

  @Test func `of a recurrent network are its outputs with the batch first where there are such`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 7, 3])
    net.add("Transpose", "x", to: "time_first", ["perm": .ints([1, 0, 2])])
    net.add("LSTM", "time_first", net.weight(), net.weight(), to: "y1", ["hidden_size": .int(4)])
    net.add("Squeeze", "y1", net.weight(), to: "s1")
    net.add("LSTM", "s1", net.weight(), net.weight(), to: "y2", ["hidden_size": .int(4)])
    net.add("Squeeze", "y2", net.weight(), to: "s2")
    net.add("Transpose", "s2", to: "batch_first", ["perm": .ints([1, 0, 2])])
    net.add("MatMul", "batch_first", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 7, 2])
    #expect(net.model.automaticLayers() == ["s1", "batch_first"])
    #expect(net.model.automaticLayers { $0 != "s1" } == ["y1", "batch_first"])
  }

  @Test func `follow one input, and tell of others that have layers of their own`() {
    var net = Networks.Writer()
    for (input, steps) in [("image", 3), ("text", 2), ("rate", 1)] {
      net.builder.input(input, [nil, 8])
      var x = input
      for step in 0..<steps {
        x = net.add("Relu", net.add("MatMul", x, net.weight(), to: "\(input)_\(step)_sum"), to: "\(input)_\(step)")
      }
    }
    net.add("Mul", "image_2", "text_1", to: "product")
    net.add("Add", "product", "rate_0", to: "all")
    net.add("MatMul", "all", net.weight(), to: "scores")
    net.builder.output("scores", [nil, 2])
    let choice = net.model.automaticChoice(
      reading: "scores", amongOthers: net.model.layerCandidates(reading: "scores").map(\.tensor))
    #expect(choice.input == "image" && choice.otherInputs == ["text"] && choice.layers.first == "image_0")
    #expect(Networks.residual(blocks: 2).automaticChoice(reading: "logits", amongOthers: []).otherInputs == [])
  }

  @Test func `pass over what a run found unscannable, block by block`() {
    let layers = Networks.residual(blocks: 2).automaticLayers { $0 != "b0_out" }
    #expect(layers == ["stem_relu", "b0_sum", "b1_out"])
  }

  @Test func `across the middle of a U-shaped network are its inner activations`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 1, 32, 32])
    func convolve(_ input: String, _ name: String) -> String {
      net.add("Conv", input, net.weight(), to: "\(name)_conv")
      return net.add("Relu", "\(name)_conv", to: name)
    }
    var skips: [String] = []
    var x = "x"
    for level in 0..<4 {
      skips.append(convolve(convolve(x, "down\(level)a"), "down\(level)b"))
      x = net.add("MaxPool", skips[level], to: "pool\(level)")
    }
    x = convolve(x, "bottom")
    for level in (0..<4).reversed() {
      net.add("ConvTranspose", x, net.weight(), to: "up\(level)_t")
      net.add("Concat", "up\(level)_t", skips[level], to: "up\(level)_c", ["axis": .int(1)])
      x = convolve("up\(level)_c", "up\(level)")
    }
    net.add("Conv", x, net.weight(), to: "map")
    net.builder.output("map", [nil, 1, 32, 32])
    let layers = net.model.automaticLayers()
    #expect(layers.contains("bottom"))
    #expect(layers.contains("up0"))
    #expect(layers.count <= 12)
  }
}

@Suite struct `Layer candidates` {
  @Test func `are float, made by operators and upstream of the logits`() {
    let model = Networks.transformer(layers: 1, normalisesFirst: true)
    let tensors = model.layerCandidates().map(\.tensor)
    #expect(!tensors.contains("logits"))
    #expect(!tensors.contains("tokens"))
    #expect(tensors.contains("l0_gelu"))
    let way = ["stream", "l0_q", "l0_attention", "l0_gelu", "l0_perceptron"].map { tensors.firstIndex(of: $0) ?? -1 }
    #expect(way.allSatisfy { $0 >= 0 } && way == way.sorted(), "\(tensors)")
  }

  @Test func `are not what lies on the way of shapes alone`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.add("Relu", "x", to: "only_shape")
    net.add("Shape", "only_shape", to: "shape")
    net.add("ConstantOfShape", "shape", to: "zeros")
    net.add("Relu", "x", to: "h")
    net.add("Add", "h", "zeros", to: "y")
    net.builder.output("y", [nil, 4])
    #expect(net.model.layerCandidates().map(\.tensor) == ["h"])
  }

  @Test func `that the answer is made from is what the last operator that learned reads`() {
    #expect(Networks.residual(blocks: 2).lastFeatures(before: "logits") == "flat")
    #expect(Networks.residual(blocks: 2).lastFeatures(before: "stem") == nil)
  }
}
