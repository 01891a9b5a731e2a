import ModelGraph
import Testing

@Suite struct `Layers of the residual stream` {
  @Test(arguments: ["Cast", "Transpose"])
  func `are the sums of a stream that is kept in another type or with turned axes`(_ copy: String) {
    var net = Networks.Writer()
    net.builder.input("ids", [nil, 6], type: .int64)
    var x = net.add("Gather", net.weight(), "ids", to: "embedded")
    for b in 0..<2 {
      net.add("LayerNormalization", x, net.weight(), to: "b\(b)_normal")
      net.add("MatMul", "b\(b)_normal", net.weight(), to: "b\(b)_mixed")
      // The skip branches off before the change, and the branch doesn't follow from the changed one.
      net.add(copy, x, to: "b\(b)_skip", copy == "Cast" ? ["to": .int(1)] : ["perm": .ints([0, 2, 1])])
      x = net.add("Add", "b\(b)_skip", "b\(b)_mixed", to: "b\(b)_out")
    }
    net.add("MatMul", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 6, 9])
    let roles = net.model.layerRoles(of: ["b0_out", "b1_out", "b0_mixed"], reading: "logits")
    #expect(roles["b0_out"]?.kind == .residual)
    #expect(roles["b1_out"]?.kind == .residual)
    #expect(roles["b0_mixed"]?.kind != .residual)
  }

  @Test(arguments: [["Conv", "BatchNormalization"], ["AveragePool", "Conv"], ["Slice", "Pad"], ["Conv", "Mul", "Add"]])
  func `are sums with a projected skip, too`(_ projection: [String]) {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 16, 16])
    net.add("Conv", "x", net.weight(), to: "stem_conv")
    var x = net.add("Relu", "stem_conv", to: "stem")
    for b in 0..<2 {
      net.add("Conv", x, net.weight(), to: "b\(b)_conv1")
      net.add("Relu", "b\(b)_conv1", to: "b\(b)_inner")
      net.add("Conv", "b\(b)_inner", net.weight(), to: "b\(b)_conv2")
      var skip = x
      for (number, label) in projection.enumerated() { skip = net.add(label, skip, net.weight(), to: "b\(b)_skip\(number)") }
      net.add("Add", "b\(b)_conv2", skip, to: "b\(b)_sum")
      x = net.add("Relu", "b\(b)_sum", to: "b\(b)_out")
    }
    net.add("GlobalAveragePool", x, to: "pooled")
    net.add("Gemm", net.add("Flatten", "pooled", to: "flat"), net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    let roles = net.model.layerRoles(of: ["stem", "b0_inner", "b0_out", "b1_out", "b1_skip1"], reading: "logits")
    #expect(roles.filter { $0.value.kind == .residual }.keys.sorted() == ["b0_out", "b1_out"], "\(roles)")
    #expect(roles["b1_out"]?.reason == "the sum of \"b0_out\", projected, and a branch, after Relu")
  }

  @Test(arguments: [false, true])
  func `get from experts what perceptrons add, though a router chooses weights by a softmax`(besidesAttention: Bool) {
    var net = Networks.Writer()
    net.builder.input("ids", [nil, 6], type: .int64)
    net.builder.weight("experts", [4, 8, 8], [Float](repeating: 1, count: 256))
    var x = net.add("Gather", net.weight(), "ids", to: "embedded")
    for b in 0..<2 {
      net.add("LayerNormalization", x, net.weight(), to: "b\(b)_normal")
      net.add("Softmax", net.add("MatMul", "b\(b)_normal", net.weight(), to: "b\(b)_scores"), to: "b\(b)_chances")
      net.add("ArgMax", "b\(b)_chances", to: "b\(b)_choice")
      net.add("Gather", "experts", "b\(b)_choice", to: "b\(b)_weights")
      net.add("Relu", net.add("MatMul", "b\(b)_normal", "b\(b)_weights", to: "b\(b)_mixed"), to: "b\(b)_hidden")
      if besidesAttention {
        net.add("MultiHeadAttention", "b\(b)_normal", to: "b\(b)_attended")
        net.add("Add", "b\(b)_hidden", "b\(b)_attended", to: "b\(b)_branch")
      }
      x = net.add("Add", x, besidesAttention ? "b\(b)_branch" : "b\(b)_hidden", to: "b\(b)_out")
    }
    net.add("MatMul", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 6, 9])
    let branches = (0..<2).map { besidesAttention ? "b\($0)_branch" : "b\($0)_hidden" }
    let roles = net.model.layerRoles(of: ["b0_out", "b1_out"] + branches, reading: "logits")
    #expect(roles.filter { $0.value.kind == .residual }.keys.sorted() == ["b0_out", "b1_out"], "\(roles)")
    #expect(branches.allSatisfy { roles[$0]?.kind == (besidesAttention ? .attention : .mlp) }, "\(roles)")
  }

  /// Sums that look like a skip and its branch, and aren't.
  @Test func `aren't sums of parallel branches, low-rank updates and conditions`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 8])
    net.builder.input("time", [nil, 8])
    var x = net.add("Relu", net.add("MatMul", "x", net.weight(), to: "stem_product"), to: "stem")
    let time = net.add("Relu", net.add("MatMul", "time", net.weight(), to: "time_product"), to: "time_stem")
    // Two products of one tensor, as a convolution beside another.
    net.add("MatMul", x, net.weight(), to: "left")
    net.add("MatMul", x, net.weight(), to: "right")
    x = net.add("Relu", net.add("Add", "left", "right", to: "parallel"), to: "parallel_out")
    // A product and its update by one of low rank.
    net.add("MatMul", x, net.weight(), to: "whole")
    net.add("MatMul", net.add("MatMul", x, net.weight(), to: "down"), net.weight(), to: "up")
    x = net.add("Relu", net.add("Add", "whole", "up", to: "updated"), to: "updated_out")
    // A condition, which the other operand follows from through the sum before.
    for b in 0..<2 {
      net.add("MatMul", x, net.weight(), to: "b\(b)_first")
      net.add("MatMul", net.add("Relu", "b\(b)_first", to: "b\(b)_inner"), net.weight(), to: "b\(b)_second")
      net.add("MatMul", time, net.weight(), to: "b\(b)_shift")
      x = net.add("Relu", net.add("Add", "b\(b)_second", "b\(b)_shift", to: "b\(b)_sum"), to: "b\(b)_out")
    }
    net.add("MatMul", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    let sums = ["parallel", "parallel_out", "updated", "updated_out", "b0_sum", "b0_out", "b1_sum", "b1_out"]
    let roles = net.model.layerRoles(of: sums, reading: "logits")
    #expect(roles.count == sums.count)
    #expect(roles.values.allSatisfy { $0.kind != .residual }, "\(roles)")
  }
}
