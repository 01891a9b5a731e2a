extension Model {
  /// Why a tensor can't be frozen while another is lesioned, as the end of a sentence that begins with the other; `nil` if it can.
  package func reasonAgainst(freezing frozen: String, cutAt tensor: String) -> String? {
    guard frozen != tensor else { return "it is the frozen tensor itself, in which no lesion would be left" }
    guard let source = index.numbers[tensor], let target = index.numbers[frozen], index.follows(from: source)[target] else {
      return "the frozen tensor \"\(frozen)\" doesn't follow from it, so nothing that it does goes through there"
    }
    return nil
  }

  /// The same network, in which a tensor is put together of itself, where its units are frozen, and of itself: what is frozen
  /// has a name of its own, at which a suffix can be given it.
  ///
  /// - Returns: the network, and the name.
  /// - Precondition: an operator makes the tensor, whose first axis counts stimuli.
  func separating(_ frozen: FrozenTensor, _ units: [Range<Int>]) -> (model: Model, intact: String) {
    guard let maker = index.producer(of: frozen.tensor) else { preconditionFailure("no operator makes \(frozen.tensor)") }
    var graph = proto.graph
    var names = FreshNames(in: self, stem: "")
    let (lesioned, intact, mask) = (
      names.next(wished: frozen.tensor + "_lesioned"), names.next(wished: frozen.tensor + "_intact"),
      names.next(wished: frozen.tensor + "_is_frozen")
    )
    for place in graph.node[maker].output.indices where graph.node[maker].output[place] == frozen.tensor {
      graph.node[maker].output[place] = lesioned
    }
    var isFrozen = Onnx_TensorProto()
    isFrozen.name = mask
    isFrozen.dims = [1] + frozen.shape.dropFirst().map(Int64.init)
    isFrozen.dataType = ElementType.bool.rawValue
    isFrozen.int32Data = [Int32](repeating: 0, count: frozen.shape.reduce(1, *))
    for unit in units.joined() { isFrozen.int32Data[unit] = 1 }
    graph.initializer.append(isFrozen)
    var nodes = GraphBuilder(name: "")
    nodes.node("Identity", [lesioned], [intact])
    // The operator that made the tensor may be called by its name.
    nodes.node("Where", [mask, intact, lesioned], [frozen.tensor], name: mask)
    graph.node += nodes.graph.node
    return (replacingGraph(graph), intact)
  }

  /// A node as it is in a suffix that is given one of its outputs: that output has another name.
  func hiding(_ frozen: Int?, in node: Onnx_NodeProto) -> Onnx_NodeProto {
    guard let frozen, let place = node.output.firstIndex(of: index.names[frozen]) else { return node }
    var names = FreshNames(in: self, stem: "")
    var node = node
    node.output[place] = names.next(wished: index.names[frozen] + "_lesioned")
    return node
  }
}
