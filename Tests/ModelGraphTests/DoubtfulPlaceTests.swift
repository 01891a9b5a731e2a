import Testing

@testable import ModelGraph

@Suite struct `Places that may be none of a stimulus's` {
  @Test func `are features of a state that lies across others`() {
    var net = LayoutGraph([1, 6, 4])
    for (name, shape) in [("w", [4, 8]), ("v", [4, 6]), ("u", [4, 6])] { net.weight(name, shape) }
    net.builder.weight("second", [], [1] as [Int64])
    // A layer of features, and what each adds to as many states as there are tokens.
    net.weight("kernel", [8, 8, 1])
    net.add("MatMul", ["x", "w"], "dense", [1, 6, 8])
    net.add("Transpose", ["dense"], "turned", [1, 8, 6], ["perm": .ints([0, 2, 1])])
    net.add("Conv", ["turned", "kernel"], "conv", [1, 8, 6])
    net.add("Transpose", ["conv"], "features", [1, 6, 8], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["x", "v"], "shares", [1, 6, 6])
    net.add("Unsqueeze", ["features"], "column", [1, 6, 8, 1])
    net.add("Unsqueeze", ["shares"], "row", [1, 6, 1, 6])
    net.add("Mul", ["column", "row"], "states", [1, 6, 8, 6])
    net.add("Gather", ["states", "second"], "state", [1, 8, 6], ["axis": .int(1)])
    net.add("MatMul", ["x", "u"], "read", [1, 6, 6])
    net.add("Gather", ["read", "second"], "reading", [1, 6], ["axis": .int(1)])
    net.add("Unsqueeze", ["reading"], "upright", [1, 6, 1])
    net.add("MatMul", ["state", "upright"], "result", [1, 8, 1])
    let layout = net.layout(of: "state")
    #expect(layout.doubtfulPlaces.count == 1, "\(layout)")
    #expect(layout.doubtfulPlaces.values.first?.hasPrefix("features") == true, "\(layout)")
    for tensor in ["features", "shares", "read"] { #expect(net.layout(of: tensor).doubtfulPlaces.isEmpty, "\(tensor)") }
  }

  @Test func `are entries that the network chooses as it runs, and aren't what they were chosen of`() {
    var net = LayoutGraph([1, 6, 4])
    for (name, shape) in [("w", [4, 5]), ("r", [4, 1]), ("v", [5, 5])] { net.weight(name, shape) }
    net.builder.weight("three", [1], [3] as [Int64])
    net.builder.weight("wide", [3], [1, 3, 5] as [Int64])
    net.add("MatMul", ["x", "w"], "hidden", [1, 6, 5])
    net.add("ReduceMean", ["hidden"], "mean", [1, 5], ["axes": .ints([1]), "keepdims": .int(0)])
    net.add("MatMul", ["x", "r"], "scores", [1, 6, 1])
    net.builder.node("TopK", ["scores", "three"], ["best", "which"], ["axis": .int(1)])
    net.shapes["best"] = [1, 3, 1]
    net.shapes["which"] = [1, 3, 1]
    net.add("Expand", ["which", "wide"], "entries", [1, 3, 5])
    net.add("GatherElements", ["hidden", "entries"], "chosen", [1, 3, 5], ["axis": .int(1)])
    net.add("MatMul", ["chosen", "v"], "onward", [1, 3, 5])
    #expect(net.layout(of: "hidden").doubtfulPlaces.isEmpty)
    for tensor in ["chosen", "onward"] {
      let layout = net.layout(of: tensor)
      #expect(layout.axes?.channels == [2])
      #expect(layout.doubtfulPlaces == [1: "what the network chooses as it runs"], "\(layout)")
    }
  }

  @Test func `aren't those that weights of a mixer go along`() {
    var net = LayoutGraph([1, 2, 4, 4])
    for (name, shape) in [("kernel", [5, 2, 2, 2]), ("a", [4, 4]), ("c", [5, 7])] { net.weight(name, shape) }
    net.add("Conv", ["x", "kernel"], "patches", [1, 5, 2, 2])
    net.add("Reshape", ["patches"], "flat", [1, 5, 4])
    net.add("MatMul", ["flat", "a"], "mixed", [1, 5, 4])
    net.add("Add", ["flat", "mixed"], "sum", [1, 5, 4])
    net.add("Transpose", ["sum"], "turned", [1, 4, 5], ["perm": .ints([0, 2, 1])])
    net.add("MatMul", ["turned", "c"], "hidden", [1, 4, 7])
    for tensor in ["flat", "mixed", "sum", "turned", "hidden"] {
      #expect(net.layout(of: tensor).doubtfulPlaces.isEmpty, "\(tensor): \(net.layout(of: tensor))")
      #expect(net.layout(of: tensor).axes != nil)
    }
  }
}
