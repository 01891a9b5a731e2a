import Testing

@testable import ModelGraph

@Suite struct `The mean of a normalisation by a pool` {
  @Test func `leaves features where products with weights have them`() {
    var net = LayoutGraph([1, 12, 4])
    net.weight("w", [4, 8])
    net.weight("v", [8, 8])
    net.add("MatMul", ["x", "w"], "dense", [1, 12, 8])
    net.add("Relu", ["dense"], "relu", [1, 12, 8])
    net.layerNormalization("relu", "normalised")
    net.add("MatMul", ["normalised", "v"], "mixed", [1, 12, 8])
    net.add("Add", ["normalised", "mixed"], "sum", [1, 12, 8])
    net.layerNormalization("sum", "again")
    for tensor in ["dense", "relu", "normalised", "mixed", "sum", "again"] {
      #expect(net.channels(of: tensor) == [2], "\(tensor): \(net.layout(of: tensor).names)")
    }
  }

  @Test func `is told by a difference from what it is the mean of`() {
    var net = LayoutGraph([1, 12, 4])
    net.weight("w", [4, 8])
    net.add("MatMul", ["x", "w"], "dense", [1, 12, 8])
    net.add("Relu", ["dense"], "relu", [1, 12, 8])
    net.add("GlobalAveragePool", ["relu"], "mean", [1, 12, 1])
    net.add("Sub", ["relu", "mean"], "centred", [1, 12, 8])
    #expect(net.channels(of: "relu") == [2])
    #expect(net.channels(of: "centred") == [2])
  }

  @Test func `leaves channels where a convolution has them`() {
    var net = LayoutGraph([1, 4, 12])
    net.weight("kernel", [8, 4, 3])
    net.add("Conv", ["x", "kernel"], "conv", [1, 8, 12])
    net.add("Relu", ["conv"], "relu", [1, 8, 12])
    net.add("Transpose", ["relu"], "turned", [1, 12, 8], ["perm": .ints([0, 2, 1])])
    net.layerNormalization("turned", "normalised")
    #expect(net.channels(of: "relu") == [1])
    #expect(net.channels(of: "normalised") == [2])
    // The mean over time of a convolution's channels.
    net.layerNormalization("relu", "overTime")
    #expect(net.channels(of: "relu") == [1])
    #expect(net.channels(of: "overTime") == [1])
  }

  @Test func `says nothing of an input's channels`() {
    func axis(_ isNormalised: Bool) -> Int? {
      var net = LayoutGraph([1, 12, 8])
      if isNormalised {
        net.layerNormalization("x", "y")
      } else {
        net.add("GlobalAveragePool", ["x"], "y", [1, 12, 1])
      }
      net.builder.output("y", [nil])
      return Model(proto: net.builder.model, label: "input").inputs[0].channelAxis
    }
    #expect(axis(true) == nil)
    #expect(axis(false) == 1)
  }

  @Test func `isn't what squeezes for layers that excite`() {
    var net = LayoutGraph([1, 6, 9, 9])
    net.weight("down", [2, 6, 1, 1])
    net.weight("up", [6, 2, 1, 1])
    net.add("Abs", ["x"], "input", [1, 6, 9, 9])
    net.add("GlobalAveragePool", ["input"], "squeezed", [1, 6, 1, 1])
    net.add("Conv", ["squeezed", "down"], "few", [1, 2, 1, 1])
    net.add("Conv", ["few", "up"], "many", [1, 6, 1, 1])
    net.add("Sigmoid", ["many"], "gate", [1, 6, 1, 1])
    net.add("Mul", ["input", "gate"], "excited", [1, 6, 9, 9])
    #expect(net.layout(of: "input").names == "N,C,H,W")
    #expect(net.layout(of: "excited").names == "N,C,H,W")
    let model = Model(proto: net.builder.model, label: "squeezing")
    #expect(model.index.order.allSatisfy { !model.poolsForNormalisation($0) })
  }

  @Test func `still suggests channels of a picture`() {
    var net = LayoutGraph([1, 6, 9, 9])
    net.add("Abs", ["x"], "input", [1, 6, 9, 9])
    net.add("GlobalAveragePool", ["input"], "mean", [1, 6, 1, 1])
    net.add("Sub", ["input", "mean"], "centred", [1, 6, 9, 9])
    #expect(net.layout(of: "centred").names == "N,C,H,W")
  }
}

