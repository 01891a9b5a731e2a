extension Model {
  /// The tensors that keep channels in blocks of 8 or 16, as convolutions do in models that ONNX Runtime has written for a processor
  /// (domain `com.microsoft.nchwc`): from where channels are put into blocks to where they are taken out of them. Their shapes read
  /// N, C, H, W all the same.
  ///
  /// Cost: linear in the graph's size.
  package var tensorsInChannelBlocks: Set<String> {
    var blocked: Set<String> = []
    for number in index.order {
      let node = proto.graph.node[number]
      let isBlocked =
        node.domain == "com.microsoft.nchwc"
        ? node.opType != "ReorderOutput" : node.input.contains(where: blocked.contains)
      if isBlocked { blocked.formUnion(node.output) }
    }
    return blocked
  }
}
