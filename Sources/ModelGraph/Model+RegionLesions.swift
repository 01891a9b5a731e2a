extension Model {
  /// The input that names the region of a layer that is lesioned in each row: int32, [batch, 1, …].
  package static func lesionInput(_ layer: Int) -> String { "lesioned_region_\(layer)" }

  /// The input that holds what lesioned units of a layer become: float32, of the layer's shape for one stimulus.
  package static func replacementInput(_ layer: Int) -> String { "lesion_replacement_\(layer)" }

  /// The network with one region of each of several tensors lesioned at once, chosen anew in every row of a batch: its
  /// units become 0, or what a further input holds. A region that doesn't exist, such as −1, lesions nothing.
  ///
  /// Nothing downstream changes its names: the operator that makes a tensor gets another output, and the tensor is made
  /// of that. What the model is given keeps its name, and all that reads it reads what is left of it.
  ///
  /// - Parameters:
  ///   - layers: each tensor with its shape for one stimulus and the region of each of its units, in memory order.
  ///   - output: what is read.
  ///   - replaces: whether lesioned units are replaced by something other than 0.
  /// - Precondition: operators make the tensors or the model is given them, and their first axis counts stimuli.
  package func lesioningRegions(
    of layers: [(tensor: String, shape: [Int], regions: [Int32])], reading output: String, replaces: Bool
  ) -> Model {
    var graph = proto.graph
    for (number, layer) in layers.enumerated() {
      let name = { (part: String) in "lesion_\(number)_\(part)" }
      let (intact, left): (String, String)
      if let maker = index.producer(of: layer.tensor) {
        (intact, left) = (name("intact"), layer.tensor)
        for place in graph.node[maker].output.indices where graph.node[maker].output[place] == layer.tensor {
          graph.node[maker].output[place] = intact
        }
        // The layer's own shape may be declared, and is the lesioned one's now.
        graph.valueInfo.removeAll { $0.name == layer.tensor }
      } else {
        (intact, left) = (layer.tensor, name("left"))
        for place in graph.node.indices { graph.node[place].renameReads(of: intact, to: left) }
      }
      var regions = Onnx_TensorProto()
      regions.name = name("regions")
      regions.dims = [1] + layer.shape.dropFirst().map(Int64.init)
      regions.dataType = ElementType.int32.rawValue
      regions.int32Data = layer.regions
      var one = Onnx_TensorProto()
      one.name = name("one")
      one.dataType = ElementType.float.rawValue
      one.floatData = [1]
      graph.initializer += [regions, one]

      var nodes = GraphBuilder(name: "")
      let isLesioned = nodes.node("Equal", [regions.name, Self.lesionInput(number)], [name("is_lesioned")])
      let lesioned = nodes.node(
        "Cast", [isLesioned], [name("lesioned")], ["to": .int(Int(ElementType.float.rawValue))])
      let kept = nodes.node("Sub", [one.name, lesioned], [name("kept")])
      // The operator that made the tensor may be called by its name.
      let remains = nodes.node(
        "Mul", [intact, kept], [replaces ? name("remains") : left], name: name("remains"))
      graph.input.append(Onnx_ValueInfoProto(name: Self.lesionInput(number), elementType: .int32))
      if replaces {
        graph.input.append(Onnx_ValueInfoProto(name: Self.replacementInput(number), elementType: .float))
        let replaced = nodes.node("Mul", [Self.replacementInput(number), lesioned], [name("replaced")])
        nodes.node("Add", [remains, replaced], [left], name: name("sum"))
      }
      // Behind everything: what reads the tensor is put in order when the graph is exposed.
      graph.node += nodes.graph.node
    }
    return replacingGraph(graph).exposing([output])
  }
}
