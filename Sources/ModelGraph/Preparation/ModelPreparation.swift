/// What is done to a model before it is scanned; the same on all ranks, so a plan carries it.
package struct ModelPreparation: Hashable, Sendable, Codable {
  /// The batch above 1 that was baked in and is replaced by one of 1; `nil` if there was none.
  package var bakedBatch: Int?
  /// By input: the axis that counts stimuli, where nothing in the file tells and running the network did.
  package var batchAxes: [String: Int]?
  /// The branches that are taken, by the first tensor of each If; one entry a round, since a branch may hold Ifs.
  package var branches: [[String: Bool]]
  /// Whether what computes in bfloat16 gets float32 and is rounded.
  package var roundsToBfloat16: Bool
  /// Whether a batch of 1 that was baked in is freed.
  package var freesBatch: Bool
  /// Whether the network rounds activations to few levels, so that the last bits of a float decide between two of them.
  package var isQuantized: Bool
  /// The tensors that are turned into a form that can be scanned.
  package var views: [TensorView]

  package init(
    bakedBatch: Int? = nil, branches: [[String: Bool]] = [], roundsToBfloat16: Bool = false, freesBatch: Bool = false,
    isQuantized: Bool = false, views: [TensorView] = []
  ) {
    self.bakedBatch = bakedBatch
    self.branches = branches
    self.roundsToBfloat16 = roundsToBfloat16
    self.freesBatch = freesBatch
    self.isQuantized = isQuantized
    self.views = views
  }

  /// How far two runs of the network may be apart, as a share of the largest score: what its types round, many times over.
  package var tolerance: Double { isQuantized ? 1e-1 : roundingTolerance }

  /// The same for rows of a batch and each of them alone; of a quantised network in batches of one size, which do the same
  /// arithmetic, so that half a level's difference shows that rows share a scale.
  package var rowTolerance: Double { isQuantized ? 1e-6 : roundingTolerance }

  private var roundingTolerance: Double {
    let types = Set(views.map(\.elementType))
    return roundsToBfloat16 || types.contains(.bfloat16) ? 5e-2 : types.contains(.float16) ? 1e-2 : 1e-3
  }
}

extension Model {
  /// The model as it is scanned. Cost: some passes over the graph; weights are shared.
  package func prepared(_ preparation: ModelPreparation) -> Model {
    var model = preparation.bakedBatch.map(replacingBakedBatch) ?? self
    if let axes = preparation.batchAxes { model = model.declaringBatch(along: axes) }
    for round in preparation.branches { model = model.inliningBranches(round) }
    if preparation.roundsToBfloat16 { model = model.roundingToBfloat16() }
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
