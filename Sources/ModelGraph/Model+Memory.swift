extension Model {
  /// The most bytes of activations that are alive at once in a pass, each from the node that makes it to the last that
  /// reads it, at 4 bytes an element.
  ///
  /// - Parameter shapes: of tensors, at the batch of interest. What has none counts as nothing.
  package func peakActivationBytes(shapes: [String: [Int]]) -> Int {
    func bytes(_ name: String) -> Int { shapes[name].map { 4 * $0.reduce(1, *) } ?? 0 }
    var readers: [String: Int] = [:]
    for (number, node) in proto.graph.node.enumerated() {
      for name in Set(node.input) where !name.isEmpty { readers[name] = number }
    }
    for output in outputs { readers[output.name] = proto.graph.node.count }
    var alive = inputs.reduce(0) { $0 + bytes($1.name) }
    var peak = alive
    for (number, node) in proto.graph.node.enumerated() {
      alive += node.output.reduce(0) { $0 + bytes($1) }
      peak = max(peak, alive)
      for name in Set(node.input) where readers[name] == number && !index.isWeight(name) { alive -= bytes(name) }
      for name in node.output where readers[name] == nil { alive -= bytes(name) }
    }
    return peak
  }

  /// The bytes of the weights, those in external files included.
  package var weightBytes: Int {
    proto.graph.initializer.reduce(0) { sum, weight in
      sum + weight.dims.reduce(1) { $0 * Int($1) } * (ElementType(rawValue: weight.dataType).byteCount ?? 0)
    }
  }
}
