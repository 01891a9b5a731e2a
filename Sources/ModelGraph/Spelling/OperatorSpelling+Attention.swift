/// The standard's Attention, of operator sets 23 and 24.
extension OperatorSpelling {
  mutating func spellAttention(_ node: Onnx_NodeProto) throws(Refusal) -> [String?] {
    guard let q = node.input(at: 0), let k = node.input(at: 1), let v = node.input(at: 2) else { throw Refusal("too few inputs") }
    let (queries, keys, values) = (try shape(of: q), try shape(of: k), try shape(of: v))
    guard [3, 4].contains(queries.count), keys.count == queries.count, values.count == queries.count else {
      throw Refusal("a rule for operands of three or four axes only")
    }
    let isFlat = queries.count == 3
    let heads = try isFlat ? headCount(node, "q_num_heads") : queries[1]
    let groups = try isFlat ? headCount(node, "kv_num_heads") : keys[1]
    guard heads > 0, groups > 0, heads % groups == 0 else { throw Refusal("\(heads) heads of queries for \(groups) of keys") }
    let width = try isFlat ? headWidth(queries[2], heads) : queries[3]
    let valueWidth = try isFlat ? headWidth(values[2], groups) : values[3]

    let (pastKey, pastValue) = (node.input(at: 4), node.input(at: 5))
    let past = try cacheLength(pastKey)
    let positions = isFlat ? queries[1] : queries[2]
    let total = past + (isFlat ? keys[1] : keys[2])
    let key = behind(pastKey, past, isFlat ? parted(k, heads: groups, width: width) : k)
    let value = behind(pastValue, past, isFlat ? parted(v, heads: groups, width: valueWidth) : v)

    var logits = Logits(scale: scale(node, width: width), softcap: node.attribute("softcap").map { Double($0.f) } ?? 0)
    let isCausal = node.integer("is_causal") ?? 0 != 0
    if let mask = node.input(at: 3) {
      let shape = try shape(of: mask)
      guard shape.count >= 2, shape[shape.count - 1] == total else { throw Refusal("a rule for masks of all keys only") }
      if types[mask] == .bool {
        logits.hidden.append(add("Not", [mask]))
      } else if types[mask] == types[q] {
        logits.biases.append(mask)
      } else {
        throw Refusal("a rule for masks that are true or added only")
      }
    }
    if isCausal { logits.hidden.append(later(positions: positions, keys: total, past: past)) }
    if let lengths = node.input(at: 6) {
      guard !isCausal else { throw Refusal("a rule for lengths without a causal mask only") }
      let ends = add("Sub", [reshape(wholeNumbers(lengths), [-1, 1, 1, 1]), integers([1])])
      logits.hidden.append(add("Less", [ends, integers(Array(0..<total))]))
    }
    let attended = attend(
      Operands(
        query: isFlat ? parted(q, heads: heads, width: width) : q, key: key, value: value, heads: heads, groups: groups,
        positions: positions, keys: total, width: width, valueWidth: valueWidth), logits)
    return [isFlat ? joined(attended, width: heads * valueWidth) : attended, key, value]
  }
}
