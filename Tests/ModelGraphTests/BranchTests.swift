import ModelGraph
import Testing

@Suite struct `Branches that all stimuli take` {
  /// An If in an If, decided by a shape and by a rate; the bodies call what they make alike.
  private static var model: Model {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.builder.input("rate", [], type: .int64)
    func body(_ name: String, _ nodes: (inout GraphBuilder) -> Void) -> Onnx_GraphProto {
      var body = GraphBuilder(name: name)
      nodes(&body)
      body.output("out", [nil, 4])
      return body.graph
    }
    let inner = body("inner") { $0.node("Neg", ["hidden"], ["out"], name: "node") }
    let other = body("other") { $0.node("Identity", ["hidden"], ["out"], name: "node") }
    let outer = body("outer") { body in
      body.node("Relu", ["x"], ["hidden"], name: "node")
      body.node("Equal", ["rate", "hz"], ["is_inner"])
      body.node("If", ["is_inner"], ["out"], ["then_branch": .graph(inner), "else_branch": .graph(other)])
    }
    let passed = body("passed") { $0.node("Abs", ["x"], ["out"]) }
    net.builder.weight("hz", [], [Int64(16_000)])
    net.add("Shape", "x", to: "shape")
    net.add("Size", "shape", to: "rank")
    net.add("Equal", "rank", "two", to: "is_plane")
    net.builder.weight("two", [], [Int64(2)])
    net.builder.node("If", ["is_plane"], ["y"], ["then_branch": .graph(outer), "else_branch": .graph(passed)], name: "node")
    net.builder.output("y", [nil, 4])
    return net.model
  }

  @Test func `are those that no value of a stimulus decides`() {
    #expect(Self.model.branchings(stimuli: ["x"]).map(\.output) == ["y"])
    #expect(Self.model.branchings(stimuli: ["x", "rate"]).map(\.output) == ["y"])
    let next = Self.model.inliningBranches(["y": true])
    #expect(next.branchings(stimuli: ["x"]).map(\.condition) == ["is_inner"])
    #expect(next.branchings(stimuli: ["x", "rate"]) == [])
  }

  @Test func `take the place of their Ifs, with names that nothing else has`() throws {
    let model = Self.model.inliningBranches(["y": true]).inliningBranches(["y": true])
    let nodes = model.proto.graph.node
    #expect(!nodes.contains { $0.opType == "If" })
    #expect(model.layerCandidates().map(\.tensor) == ["hidden"])
    let tensors = nodes.flatMap(\.output)
    #expect(Set(tensors).count == tensors.count)
    let names = nodes.map(\.name).filter { !$0.isEmpty }
    #expect(Set(names).count == names.count)
    #expect(nodes.last { $0.output == ["y"] }?.opType == "Neg")
    #expect(Self.model.inliningBranches(["y": false]).proto.graph.node.last { $0.output == ["y"] }?.opType == "Abs")
  }
}

@Suite struct `A layout by letters` {
  @Test(arguments: [
    ("nchw", GridAxes(height: [2], width: [3], channels: [1])), ("nhwc", GridAxes(height: [1], width: [2], channels: [3])),
    ("nct", GridAxes(height: [2], width: [], channels: [1])), ("NTC", GridAxes(height: [1], width: [], channels: [2])),
    ("ncdhw", GridAxes(height: [2, 3], width: [4], channels: [1])), ("nc", GridAxes(height: [], width: [], channels: [1])),
  ])
  func `names the axes of a grid`(_ text: String, _ axes: GridAxes) {
    #expect(GridAxes(layout: text) == axes)
  }

  @Test(arguments: ["", "n", "chw", "nchx", "nchh", "tnc"])
  func `that isn't one is none`(_ text: String) {
    #expect(GridAxes(layout: text) == nil)
  }
}
