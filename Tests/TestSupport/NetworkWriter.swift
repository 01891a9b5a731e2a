import ModelGraph

/// Writes small networks with weights of their own.
struct NetworkWriter {
  private(set) var builder: GraphBuilder
  private var random: WeightGenerator
  private let seed: UInt64
  private let name: String
  private var inputs: [SmallNetwork.Input] = []
  private var weights = 0

  init(_ name: String, seed: UInt64) {
    self.name = name
    self.seed = seed
    builder = GraphBuilder(name: name)
    random = WeightGenerator(seed: seed)
  }

  var network: SmallNetwork {
    SmallNetwork(name: name, proto: builder.model, inputs: inputs, seed: seed)
  }

  /// An input with a free batch axis in front, or one of length 1 that is baked in.
  mutating func input(_ name: String, _ shape: [Int], tokens: Int? = nil, scale: Float = 1, isBatchBaked: Bool = false) {
    builder.input(
      name, [isBatchBaked ? 1 : nil] + shape.map(Optional.some), type: tokens == nil ? .float : .int64)
    inputs.append(SmallNetwork.Input(name: name, shape: shape, tokens: tokens, scale: scale))
  }

  mutating func output(_ name: String, _ shape: [Int?]) {
    builder.output(name, shape)
  }

  /// A weight drawn so that signals keep their size. - Parameter fanIn: how many products are summed.
  mutating func weight(_ shape: [Int], fanIn: Int) -> String {
    constant(shape, random.floats(shape.reduce(1, *), scale: (3 / Float(fanIn)).squareRoot()))
  }

  mutating func bias(_ shape: [Int]) -> String {
    constant(shape, random.floats(shape.reduce(1, *), scale: 0.3))
  }

  mutating func constant(_ shape: [Int], _ values: [Float]) -> String {
    weights += 1
    builder.weight("w\(weights)", shape, values)
    return "w\(weights)"
  }

  mutating func constant(_ values: [Int64]) -> String {
    weights += 1
    builder.weight("w\(weights)", [values.count], values)
    return "w\(weights)"
  }

  @discardableResult
  mutating func add(
    _ operatorType: String, _ inputs: [String], to output: String, _ attributes: [String: GraphBuilder.Attribute] = [:]
  ) -> String {
    builder.node(operatorType, inputs, [output], attributes)
  }

  /// A 3x3 convolution that keeps height and width, with a bias.
  mutating func convolution(_ input: String, from: Int, to: Int, _ output: String) -> String {
    add(
      "Conv", [input, weight([to, from, 3, 3], fanIn: 9 * from), bias([to])], to: output, ["pads": .ints([1, 1, 1, 1])])
  }

  mutating func dense(_ input: String, from: Int, to: Int, _ output: String) -> String {
    add("Gemm", [input, weight([from, to], fanIn: from), bias([to])], to: output)
  }

  mutating func projection(_ input: String, from: Int, to: Int, _ output: String) -> String {
    add("MatMul", [input, weight([from, to], fanIn: from)], to: output)
  }
}
