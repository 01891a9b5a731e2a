/// A tensor whose means and peaks over cells of places are asked for, and how long a cell is along each axis.
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
  private var isPlain: Bool { lengths.allSatisfy { $0 == 1 } }

  /// Whether cells have largest units besides their means: where they hold more than one.
  package var hasPeaks: Bool { !isPlain }

  /// Whether a pooling operator of 1 to 3 axes can be laid over the tensor as it is: its second axis is kept.
  private var isDirect: Bool { (3...5).contains(shape.count) && lengths[0] == 1 }

  /// Whether the runtime has an operator for it: pooling is over at most three axes.
  package var isSupported: Bool { isPlain || isDirect || (2...4).contains(shape.count) }

  /// The nodes that make the means, and where there are peaks those, each [stimuli, cells], and the shape that they read.
  fileprivate func nodes(
    names: inout FreshNames
  ) -> (nodes: [Onnx_NodeProto], shapes: [Onnx_TensorProto], parts: [String]) {
    var nodes: [Onnx_NodeProto] = []
    var shapes: [Onnx_TensorProto] = []
    var parts: [String] = []
    func flatten(_ source: String) {
      parts.append(names.next())
      nodes.append(Onnx_NodeProto("Flatten", [source], [parts[parts.count - 1]], ["axis": .int(1)]))
    }
    guard hasPeaks else {
      flatten(tensor)
      return (nodes, shapes, parts)
    }
    var (source, lengths, axes) = (tensor, Array(lengths.dropFirst()), Array(shape.dropFirst(2)))
    if !isDirect {
      source = names.next()
      (lengths, axes) = (self.lengths, Array(shape.dropFirst()))
      shapes.append(Onnx_TensorProto([-1, 1] + axes, name: names.next()))
      nodes.append(Onnx_NodeProto("Reshape", [tensor, shapes[0].name], [source], [:]))
    }
    // Of a cell that reaches beyond the end what it holds counts.
    let overhang = zip(axes, lengths).map { length, cell in (length + cell - 1) / cell * cell - length }
    for pooling in ["AveragePool", "MaxPool"] {
      let pooled = names.next()
      nodes.append(
        Onnx_NodeProto(
          pooling, [source], [pooled],
          [
            "kernel_shape": .ints(lengths), "strides": .ints(lengths),
            "pads": .ints(lengths.map { _ in 0 } + overhang),
          ]))
      flatten(pooled)
    }
    return (nodes, shapes, parts)
  }
}

extension Model {
  /// The network that gives, besides what is read, the means and the largest units of tensors over cells of places from the same pass:
  /// one tensor [stimuli, numbers], of each pool in order the means of the cells of `pooledShape`, then, where it `hasPeaks`, the
  /// largest unit of each.
  ///
  /// Cost: a pass over the graph. In a forward pass two pooling operators a tensor, each of which reads the tensor once, and copies of
  /// the cells; one output, since each costs a runtime's caller some microseconds.
  /// - Parameter others: more tensors that the model gives, after these two.
  /// - Returns: the model and the names of its outputs: what is read, and the cells.
  /// - Precondition: there are pools, their tensors are in the graph, and `isSupported` holds for each.
  package func givingCells(of pools: [CellPool], reading output: String, alsoGiving others: [String] = []) -> (
    model: Model, outputs: (read: String, cells: String)
  ) {
    precondition(!pools.isEmpty)
    var names = FreshNames(in: self, stem: "cells")
    var graph = proto.graph
    var parts: [String] = []
    for pool in pools {
      precondition(pool.isSupported, "\(pool.tensor) has too many axes to pool")
      let made = pool.nodes(names: &names)
      // Behind everything: what reads a tensor is put in order when the graph is exposed.
      graph.node += made.nodes
      graph.initializer += made.shapes
      parts += made.parts
    }
    let cells = names.next()
    graph.node.append(Onnx_NodeProto("Concat", parts, [cells], ["axis": .int(1)]))
    return (replacingGraph(graph).exposing([output, cells] + others), (output, cells))
  }

  /// What the answer is made from: the tensor that the last operator that learned reads on the way to `output`. `nil` where that is
  /// an input of the network, or no float32 tensor.
  package func lastFeatures(before output: String) -> String? {
    guard let target = index.numbers[output] else { return nil }
    let above = index.ancestors(of: [target])
    guard let node = index.order.last(where: { above[$0] && OperatorTraits.isLearned(proto.graph.node[$0], functions: []) }),
      var features = index.reads[node].first(where: { index.dependence[$0] == .data && index.maker[$0] != nil })
    else { return nil }
    // What is quantised for the operator was made of what counts.
    while let maker = index.maker[features],
      ["QuantizeLinear", "DynamicQuantizeLinear"].contains(proto.graph.node[maker].opType),
      let floats = index.reads[maker].first, index.maker[floats] != nil
    {
      features = floats
    }
    return elementTypes()[index.names[features]] == .float ? index.names[features] : nil
  }
}
