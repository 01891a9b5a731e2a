/// ONNX Runtime's own GroupQueryAttention: causal, over a cache that rows fill to lengths of their own.
extension OperatorSpelling {
  mutating func spellGroupQueryAttention(_ node: Onnx_NodeProto) throws(Refusal) -> [String?] {
    let (heads, groups) = (try headCount(node, "num_heads"), try headCount(node, "kv_num_heads"))
    guard let x = node.input(at: 0), heads % groups == 0, let lengths = node.input(at: 5), let longest = node.input(at: 6),
      node.input.count <= 12 || node.input[12...].allSatisfy(\.isEmpty)
    else { throw Refusal("a rule without quantised caches only") }
    let queries = try shape(of: x)
    guard queries.count == 3 else { throw Refusal("a rule for [rows, positions, width] only") }
    let (positions, isPacked) = (queries[1], node.input(at: 1) == nil)
    let width = try headWidth(queries[2], isPacked ? heads + 2 * groups : heads)
    var parts: [String]
    if isPacked {
      parts = split(x, [heads * width, groups * width, groups * width], axis: 2)
    } else {
      guard let k = node.input(at: 1), let v = node.input(at: 2) else { throw Refusal("no values") }
      parts = [x, k, v]
      guard try shape(of: k) == [queries[0], positions, groups * width], try shape(of: v) == shape(of: k) else {
        throw Refusal("a rule for as many keys as queries only")
      }
    }
    let past = try cacheLength(node.input(at: 3))

    // How many keys a row has, and how many of them are in its cache: none where all there are come with the queries.
    let one = integers([1])
    let total = add("Add", [reshape(wholeNumbers(lengths), [-1, 1, 1, 1]), one])
    let behind = add("Sub", [total, integers([positions])])
    let isFirst = add("Equal", [reshape(wholeNumbers(longest), [1]), integers([positions])])
    let zeros = add("Mul", [behind, integers([0])])
    let held = add("Where", [isFirst, zeros, behind])
    let steps = integers(Array(0..<positions))

    if node.integer("do_rotary") ?? 0 != 0 {
      guard let cosines = node.input(at: 7), let sines = node.input(at: 8) else { throw Refusal("no angles") }
      // Of a first run these are the same for all rows, however many of their keys there are.
      let places = node.input(at: 9) ?? add("Add", [reshape(held, [-1, 1]), steps])
      guard let half = try shape(of: cosines).last else { throw Refusal("no angles") }
      let turned = 2 * half
      for (place, count) in [heads, groups].enumerated() {
        var attributes: [String: GraphBuilder.Attribute] = [
          "num_heads": .int(count), "interleaved": .int(node.integer("rotary_interleaved") ?? 0),
        ]
        if turned < width { attributes["rotary_embedding_dim"] = .int(turned) }
        parts[place] = add(
          "RotaryEmbedding", [parts[place], places, cosines, sines], attributes, domain: "com.microsoft")
      }
    }
    var (key, value) = (parted(parts[1], heads: groups, width: width), parted(parts[2], heads: groups, width: width))
    var logits = Logits(scale: scale(node, width: width), softcap: node.attribute("softcap").map { Double($0.f) } ?? 0)

    // Keys of the cache, as many as there is room for, and then the new ones: a softmax doesn't ask for their order. A query sees
    // those up to its own place, and of these the last few where there is a window.
    let rows = reshape(steps, [positions, 1])
    let next = add("Add", [add("Add", [held, rows]), one])
    let ends = add("Where", [add("Less", [next, total]), next, total])
    var places = add("Add", [held, steps])
    var unused: [String] = []
    if past > 0 {
      let slots = integers(Array(0..<past))
      (key, value) = (self.behind(node.input(at: 3), past, key), self.behind(node.input(at: 4), past, value))
      let isEmpty = add("Not", [add("Less", [slots, held])])
      unused.append(concatenate([isEmpty, add("Less", [places, integers([0])])], axis: 3))
      places = concatenate([add("Add", [zeros, slots]), places], axis: 3)
    }
    logits.hidden = unused + [add("Not", [add("Less", [places, ends])])]
    let window = node.integer("local_window_size") ?? -1
    if window >= 0 {
      logits.hidden.append(add("Less", [places, add("Sub", [ends, integers([window])])]))
    }
    if let bias = node.input(at: 10) {
      guard past == 0, try shape(of: bias).last == positions else { throw Refusal("a rule for biases without a cache only") }
      logits.biases.append(bias)
    }
    if let sink = node.input(at: 11) {
      logits.sink = reshape(sink, [1, heads, 1, 1])
    } else if node.integer("smooth_softmax") ?? 0 == 1 {
      logits.sink = number(0)
    }
    let attended = attend(
      Operands(
        query: parted(parts[0], heads: heads, width: width), key: key, value: value, heads: heads, groups: groups,
        positions: positions, keys: past + positions, width: width, valueWidth: width), logits)
    // A cache has room behind what is in it: only without one it is what was added.
    return [joined(attended, width: heads * width)] + (past == 0 ? [key, value] : [])
  }
}
