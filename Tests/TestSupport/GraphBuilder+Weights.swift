package import ModelGraph

extension GraphBuilder {
  /// A weight of random numbers of both signs.
  package mutating func random(_ name: String, _ shape: [Int], seed: UInt64 = 3) -> String {
    var random = WeightGenerator(seed: seed &+ UInt64(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) }.magnitude))
    weight(name, shape, random.floats(shape.reduce(1, *)))
    return name
  }

  package mutating func floats(_ name: String, _ shape: [Int], _ values: [Float]) {
    weight(name, shape, values)
  }

  package mutating func number(_ name: String, _ value: Float) -> String {
    weight(name, [], [value])
    return name
  }

  package mutating func integers(_ name: String, _ values: [Int64]) -> String {
    weight(name, [values.count], values)
    return name
  }
}
