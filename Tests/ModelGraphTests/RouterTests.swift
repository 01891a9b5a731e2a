import ModelGraph
import Testing

@Suite struct `What experts add to a stream` {
  /// A block of four experts that a router weighs, and how it mixes them.
  private static func kind(_ mix: (inout Networks.Writer) -> Void) -> LayerKind? {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 6, 8])
    for (name, shape) in [
      ("embedding", [8, 8]), ("router", [8, 4]), ("one", [8, 1]), ("places", [8, 6]), ("up", [4, 8, 12]), ("down", [4, 12, 8]),
      ("values", [8, 8]), ("memory", [4, 8]),
    ] {
      net.builder.weight(name, shape, [Float](repeating: 1, count: shape.reduce(1, *)))
    }
    for (name, shape) in [("last", [-1]), ("third", [2]), ("rows", [-1, 4]), ("stream", [-1, 6, 8]), ("heads", [-1, 6, 2, 3])] {
      net.builder.weight(name, [shape.count], shape.map(Int64.init))
    }
    net.add("MatMul", "x", "embedding", to: "embedded")
    net.add("LayerNormalization", "embedded", net.weight(), to: "normal")
    net.add("Add", net.add("MatMul", "normal", "router", to: "product"), net.weight(), to: "scores")
    net.add("Einsum", "normal", "up", to: "wide", ["equation": .string("btd,edh->bteh")])
    net.add("Einsum", net.add("Relu", "wide", to: "hidden"), "down", to: "experts", ["equation": .string("bteh,ehd->bted")])
    net.add("MatMul", "normal", "values", to: "value")
    mix(&net)
    net.add("Add", "embedded", "branch", to: "sum")
    net.add("MatMul", "sum", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 6, 9])
    return net.model.layerRoles(of: ["branch"], reading: "logits")["branch"]?.kind
  }

  private static func sum(_ net: inout Networks.Writer, _ experts: String, _ weights: String) {
    net.add("Mul", experts, net.add("Unsqueeze", weights, "last", to: "column"), to: "weighed")
    net.add("ReduceSum", "weighed", "third", to: "branch", ["keepdims": .int(0)])
  }

  @Test func `is a perceptron's where a softmax weighs all of them`() {
    let kind = Self.kind { net in
      net.add("Softmax", "scores", to: "weights", ["axis": .int(-1)])
      Self.sum(&net, "experts", "weights")
    }
    #expect(kind == .mlp)
  }

  @Test(arguments: [true, false])
  func `is a perceptron's where the best are taken, before the softmax or behind it`(isBefore: Bool) {
    let kind = Self.kind { net in
      if !isBefore { net.add("Softmax", "scores", to: "chances") }
      net.builder.weight("two", [1], [Int64(2)])
      net.builder.node("TopK", [isBefore ? "scores" : "chances", "two"], ["best", "choice"], ["axis": .int(-1)])
      net.add("GatherElements", "experts", net.add("Unsqueeze", "choice", "last", to: "places2"), to: "taken", ["axis": .int(2)])
      if isBefore {
        net.add("Softmax", "best", to: "weights")
      } else {
        net.add("Div", "best", net.add("ReduceSum", "best", "last", to: "total"), to: "weights")
      }
      Self.sum(&net, "taken", "weights")
    }
    #expect(kind == .mlp)
  }

  @Test func `is a perceptron's where an Einsum or a matrix product mixes them`() {
    let einsum = Self.kind { net in
      net.add("Softmax", "scores", to: "weights")
      net.add("Einsum", "weights", "experts", to: "branch", ["equation": .string("bte,bted->btd")])
    }
    #expect(einsum == .mlp)
    let product = Self.kind { net in
      net.add("Softmax", "scores", to: "weights")
      net.add("MatMul", net.add("Unsqueeze", "weights", "third", to: "row"), "experts", to: "mixed")
      net.add("Squeeze", "mixed", "third", to: "branch")
    }
    #expect(product == .mlp)
  }

  @Test func `is a perceptron's where experts come one by one, of rows in one axis`() {
    let kind = Self.kind { net in
      net.add("Softmax", net.add("Reshape", "scores", "rows", to: "flat"), to: "weights", ["axis": .int(-1)])
      net.builder.node("Split", ["weights"], ["share0", "share1", "share2", "share3"], ["axis": .int(-1)])
      for expert in 0..<4 {
        net.add("Relu", net.add("MatMul", "normal", net.weight(), to: "u\(expert)"), to: "h\(expert)")
        net.add("Mul", net.add("MatMul", "h\(expert)", net.weight(), to: "e\(expert)"), "share\(expert)", to: "p\(expert)")
      }
      net.add("Sum", "p0", "p1", "p2", "p3", to: "all")
      net.add("Reshape", "all", "stream", to: "branch")
    }
    #expect(kind == .mlp)
  }

  /// Softmaxes of what products with weights make, which weigh positions or a memory.
  @Test(arguments: ["one score a position", "scores of all positions", "scores of all positions by head", "a memory"])
  func `isn't told of softmaxes that attend`(_ weights: String) {
    let kind = Self.kind { net in
      switch weights {
      case "one score a position":
        net.add("Softmax", net.add("MatMul", "normal", "one", to: "column"), to: "weights", ["axis": .int(1)])
        net.add("Mul", "weights", "value", to: "weighed")
        net.builder.weight("second", [1], [Int64(1)])
        net.add("ReduceSum", "weighed", "second", to: "branch")
      case "scores of all positions":
        net.add("Softmax", net.add("MatMul", "normal", "places", to: "line"), to: "weights")
        net.add("MatMul", "weights", "value", to: "branch")
      case "scores of all positions by head":
        net.add("Reshape", net.add("MatMul", "normal", "places", to: "line"), "heads", to: "parted")
        net.add("Mul", net.add("Softmax", "parted", to: "weights"), "value", to: "branch")
      default:
        net.add("Softmax", net.add("MatMul", "normal", "router", to: "keys"), to: "weights")
        net.add("MatMul", "weights", "memory", to: "branch")
      }
    }
    #expect(kind == .attention)
  }
}
