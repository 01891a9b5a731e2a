/// ONNX Runtime's own Attention and MultiHeadAttention.
extension OperatorSpelling {
  /// Queries, keys and values from one product with packed weights.
  mutating func spellPackedAttention(_ node: Onnx_NodeProto) throws(Refusal) -> [String?] {
    guard let x = node.input(at: 0), let weights = node.input(at: 1),
      node.integer("do_rotary") ?? 0 == 0, node.integer("past_present_share_buffer") ?? 0 == 0, node.input(at: 6) == nil
    else { throw Refusal("a rule without rotary positions and shared caches only") }
    let heads = try headCount(node, "num_heads")
    let (input, packed) = (try shape(of: x), try shape(of: weights))
    guard input.count == 3, packed.count == 2 else { throw Refusal("a rule for [rows, positions, width] only") }
    let widths = node.integers("qkv_hidden_sizes") ?? [Int](repeating: packed[1] / 3, count: 3)
    guard packed[1] > 0, widths.count == 3, widths.allSatisfy({ 1...packed[1] ~= $0 }), widths[0] == widths[1],
      widths.reduce(0, +) == packed[1]
    else {
      throw Refusal("widths that don't add up")
    }
    let (width, valueWidth) = (try headWidth(widths[0], heads), try headWidth(widths[2], heads))

    var product = add("MatMul", [x, weights])
    if let bias = node.input(at: 2) { product = add("Add", [product, bias]) }
    let parts = split(product, widths, axis: 2)
    var (key, value) = (parted(parts[1], heads: heads, width: width), parted(parts[2], heads: heads, width: valueWidth))
    var past = 0
    if let cache = node.input(at: 4) {
      let shape = try shape(of: cache)
      guard shape.count == 5, shape[0] == 2, width == valueWidth else { throw Refusal("a cache of shape \(shape)") }
      past = shape[3]
      if past > 0 {
        let caches = split(cache, [1, 1], axis: 0).map { reshape($0, [-1, heads, past, width]) }
        (key, value) = (concatenate([caches[0], key], axis: 2), concatenate([caches[1], value], axis: 2))
      }
    }
    let (positions, total) = (input[1], past + input[1])
    var logits = Logits(scale: scale(node, width: width))
    if let mask = node.input(at: 3) {
      logits.biases += try added(mask, of: node, rows: input[0], positions: positions, keys: total)
    }
    if let bias = node.input(at: 5) { logits.biases.append(bias) }
    if node.integer("unidirectional") ?? 0 != 0 {
      logits.hidden.append(later(positions: positions, keys: total, past: past))
    }
    let attended = attend(
      Operands(
        query: parted(parts[0], heads: heads, width: width), key: key, value: value, heads: heads, groups: heads,
        positions: positions, keys: total, width: width, valueWidth: valueWidth), logits)
    guard node.output.count > 1, !node.output[1].isEmpty, width == valueWidth else {
      return [joined(attended, width: widths[2]), nil]
    }
    let present = concatenate([key, value].map { reshape($0, [1, -1, heads, total, width]) }, axis: 0)
    return [joined(attended, width: widths[2]), present]
  }

  /// A tensor [rows, positions, width] that is parted into heads.
  private struct Flat {
    var name: String
    var width: Int
  }

  mutating func spellMultiHeadAttention(_ node: Onnx_NodeProto) throws(Refusal) -> [String?] {
    guard let q = node.input(at: 0), node.input(at: 8) == nil, node.input(at: 9) == nil else {
      throw Refusal("a rule without shared caches only")
    }
    let heads = try headCount(node, "num_heads")
    let queries = try shape(of: q)
    // The runtime takes operands that are packed together on some providers only, and the processor isn't one.
    guard queries.count == 3, let k = node.input(at: 1), let v = node.input(at: 2) else {
      throw Refusal("a rule for separate queries, keys and values only")
    }
    let (laid, values) = (try shape(of: k), try shape(of: v))
    guard laid.count == values.count, laid.count == 3 || laid.count == 4 && node.input(at: 3) == nil else {
      throw Refusal("keys of \(laid.count) axes and values of \(values.count)")
    }
    // Keys and values may be laid out by heads already.
    var flat = [Flat(name: q, width: queries[2])]
    if laid.count == 3 { flat += [Flat(name: k, width: laid[2]), Flat(name: v, width: values[2])] }
    let keys = laid[laid.count - 2]
    if let bias = node.input(at: 3) {
      let lengths = flat.map(\.width)
      for (place, part) in split(bias, lengths, axis: 0).enumerated() { flat[place].name = add("Add", [flat[place].name, part]) }
    }
    let width = try headWidth(queries[2], heads)
    var (key, value, valueWidth) = (k, v, values[values.count - 1])
    if laid.count == 3 {
      valueWidth = try headWidth(values[2], heads)
      key = parted(flat[1].name, heads: heads, width: try headWidth(laid[2], heads))
      value = parted(flat[2].name, heads: heads, width: valueWidth)
    }
    let past = try cacheLength(node.input(at: 6))
    key = behind(node.input(at: 6), past, key)
    value = behind(node.input(at: 7), past, value)

    let (positions, total) = (queries[1], past + keys)
    var logits = Logits(scale: scale(node, width: width))
    if let mask = node.input(at: 4) {
      logits.biases += try added(mask, of: node, rows: queries[0], positions: positions, keys: total)
    }
    if let bias = node.input(at: 5) { logits.biases.append(bias) }
    if node.integer("unidirectional") ?? 0 != 0 {
      guard keys == positions else { throw Refusal("a causal rule for as many keys as queries only") }
      logits.hidden.append(later(positions: positions, keys: total, past: past))
    }
    let attended = attend(
      Operands(
        query: parted(flat[0].name, heads: heads, width: width), key: key, value: value, heads: heads, groups: heads,
        positions: positions, keys: total, width: width, valueWidth: valueWidth), logits)
    return [joined(attended, width: heads * valueWidth), key, value]
  }

  /// What a mask of whole numbers adds to logits where it hides a key: 0 by key or by query and key, or the places at which keys
  /// end, and those at which they begin behind them.
  private mutating func added(
    _ mask: String, of node: Onnx_NodeProto, rows: Int, positions: Int, keys: Int
  ) throws(Refusal) -> [String] {
    let shape = try shape(of: mask)
    let filter = number(node.attribute("mask_filter_value").map { Double($0.f) } ?? -10000)
    let zero = number(0)
    let numbers = integers(Array(0..<keys))
    switch shape {
    case [rows], [2 * rows]:
      let ends = shape == [rows] ? [mask] : split(reshape(mask, [2, -1]), [1, 1], axis: 0)
      let places = ends.map { reshape(wholeNumbers($0), [-1, 1, 1, 1]) }
      var isSeen = add("Less", [numbers, places[0]])
      if places.count == 2 { isSeen = add("And", [isSeen, add("Not", [add("Less", [numbers, places[1]])])]) }
      return [add("Where", [isSeen, zero, filter])]
    case [rows, keys], [rows, positions, keys]:
      let isSeen = add("Less", [integers([0]), wholeNumbers(mask)])
      let laidOut = reshape(isSeen, shape.count == 2 ? [0, 1, 1, keys] : [0, 1, positions, keys])
      return [add("Where", [laidOut, zero, filter])]
    case [rows, 1] where node.opType == "Attention", [1, 1] where node.opType == "Attention": return []
    default: throw Refusal("no rule for masks of shape \(shape)")
    }
  }
}
