import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing

/// Operators that are written in ordinary ones on the way back: what these give, and their derivative, against the operator itself.
@Suite struct `Attention in one operator` {
  @Test(arguments: standard + contributed + packed + grouped)
  func `is derived`(_ example: OperatorCase) throws {
    let bench = try AdjointBench(example)
    let (spelled, plain) = (try bench.spelledOut(), try bench.whole())
    let scale = plain.map(abs).max()!
    for (written, value) in zip(spelled, plain) { #expect(abs(written - value) <= 1e-5 * scale) }
    // The way forward stays the operator's.
    for (read, value) in zip(try bench.outputs().read, plain) { #expect(read == value) }
    #expect(try bench.deviation() < 4e-3)
  }

  /// Differences of half precision are too coarse to tell derivatives; those of single precision are what they should be near to.
  @Test(arguments: ["Attention", "GroupQueryAttention"])
  func `of half precision is derived`(_ type: String) throws {
    func bench(_ precision: ElementType) throws -> AdjointBench {
      try AdjointBench(
        Self.built(type, opset: 23) { net in
          Self.projected(&net, [32, 16, 16])
          var operands = ["q", "k", "v"].map { net.node("Cast", [$0], [$0 + "_half"], ["to": .int(Int(precision.rawValue))]) }
          var attributes: [String: GraphBuilder.Attribute] = ["softcap": .float(2)]
          if type == "Attention" {
            attributes.merge(["q_num_heads": .int(4), "kv_num_heads": .int(2), "is_causal": .int(1)]) { a, _ in a }
            let bias = net.node("Cast", [net.random("bias", [4, 4])], ["bias_half"], ["to": .int(Int(precision.rawValue))])
            operands.append(bias)
          } else {
            attributes.merge(["num_heads": .int(4), "kv_num_heads": .int(2), "smooth_softmax": .int(1)]) { a, _ in a }
            operands += ["", "", Self.int32(&net, "lengths", [3], [3, 3, 3]), Self.int32(&net, "total", [1], [4])]
          }
          net.node(type, operands, ["half", "keys", "values"], attributes, domain: type == "Attention" ? "" : "com.microsoft")
          net.node("Cast", ["half"], ["b"], ["to": .int(Int(ElementType.float.rawValue))])
        })
    }
    let (half, single) = (try bench(.float16), try bench(.float))
    let (values, expected) = (try half.spelledOut(), try half.whole())
    for (written, value) in zip(values, expected) { #expect(abs(written - value) < 5e-3 * expected.map(abs).max()!) }
    let (found, wanted) = (try half.derivatives().gradient, try single.derivatives().gradient)
    for (a, b) in zip(found, wanted) { #expect(abs(a - b) < 1e-2 * wanted.map(abs).max()!) }
  }

  /// As where it gives something else in ordinary operators.
  @Test func `that can't be written in ordinary operators is named`() throws {
    var net = GraphBuilder(name: "attention", opset: 20)
    net.input("x", [nil, 4, 8])
    net.node("Identity", ["x"], ["a"])
    net.node("Attention", ["a", net.random("w", [8, 24])], ["b"], ["num_heads": .int(2)], domain: "com.microsoft")
    net.output("b", [nil, 4, 8])
    let runtime = try TestRuntime.make()
    let rows = try Tensor(runtime: runtime, shape: [3, 4, 8])
    let (cut, seen) = try Model(proto: net.model).cut(at: "a", reading: "b")
      .observed(runtime: runtime, options: Session.Options()) { _ in [rows] }
    var observed = seen
    _ = try cut.adjoint(of: AdjointValue(.logit), observed: observed)
    observed.spelled = observed.spelled.refused("a reason of its own")
    let refusal = #expect(throws: Undifferentiable.self) { try cut.adjoint(of: AdjointValue(.logit), observed: observed) }
    #expect(refusal?.reason == "operator com.microsoft.Attention (b) has a reason of its own")
    #expect(refusal?.operation == "com.microsoft.Attention (b)")
  }

  /// Queries, keys and values made of `a`, of width 8 each unless told otherwise.
  private static func projected(_ net: inout GraphBuilder, _ widths: [Int] = [8, 8, 8], from width: Int = 8) {
    for (name, to) in zip(["q", "k", "v"], widths) { net.node("MatMul", ["a", net.random("w" + name, [width, to])], [name]) }
  }

  private static func built(
    _ name: String, _ shape: [Int] = [4, 8], opset: Int = 20, _ build: @escaping OperatorCase.Build
  ) -> OperatorCase {
    OperatorCase(name: name, shape: shape, opset: opset, build: build)
  }

  private static func int32(_ net: inout GraphBuilder, _ name: String, _ shape: [Int], _ values: [Int64]) -> String {
    net.weight(name + "_wide", shape, values)
    return net.node("Cast", [name + "_wide"], [name], ["to": .int(Int(ElementType.int32.rawValue))])
  }

  private static func flags(_ net: inout GraphBuilder, _ name: String, _ shape: [Int]) -> String {
    // About half of them; the first key of each query is always seen.
    net.weight(name + "_numbers", shape, (0..<shape.reduce(1, *)).map { Float($0 % shape.last! == 0 || $0 % 5 < 3 ? 1 : 0) })
    return net.node("Greater", [name + "_numbers", net.number(name + "_half", 0.5)], [name])
  }

  /// Splits of three axes into heads, laid out as [rows, heads, positions, width].
  private static func heads(_ net: inout GraphBuilder, _ name: String, _ count: Int) -> String {
    net.node(
      "Transpose", [net.node("Reshape", [name, net.integers(name + "_parts", [0, 0, Int64(count), -1])], [name + "_cut"])],
      [name + "_heads"], ["perm": .ints([0, 2, 1, 3])])
  }

  static let standard: [OperatorCase] = [
    built("Attention", opset: 23) { net in
      projected(&net)
      net.node("Attention", ["q", "k", "v"], ["b"], ["q_num_heads": .int(2), "kv_num_heads": .int(2), "scale": .float(0.7)])
    },
    built("Attention, causal", opset: 23) { net in
      projected(&net)
      net.node("Attention", ["q", "k", "v"], ["b"], ["q_num_heads": .int(2), "kv_num_heads": .int(2), "is_causal": .int(1)])
    },
    built("Attention, capped, with a bias", opset: 23) { net in
      projected(&net)
      net.node(
        "Attention", ["q", "k", "v", net.random("bias", [4, 4])], ["b"],
        ["q_num_heads": .int(2), "kv_num_heads": .int(2), "softcap": .float(1.5)])
    },
    built("Attention with a mask of truth values, grouped", opset: 23) { net in
      projected(&net, [8, 4, 6])
      net.node(
        "Attention", ["q", "k", "v", flags(&net, "mask", [4, 4, 4])], ["b"], ["q_num_heads": .int(4), "kv_num_heads": .int(2)])
    },
    built("Attention, grouped, causal, capped, of four axes", opset: 23) { net in
      projected(&net, [8, 4, 4])
      net.node(
        "Attention", [heads(&net, "q", 4), heads(&net, "k", 2), heads(&net, "v", 2)], ["b"],
        ["is_causal": .int(1), "softcap": .float(2)])
    },
    built("Attention with a bias that varies", opset: 23) { net in
      projected(&net, [8, 8, 8])
      net.node("MatMul", ["a", net.random("wb", [8, 4])], ["flat"])
      net.node("Unsqueeze", ["flat", net.integers("axis", [1])], ["bias"])
      net.node("Attention", ["q", "k", "v", "bias"], ["b"], ["q_num_heads": .int(2), "kv_num_heads": .int(2)])
    },
    built("Attention behind a cache, whose new state is read", opset: 23) { net in
      projected(&net)
      let cache = ["past_k", "past_v"].map { net.random($0, [3, 2, 2, 4]) }
      net.node(
        "Attention", ["q", "k", "v", ""] + cache, ["attended", "keys", "values"],
        ["q_num_heads": .int(2), "kv_num_heads": .int(2), "is_causal": .int(1)])
      for name in ["attended", "keys", "values"] { net.node("Flatten", [name], [name + "_flat"]) }
      net.node("Concat", ["attended_flat", "keys_flat", "values_flat"], ["b"], ["axis": .int(1)])
    },
    built("Attention to keys that end early", opset: 24) { net in
      projected(&net)
      net.node(
        "Attention", ["q", "k", "v", "", "", "", net.integers("ends", [2, 4, 3])], ["b"],
        ["q_num_heads": .int(2), "kv_num_heads": .int(2)])
    },
  ]

  private static func multiHead(
    _ net: inout GraphBuilder, _ inputs: [String], _ outputs: [String] = ["b"],
    _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) {
    net.node(
      "MultiHeadAttention", inputs, outputs, attributes.merging(["num_heads": .int(2)]) { a, _ in a }, domain: "com.microsoft")
  }

  static let contributed: [OperatorCase] = [
    built("MultiHeadAttention") { net in
      projected(&net, [8, 8, 6])
      multiHead(&net, ["q", "k", "v"])
    },
    built("MultiHeadAttention, unidirectional, with biases") { net in
      projected(&net, [8, 8, 6])
      multiHead(
        &net, ["q", "k", "v", net.random("bias", [22]), "", net.random("positions", [1, 2, 4, 4])], ["b"],
        ["unidirectional": .int(1)])
    },
    built("MultiHeadAttention with padding by key") { net in
      projected(&net)
      multiHead(&net, ["q", "k", "v", "", int32(&net, "mask", [3, 4], [1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1])])
    },
    built("MultiHeadAttention with padding by length") { net in
      projected(&net)
      multiHead(&net, ["q", "k", "v", "", int32(&net, "mask", [3], [2, 4, 3])], ["b"], ["unidirectional": .int(1)])
    },
    built("MultiHeadAttention with a mask by query and key that filters little") { net in
      projected(&net)
      multiHead(
        &net, ["q", "k", "v", "", int32(&net, "mask", [3, 4, 4], (0..<48).map { $0 % 3 == 0 ? 0 : 1 })], ["b"],
        ["mask_filter_value": .float(-1.5), "scale": .float(0.3)])
    },
    built("MultiHeadAttention behind a cache") { net in
      projected(&net)
      let cache = ["past_k", "past_v"].map { net.random($0, [3, 2, 2, 4]) }
      multiHead(&net, ["q", "k", "v", "", "", ""] + cache, ["b", "keys", "values"], ["unidirectional": .int(1)])
    },
    built("MultiHeadAttention behind an empty cache") { net in
      projected(&net)
      let cache = ["past_k", "past_v"].map { net.random($0, [3, 2, 0, 4]) }
      multiHead(&net, ["q", "k", "v", "", "", ""] + cache, ["attended", "keys", "values"])
      net.node("Flatten", ["keys"], ["flat"])
      net.node("Concat", [net.node("Flatten", ["attended"], ["attended_flat"]), "flat"], ["b"], ["axis": .int(1)])
    },
    built("MultiHeadAttention to keys that are laid out") { net in
      projected(&net)
      multiHead(&net, ["q", heads(&net, "k", 2), heads(&net, "v", 2)])
    },
  ]

  private static func packedAttention(
    _ name: String, widths: [Int]? = nil, bias: Bool = true, _ attributes: [String: GraphBuilder.Attribute] = [:],
    inputs: @escaping @Sendable (inout GraphBuilder) -> [String] = { _ in [] }
  ) -> OperatorCase {
    built(name) { net in
      let width = widths.map { $0.reduce(0, +) } ?? 24
      var all = attributes.merging(["num_heads": .int(2)]) { a, _ in a }
      if let widths { all["qkv_hidden_sizes"] = .ints(widths) }
      net.node(
        "Attention", ["a", net.random("w", [8, width]), bias ? net.random("bias", [width]) : ""] + inputs(&net), ["b"], all,
        domain: "com.microsoft")
    }
  }

  static let packed: [OperatorCase] = [
    packedAttention("packed Attention"),
    packedAttention("packed Attention with widths of its own", widths: [8, 8, 6], ["scale": .float(0.4)]),
    packedAttention("packed Attention, unidirectional", ["unidirectional": .int(1)]),
    packedAttention("packed Attention with padding") {
      [int32(&$0, "mask", [3, 4], [1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1])]
    },
    packedAttention("packed Attention with padding by length", ["unidirectional": .int(1)]) {
      [int32(&$0, "mask", [3], [2, 4, 3])]
    },
    packedAttention("packed Attention with padding on both sides") {
      [int32(&$0, "mask", [6], [3, 4, 4, 0, 1, 2])]
    },
    packedAttention("packed Attention with a mask by query and key") {
      [int32(&$0, "mask", [3, 4, 4], (0..<48).map { $0 % 3 == 0 ? 0 : 1 })]
    },
    packedAttention("packed Attention with an added bias") { ["", "", $0.random("positions", [3, 2, 4, 4])] },
    built("packed Attention behind a cache, whose new state is read") { net in
      net.node(
        "Attention",
        ["a", net.random("w", [8, 24]), net.random("bias", [24]), "", net.random("past", [2, 3, 2, 2, 4])],
        ["attended", "state"],
        ["num_heads": .int(2), "unidirectional": .int(1)], domain: "com.microsoft")
      net.node("Transpose", ["state"], ["turned"], ["perm": .ints([1, 0, 2, 3, 4])])
      let flat = ["attended", "turned"].map { net.node("Flatten", [$0], [$0 + "_flat"]) }
      net.node("Concat", flat, ["b"], ["axis": .int(1)])
    },
  ]

  private static func groupQuery(
    _ name: String, positions: Int = 4, width: Int = 8, lengths: [Int64] = [3, 3, 3], past: Int = 0, isPacked: Bool = false,
    _ attributes: [String: GraphBuilder.Attribute] = [:],
    inputs: @escaping @Sendable (inout GraphBuilder) -> [String] = { _ in [] }
  ) -> OperatorCase {
    built(name, [positions, 8]) { net in
      projected(&net, [4 * width, 2 * width, 2 * width])
      let operands = isPacked ? [net.node("Concat", ["q", "k", "v"], ["qkv"], ["axis": .int(2)]), "", ""] : ["q", "k", "v"]
      let cache = past == 0 ? ["", ""] : ["past_k", "past_v"].map { net.random($0, [3, 2, past, width]) }
      net.weight("total_wide", [1], [lengths.max()! + 1])
      net.node("Cast", ["total_wide"], ["total"], ["to": .int(Int(ElementType.int32.rawValue))])
      net.node(
        "GroupQueryAttention", operands + cache + [int32(&net, "lengths", [3], lengths), "total"] + inputs(&net),
        ["b", "keys", "values"], attributes.merging(["num_heads": .int(4), "kv_num_heads": .int(2)]) { a, _ in a },
        domain: "com.microsoft")
    }
  }

  private static func angles(_ net: inout GraphBuilder, _ width: Int) -> [String] {
    for (name, function) in [("cosines", "Cos"), ("sines", "Sin")] {
      net.node(function, [net.random(name + "_of", [12, width])], [name])
    }
    return ["cosines", "sines"]
  }

  static let grouped: [OperatorCase] = [
    groupQuery("GroupQueryAttention"),
    groupQuery("GroupQueryAttention, packed", isPacked: true),
    groupQuery("GroupQueryAttention with rows that end early", lengths: [1, 3, 2]),
    groupQuery("GroupQueryAttention with a window and a cap", ["local_window_size": .int(2), "softcap": .float(1.5)]),
    groupQuery("GroupQueryAttention, smooth", ["smooth_softmax": .int(1), "scale": .float(0.5)]),
    groupQuery("GroupQueryAttention, rotary", width: 16, ["do_rotary": .int(1)]) { angles(&$0, 8) },
    groupQuery("GroupQueryAttention, rotary in part", width: 32, ["do_rotary": .int(1)]) { angles(&$0, 8) },
    groupQuery("GroupQueryAttention, rotary, with rows that end early", width: 16, lengths: [3, 1, 2], ["do_rotary": .int(1)]) {
      angles(&$0, 8)
    },
    groupQuery(
      "GroupQueryAttention, rotary in pairs, packed", width: 16, isPacked: true,
      ["do_rotary": .int(1), "rotary_interleaved": .int(1)]
    ) { angles(&$0, 8) },
    groupQuery(
      "GroupQueryAttention behind a cache that rows fill differently", positions: 1, lengths: [5, 2, 3], past: 5,
      ["local_window_size": .int(4)]),
    groupQuery(
      "GroupQueryAttention behind a cache, rotary", positions: 1, width: 16, lengths: [5, 2, 3], past: 5,
      ["do_rotary": .int(1), "smooth_softmax": .int(1)]
    ) { angles(&$0, 8) },
    groupQuery("GroupQueryAttention that begins an empty cache with room", lengths: [3, 3, 3], past: 6),
    groupQuery("GroupQueryAttention with a bias") { ["", "", "", $0.random("positions", [1, 4, 4, 4])] },
    groupQuery("GroupQueryAttention with sinks") { ["", "", "", "", $0.random("sinks", [4])] },
  ]
}
