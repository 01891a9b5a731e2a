import Testing

@testable import ModelGraph

@Suite struct `Axes that are laid out anew` {
  @Test(arguments: [1, 4])
  func `are a sequence where a convolution's height is 1, and a row of a picture where it isn't`(_ height: Int) {
    var net = LayoutGraph([1, 2, height, 6])
    net.weight("kernel", [3, 2, 1, 1])
    net.add("Conv", ["x", "kernel"], "conv", [1, 3, height, 6])
    net.add("ReduceMean", ["conv"], "row", [1, 3, 6], ["axes": .ints([2]), "keepdims": .int(0)])
    net.add("Transpose", ["row"], "turned", [1, 6, 3], ["perm": .ints([0, 2, 1])])
    let isSequence = height == 1
    #expect(net.layout(of: "row").names == (isSequence ? "N,C,T" : "N,C,W"))
    #expect(net.layout(of: "turned").names == (isSequence ? "N,T,C" : "N,W,C"))
    #expect(net.layout(of: "turned").axes == GridAxes(height: isSequence ? [1] : [], width: isSequence ? [] : [1], channels: [2]))
  }

  @Test(arguments: [0, 1])
  func `are followed out of blocks of channels and into them`(_ isLast: Int) {
    var net = LayoutGraph([1, 3, 8, 8])
    net.weight("kernel", [16, 3, 3, 3])
    let shape = isLast == 1 ? [1, 6, 6, 16] : [1, 16, 6, 6]
    net.add("Conv", ["x", "kernel"], "blocked", [1, 16, 6, 6])
    net.add("ReorderOutput", ["blocked"], "plain", shape, ["channels_last": .int(isLast)])
    net.add("Relu", ["plain"], "relu", shape)
    net.add("ReorderInput", ["relu"], "again", [1, 16, 6, 6], ["channels_last": .int(isLast)])
    net.add("Relu", ["again"], "last", [1, 16, 6, 6])
    for tensor in ["plain", "relu"] { #expect(net.layout(of: tensor).names == (isLast == 1 ? "N,H,W,C" : "N,C,H,W")) }
    #expect(net.layout(of: "last").names == "N,C,H,W")
  }

  /// Swin merges neighbouring patches so: the offsets in a patch are features behind, and no word on height and width before.
  @Test func `stay places where what features are split into is merged with them`() {
    var net = LayoutGraph([1, 3, 16, 16])
    net.weight("kernel", [6, 3, 2, 2])
    net.weight("scale", [24])
    net.add("Conv", ["x", "kernel"], "conv", [1, 6, 8, 8])
    net.add("Transpose", ["conv"], "stream0", [1, 8, 8, 6], ["perm": .ints([0, 2, 3, 1])])
    for step in 1...14 { net.add("Relu", ["stream\(step - 1)"], "stream\(step)", [1, 8, 8, 6]) }
    net.add("Reshape", ["stream14"], "patches", [1, 4, 2, 4, 2, 6])
    net.add("Transpose", ["patches"], "offsets", [1, 4, 4, 2, 2, 6], ["perm": .ints([0, 1, 3, 4, 2, 5])])
    net.add("Reshape", ["offsets"], "merged", [1, 4, 4, 24])
    net.add("LayerNormalization", ["merged", "scale"], "normal", [1, 4, 4, 24])
    for tensor in ["stream0", "stream14", "merged", "normal"] { #expect(net.layout(of: tensor).names == "N,H,W,C", "\(tensor)") }
  }

  /// A router chooses an expert's weights for each token: its products have features where those with weights have them.
  @Test(arguments: [true, false])
  func `hold features behind weights that are chosen for each row`(weightsFirst: Bool) {
    var net = LayoutGraph([6, 8])
    let experts = weightsFirst ? [4, 12, 8] : [4, 8, 12]
    net.weight("router", [8, 4])
    net.weight("experts", experts)
    net.builder.weight("last", [1], [Int64(weightsFirst ? 2 : 1)])
    net.add("MatMul", ["x", "router"], "scores", [6, 4])
    net.add("ArgMax", ["scores"], "choice", [6, 1], ["axis": .int(1)])
    net.add("GatherND", ["experts", "choice"], "weights", [6] + experts.dropFirst())
    net.add("Unsqueeze", ["x", "last"], "rows", weightsFirst ? [6, 8, 1] : [6, 1, 8])
    let factors = weightsFirst ? ["weights", "rows"] : ["rows", "weights"]
    net.add("MatMul", factors, "product", weightsFirst ? [6, 12, 1] : [6, 1, 12])
    net.add("Squeeze", ["product", "last"], "made", [6, 12])
    net.add("Relu", ["made"], "hidden", [6, 12])
    #expect(net.inference().roles(of: "hidden")?.last == .feature)
    #expect(net.inference().roles(of: "x")?.last == .feature)
  }

  /// A transformer whose positions are variates, of which a mean over time is taken: that suggests channels.
  @Test func `hold what features are split into, and not what a mean suggests and the stream has for places`() {
    var net = LayoutGraph([1, 24, 5])
    net.weight("embedding", [24, 16])
    net.weight("packed", [16, 48])
    net.weight("output", [16, 16])
    net.weight("scale", [16])
    for (name, shape) in [("three", [1, 5, 3, 16]), ("heads", [1, 5, 2, 8]), ("joined", [1, 5, 16])] {
      net.builder.weight(name, [shape.count], shape.map(Int64.init))
    }
    net.add("ReduceMean", ["x"], "mean", [1, 5], ["axes": .ints([1]), "keepdims": .int(0)])
    net.add("Transpose", ["x"], "variates", [1, 5, 24], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["variates", "embedding"], "embedded", [1, 5, 16])
    net.add("MatMul", ["embedded", "packed"], "all", [1, 5, 48])
    net.add("Reshape", ["all", "three"], "parts", [1, 5, 3, 16])
    for (number, part) in ["query", "key", "value"].enumerated() {
      net.builder.weight("number\(number)", [], [Int64(number)])
      net.add("Gather", ["parts", "number\(number)"], part, [1, 5, 16], ["axis": .int(2)])
      net.add("Reshape", [part, "heads"], part + "Heads", [1, 5, 2, 8])
      let isKey = part == "key"
      net.add(
        "Transpose", [part + "Heads"], part + "Turned", isKey ? [1, 2, 8, 5] : [1, 2, 5, 8],
        ["perm": .ints(isKey ? [0, 2, 3, 1] : [0, 2, 1, 3])])
    }
    net.add("MatMul", ["queryTurned", "keyTurned"], "scores", [1, 2, 5, 5])
    net.add("Softmax", ["scores"], "weights", [1, 2, 5, 5])
    net.add("MatMul", ["weights", "valueTurned"], "mixed", [1, 2, 5, 8])
    net.add("Transpose", ["mixed"], "turned", [1, 5, 2, 8], ["perm": .ints([0, 2, 1, 3])])
    net.add("Reshape", ["turned", "joined"], "attended", [1, 5, 16])
    net.add("MatMul", ["attended", "output"], "branch", [1, 5, 16])
    net.add("Add", ["embedded", "branch"], "sum", [1, 5, 16])
    net.add("LayerNormalization", ["sum", "scale"], "stream", [1, 5, 16])
    for tensor in ["embedded", "query", "key", "value", "stream"] {
      #expect(net.layout(of: tensor).names == "N,position,C", "\(tensor)")
    }
    for tensor in ["queryTurned", "valueTurned", "mixed"] {
      #expect(net.layout(of: tensor).names == "N,head,position,C", "\(tensor)")
    }
    for tensor in ["scores", "weights"] {
      #expect(net.layout(of: tensor).names == "N,head,position,position", "\(tensor)")
      #expect(net.channels(of: tensor) == [1])
    }
    #expect(net.layout(of: "x").names == "N,C,position")
  }
}
