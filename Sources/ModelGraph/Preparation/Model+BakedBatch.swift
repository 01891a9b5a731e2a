extension Model {
  /// The length of a batch above 1 that was baked in when the model was exported; `nil` if there is none.
  ///
  /// Nothing in such a model tells the batch from a length of the network's own. The stimuli do: an array of N stimuli is as
  /// long as the input along all axes but the first. All inputs must have the same first length, and an output too.
  ///
  /// - Parameter stimuli: by input, one stimulus's shape.
  package func bakedBatch(feeding stimuli: [String: [Int]]) -> Int? {
    let ports = inputs
    guard !ports.isEmpty, ports.allSatisfy({ $0.batchAxis == nil }) else { return nil }
    var length: Int?
    for port in ports {
      guard let lengths = port.fixedLengths, let first = lengths.first, first > 1, first == length ?? first,
        stimuli[port.name] == Array(lengths.dropFirst())
      else { return nil }
      length = first
    }
    return outputs.contains { $0.dimensions?.first == length.map(Dimension.fixed) } ? length : nil
  }

  /// The model with a batch of 1 where one of `length` was baked in: in declarations and in the targets of Reshape that
  /// begin with it. A target that lies elsewhere stays, and then the model doesn't run, or doesn't give each row what it
  /// gives alone, which a survey finds out.
  package func replacingBakedBatch(_ length: Int) -> Model {
    var graph = proto.graph
    func shorten(_ ports: inout [Onnx_ValueInfoProto]) {
      for place in ports.indices {
        guard ports[place].type.tensorType.shape.dim.first?.dimValue == Int64(length) else { continue }
        ports[place].type.tensorType.shape.dim[0].dimValue = 1
      }
    }
    shorten(&graph.input)
    shorten(&graph.output)
    graph.valueInfo = []
    for place in graph.node.indices where graph.node[place].opType == "Reshape" && graph.node[place].isStandard {
      guard let target = graph.node[place].input(at: 1).flatMap(integerConstant), target.first == Int64(length) else { continue }
      var tensor = Onnx_TensorProto()
      tensor.name = "batch_of_one_\(place)"
      tensor.dims = [Int64(target.count)]
      tensor.dataType = ElementType.int64.rawValue
      tensor.int64Data = [1] + target.dropFirst()
      graph.initializer.append(tensor)
      graph.node[place].input[1] = tensor.name
    }
    return replacingGraph(graph)
  }
}

extension Port {
  /// All lengths, where all are fixed.
  fileprivate var fixedLengths: [Int]? {
    guard let dimensions else { return nil }
    let lengths = dimensions.compactMap { if case .fixed(let length) = $0 { length } else { nil } }
    return lengths.count == dimensions.count ? lengths : nil
  }
}