@Suite struct `Reshapes around a normalisation` {
  /// GroupNormalization as torch writes it.
  private static func grouped(_ shape: [Int], into middle: [Int], _ type: String) -> LayoutGraph {
    var net = LayoutGraph([1, 3] + shape.dropFirst(2))
    net.weight("kernel", [shape[1], 3, 3, 3])
    net.weight("scale", [shape[1]] + shape.dropFirst(2).map { _ in 1 })
    net.weight("one", [middle[1]])
    net.builder.weight("rest", [middle.count], middle.map(Int64.init))
    net.builder.weight("shape", [shape.count], shape.map(Int64.init))
    net.add("Conv", ["x", "kernel"], "conv", shape)
    net.add("Reshape", ["conv", "rest"], "inside", middle)
    net.add(type, ["inside", "one", "one"], "normalised", middle)
    net.add("Reshape", ["normalised", "shape"], "outside", shape)
    net.add("Mul", ["outside", "scale"], "scaled", shape)
    return net
  }

  @Test(arguments: ["InstanceNormalization", "LayerNormalization"])
  func `keep the axes of what they are around`(_ type: String) {
    for groups in [1, 2, 8] {
      let sequence = Self.grouped([1, 8, 12], into: [1, groups, 96 / groups], type)
      for tensor in ["conv", "outside", "scaled"] { #expect(sequence.layout(of: tensor).names == "N,C,T", "\(groups) \(tensor)") }
      let picture = Self.grouped([1, 8, 6, 5], into: [1, groups, 240 / groups], type)
      for tensor in ["conv", "outside", "scaled"] {
        #expect(picture.layout(of: tensor).names == "N,C,H,W", "\(groups) \(tensor)")
      }
    }
  }

  /// LayerNormalization as tf2onnx writes it for larger epsilons: rows are normalised by their own mean and variance.
  private static func ofRows(_ shape: [Int], from source: [Int], isLearned: Bool = false) -> LayoutGraph {
    var net = LayoutGraph(source)
    let (rows, features) = (shape.dropLast().reduce(1, *), shape.last!)
    let inside = [1, rows, features, 1]
    net.withoutStimuli = ["inside", "mean", "centred", "squares", "variance", "means", "normalised"]
    net.weight("w", [source.last!, features])
    net.weight("v", [features, 12])
    net.weight("one", [rows])
    net.weight("count", [])
    net.weight("scale", [features])
    net.builder.weight("fold", [4], inside.map(Int64.init))
    net.builder.weight("unfold", [shape.count], shape.map(Int64.init))
    net.builder.weight("ends", [3], [Int64(0), 2, 3])
    net.add("MatMul", ["x", "w"], "dense", shape)
    net.add("Relu", ["dense"], "relu", shape)
    net.add("Reshape", ["relu", "fold"], "inside", inside)
    net.add("ReduceMean", ["inside"], "mean", [1, rows, 1, 1], ["axes": .ints([0, 2, 3])])
    net.add("Sub", ["inside", "mean"], "centred", inside)
    net.add("ReduceSumSquare", ["centred"], "squares", [rows], ["axes": .ints([0, 2, 3]), "keepdims": .int(0)])
    net.add("Div", ["squares", "count"], "variance", [rows])
    net.add("Squeeze", ["mean", "ends"], "means", [rows])
    let statistics = isLearned ? ["one", "one"] : ["means", "variance"]
    net.add("BatchNormalization", ["inside", "one", "one"] + statistics, "normalised", inside)
    net.add("Reshape", ["normalised", "unfold"], "outside", shape)
    net.add("Mul", ["outside", "scale"], "scaled", shape)
    net.add("MatMul", ["scaled", "v"], "mixed", shape.dropLast() + [12])
    net.add("ReduceMean", ["mixed"], "pooled", [1, 12], ["axes": .ints(Array(1..<shape.count - 1)), "keepdims": .int(0)])
    return net
  }

  @Test func `say nothing of channels where rows are normalised by what they hold themselves`() {
    let net = Self.ofRows([1, 10, 16], from: [1, 10, 6])
    for tensor in ["x", "dense", "relu", "outside", "scaled", "mixed"] {
      #expect(net.layout(of: tensor).names == "N,position,C", "\(tensor)")
    }
    #expect(net.channels(of: "normalised") == [2])
    let picture = Self.ofRows([1, 4, 5, 16], from: [1, 4, 5, 6])
    for tensor in ["x", "relu", "outside", "mixed"] { #expect(picture.channels(of: tensor) == [3], "\(tensor)") }
  }

  @Test func `leave channels where mean and variance were learnt for each`() {
    let net = Self.ofRows([1, 10, 16], from: [1, 10, 6], isLearned: true)
    #expect(net.channels(of: "normalised") == [1])
    #expect(net.channels(of: "outside") == [1])
  }
}
