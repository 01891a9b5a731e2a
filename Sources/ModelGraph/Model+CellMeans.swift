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

  /// The nodes that make the means, and the shapes that they read.
  fileprivate func nodes(into output: String, names: inout FreshNames) -> (nodes: [Onnx_NodeProto], shapes: [Onnx_TensorProto]) {
    guard !isPlain else { return ([Onnx_NodeProto("Identity", [tensor], [output], [:])], []) }
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
    if isDirect { return ([pool(tensor, output, Array(lengths.dropFirst()), Array(inner.dropFirst()))], []) }
    let (opened, pooled) = (names.next(), names.next())
    let open = Onnx_TensorProto([-1, 1] + inner, name: names.next())
    let close = Onnx_TensorProto([-1] + pooledShape.dropFirst(), name: names.next())
    return (
      [
        Onnx_NodeProto("Reshape", [tensor, open.name], [opened], [:]),
        pool(opened, pooled, lengths, inner),
        Onnx_NodeProto("Reshape", [pooled, close.name], [output], [:]),
      ], [open, close]
    )
  }
}

extension Model {
  /// The network that gives, besides what is read, the means of tensors over cells of places: of each the tensor
  /// [stimuli] + `pooledShape`, from the same pass.
  ///
  /// Cost: a pass over the graph. In a forward pass one pooling operator a tensor, which reads the tensor once; two reshapes,
  /// which copy nothing, where its channels come last.
  /// - Returns: the model and the names of its outputs: what is read, then one a pool in order.
  /// - Precondition: the tensors are in the graph, and `isSupported` holds for each pool.
  package func givingCellMeans(of pools: [CellPool], reading output: String) -> (model: Model, outputs: [String]) {
    var names = FreshNames(in: self, stem: "cell_means")
    var graph = proto.graph
    var outputs: [String] = []
    for pool in pools {
      precondition(pool.isSupported, "\(pool.tensor) has too many axes to pool")
      let output = names.next()
      let (nodes, shapes) = pool.nodes(into: output, names: &names)
      // Behind everything: what reads a tensor is put in order when the graph is exposed.
      graph.node += nodes
      graph.initializer += shapes
      outputs.append(output)
    }
    let all = [output] + outputs
    return (replacingGraph(graph).exposing(all), all)
  }
}
