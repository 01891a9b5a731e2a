/// What is done to a model before it is scanned; the same on all ranks, so a plan carries it.
package struct ModelPreparation: Hashable, Sendable, Codable {
  /// The batch above 1 that was baked in and is replaced by one of 1; `nil` if there was none.
  package var bakedBatch: Int?
  /// The branches that are taken, by the first tensor of each If; one entry a round, since a branch may hold Ifs.
  package var branches: [[String: Bool]]
  /// Whether a batch of 1 that was baked in is freed.
  package var freesBatch: Bool
  /// The tensors that are turned into a form that can be scanned.
  package var views: [TensorView]

  package init(
    bakedBatch: Int? = nil, branches: [[String: Bool]] = [], freesBatch: Bool = false, views: [TensorView] = []
  ) {
    self.bakedBatch = bakedBatch
    self.branches = branches
    self.freesBatch = freesBatch
    self.views = views
  }

  /// How far two runs of the network may be apart, as a share of the largest score: what its types round, many times over.
  package var tolerance: Double {
    let types = Set(views.map(\.elementType))
    return types.contains(.bfloat16) ? 5e-2 : types.contains(.float16) ? 1e-2 : 1e-3
  }
}

extension Model {
  /// The model as it is scanned. Cost: some passes over the graph; weights are shared.
  package func prepared(_ preparation: ModelPreparation) -> Model {
    var model = preparation.bakedBatch.map(replacingBakedBatch) ?? self
    for round in preparation.branches { model = model.inliningBranches(round) }
    if preparation.freesBatch { model = model.freeingBatchAxis() ?? model }
    return model.presenting(preparation.views)
  }

  /// The same graph, giving the shapes of tensors in their places: outputs are int64 vectors in order.
  ///
  /// - Precondition: the tensors are in the graph.
  package func exposingShapes(of tensors: [String]) -> Model {
    var graph = proto.graph
    var nodes = GraphBuilder(name: "")
    let names = tensors.indices.map { "shape_of_tensor_\($0)" }
    for (tensor, name) in zip(tensors, names) { nodes.node("Shape", [tensor], [name]) }
    graph.node += nodes.graph.node
    return replacingGraph(graph).exposing(names)
  }
}
