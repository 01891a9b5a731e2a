/// A tensor whose means over cells of places are asked for, and how long a cell is along each axis.
package struct CellPool: Sendable, Hashable {
  /// A float32 tensor of the graph whose axis 0 counts stimuli.
  package let tensor: String
  /// For one stimulus; its first length is 1.
  package let shape: [Int]
  /// Units of a cell along each axis but the first; 1 along axes that are kept. [axes − 1]
  package let lengths: [Int]

  /// - Precondition: a length for each axis but the first.
  package init(tensor: String, shape: [Int], lengths: [Int]) {
    precondition(lengths.count == shape.count - 1 && lengths.allSatisfy { $0 > 0 })
    self.tensor = tensor
    self.shape = shape
    self.lengths = lengths
  }

  /// For one stimulus: ⌈length/cell⌉ along each axis.
  package var pooledShape: [Int] {
    [shape[0]] + zip(shape.dropFirst(), lengths).map { ($0 + $1 - 1) / $1 }
  }

  /// Whether each unit is a cell of its own.
  var isPlain: Bool { lengths.allSatisfy { $0 == 1 } }

  /// Whether a pooling operator of 1 to 3 axes can be laid over the tensor as it is: its second axis is kept.
  private var isDirect: Bool { (3...5).contains(shape.count) && lengths[0] == 1 }

  /// Whether the runtime has an operator for it: pooling is over at most three axes.
  package var isSupported: Bool { isPlain || isDirect || (2...4).contains(shape.count) }

  /// The nodes that make the means, [stimuli, cells], and the shape that they read.
  fileprivate func nodes(into output: String, names: inout FreshNames) -> (nodes: [Onnx_NodeProto], shapes: [Onnx_TensorProto]) {
    func flatten(_ source: String) -> Onnx_NodeProto { Onnx_NodeProto("Flatten", [source], [output], ["axis": .int(1)]) }
    guard !isPlain else { return ([flatten(tensor)], []) }
    // A cell that reaches beyond the end is averaged over what it holds.
    func pool(_ source: String, _ target: String, _ lengths: [Int], _ axes: [Int]) -> Onnx_NodeProto {
      let overhang = zip(axes, lengths).map { length, cell in (length + cell - 1) / cell * cell - length }
      return Onnx_NodeProto(
        "AveragePool", [source], [target],
        [
          "kernel_shape": .ints(lengths), "strides": .ints(lengths), "count_include_pad": .int(0),
          "pads": .ints(lengths.map { _ in 0 } + overhang),
        ])
    }
    let inner = Array(shape.dropFirst())
    let pooled = names.next()
    if isDirect {
      return ([pool(tensor, pooled, Array(lengths.dropFirst()), Array(inner.dropFirst())), flatten(pooled)], [])
    }
    let opened = names.next()
    let open = Onnx_TensorProto([-1, 1] + inner, name: names.next())
    return (
      [Onnx_NodeProto("Reshape", [tensor, open.name], [opened], [:]), pool(opened, pooled, lengths, inner), flatten(pooled)],
      [open]
    )
  }
}

extension Model {
  /// The network that gives, besides what is read, the means of tensors over cells of places from the same pass: one tensor
  /// [stimuli, cells], of each pool in order the cells of `pooledShape`.
  ///
  /// Cost: a pass over the graph. In a forward pass one pooling operator a tensor, which reads the tensor once, and copies of the means;
  /// one output, since each costs a runtime's caller some microseconds.
  /// - Parameter others: more tensors that the model gives, after these two.
  /// - Returns: the model and the names of its outputs: what is read, and the means.
  /// - Precondition: there are pools, their tensors are in the graph, and `isSupported` holds for each.
  package func givingCellMeans(of pools: [CellPool], reading output: String, alsoGiving others: [String] = []) -> (
    model: Model, outputs: (read: String, means: String)
  ) {
    precondition(!pools.isEmpty)
    var names = FreshNames(in: self, stem: "cell_means")
    var graph = proto.graph
    var parts: [String] = []
    for pool in pools {
      precondition(pool.isSupported, "\(pool.tensor) has too many axes to pool")
      let part = names.next()
      let (nodes, shapes) = pool.nodes(into: part, names: &names)
      // Behind everything: what reads a tensor is put in order when the graph is exposed.
      graph.node += nodes
      graph.initializer += shapes
      parts.append(part)
    }
    let means = names.next()
    graph.node.append(Onnx_NodeProto("Concat", parts, [means], ["axis": .int(1)]))
    return (replacingGraph(graph).exposing([output, means] + others), (output, means))
  }

  /// What the answer is made from: the tensor that the last operator that learned reads on the way to `output`. `nil` where that is
  /// an input of the network, or no float32 tensor.
  package func lastFeatures(before output: String) -> String? {
    guard let target = index.numbers[output] else { return nil }
    let above = index.ancestors(of: [target])
    guard let node = index.order.last(where: { above[$0] && OperatorTraits.isLearned(proto.graph.node[$0], functions: []) }),
      let features = index.reads[node].first(where: { index.dependence[$0] == .data && index.maker[$0] != nil })
    else { return nil }
    return elementTypes()[index.names[features]] == .float ? index.names[features] : nil
  }
}
