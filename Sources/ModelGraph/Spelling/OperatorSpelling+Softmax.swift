internal import FoundationEssentials

/// softmax(logits)·V, which all kinds of attention come to.
extension OperatorSpelling {
  /// What is attended with.
  struct Operands {
    /// [rows, heads, positions, width].
    var query: String
    /// [rows, groups, keys, width], keys from a cache in front.
    var key: String
    var value: String
    /// Of queries; as many of them one after the other share the keys of a group.
    var heads: Int
    var groups: Int
    var positions: Int
    var keys: Int
    var width: Int
    var valueWidth: Int
  }

  /// What becomes of the products of queries and keys, in this order.
  struct Logits {
    var scale: Double
    /// c of c·tanh(x/c); 0 for none.
    var softcap = 0.0
    /// Added.
    var biases: [String] = []
    /// True where a key isn't seen.
    var hidden: [String] = []
    /// The logit of a key without a value: one for each head, [1, heads, 1, 1], or a number.
    var sink: String?
  }

  /// [rows, heads, positions, width of values]. In single precision where the operands have less, as the runtime has it.
  mutating func attend(_ operands: Operands, _ logits: Logits) -> String {
    let type = numberType
    guard type == .float16 || type == .bfloat16 else { return attendPrecisely(operands, logits) }
    func cast(_ tensor: String, to type: ElementType) -> String { add("Cast", [tensor], ["to": .int(Int(type.rawValue))]) }
    var (operands, logits) = (operands, logits)
    operands.query = cast(operands.query, to: .float)
    operands.key = cast(operands.key, to: .float)
    operands.value = cast(operands.value, to: .float)
    logits.biases = logits.biases.map { cast($0, to: .float) }
    logits.sink = logits.sink.map { cast($0, to: .float) }
    numberType = .float
    defer { numberType = type }
    return cast(attendPrecisely(operands, logits), to: type)
  }

  private mutating func attendPrecisely(_ operands: Operands, _ logits: Logits) -> String {
    let (heads, groups, positions) = (operands.heads, operands.groups, operands.positions)
    let isGrouped = heads != groups
    let shared = heads / groups * positions
    // Queries of a group's heads below one another meet the same keys in one product.
    let query = isGrouped ? reshape(operands.query, [0, groups, shared, operands.width]) : operands.query
    var scores = add("Mul", [add("MatMul", [query, transpose(operands.key, [0, 1, 3, 2])]), number(logits.scale)])
    if isGrouped { scores = reshape(scores, [0, heads, positions, operands.keys]) }
    if logits.softcap > 0 {
      let cap = number(logits.softcap)
      scores = add("Mul", [add("Tanh", [add("Div", [scores, cap])]), cap])
    }
    for bias in logits.biases { scores = add("Add", [scores, bias]) }
    if let first = logits.hidden.first {
      let hidden = logits.hidden.dropFirst().reduce(first) { add("Or", [$0, $1]) }
      scores = add("Where", [hidden, lowest(), scores])
    }
    var weights: String
    if let sink = logits.sink {
      let column = add("Mul", [split(scores, [1, operands.keys - 1], axis: 3)[0], number(0)])
      let all = concatenate([scores, add("Add", [column, sink])], axis: 3)
      weights = split(add("Softmax", [all], ["axis": .int(3)]), [operands.keys, 1], axis: 3)[0]
    } else {
      weights = add("Softmax", [scores], ["axis": .int(3)])
    }
    if isGrouped { weights = reshape(weights, [0, groups, shared, operands.keys]) }
    let result = add("MatMul", [weights, operands.value])
    return isGrouped ? reshape(result, [0, heads, positions, operands.valueWidth]) : result
  }

  /// [rows, positions, heads·width] as [rows, heads, positions, width].
  mutating func parted(_ tensor: String, heads: Int, width: Int) -> String {
    transpose(reshape(tensor, [0, 0, heads, width]), [0, 2, 1, 3])
  }

  /// The way back.
  mutating func joined(_ tensor: String, width: Int) -> String {
    reshape(transpose(tensor, [0, 2, 1, 3]), [0, 0, width])
  }

  /// How many keys a cache [rows, heads, keys, width] holds.
  func cacheLength(_ cache: String?) throws(Refusal) -> Int {
    guard let cache else { return 0 }
    let shape = try shape(of: cache)
    guard shape.count == 4 else { throw Refusal("a cache of shape \(shape)") }
    return shape[2]
  }

  /// Keys or values with those of a cache in front.
  mutating func behind(_ past: String?, _ length: Int, _ tensor: String) -> String {
    past.map { length == 0 ? tensor : concatenate([$0, tensor], axis: 2) } ?? tensor
  }

  /// True where a key comes after the query, which stands `past` behind the first key; [positions, keys].
  mutating func later(positions: Int, keys: Int, past: Int) -> String {
    let rows = add("Reshape", [integers(Array(past..<past + positions)), integers([positions, 1])])
    return add("Less", [rows, integers(Array(0..<keys))])
  }

  /// 1/√width where a node names no other scale.
  func scale(_ node: Onnx_NodeProto, width: Int) -> Double {
    let named = node.attribute("scale").map { Double($0.f) } ?? 0
    return named == 0 ? 1 / Double(width).squareRoot() : named
  }

  /// The length of a head, of a width that holds so many.
  func headWidth(_ width: Int, _ heads: Int) throws(Refusal) -> Int {
    guard heads > 0, width > 0, width % heads == 0 else { throw Refusal("\(heads) heads for a width of \(width)") }
    return width / heads
  }
}
