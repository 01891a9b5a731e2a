import ModelGraph
import Testing

@Suite struct `Ends of convolutions` {
  private enum Between: CaseIterable { case instances, groups, asTorch, asJax, oneChannelEach, chomp, gatedChomp }

  /// Two convolutions, each with what is named and an activation behind it.
  private static func model(_ between: Between) -> (model: Model, tensors: [String]) {
    var net = Networks.Writer(opset: 18)
    net.builder.input("x", [nil, 3, 16])
    net.builder.weight("scale", [4, 1], [Float(1), 2, 3, 4])
    net.builder.weight("starts", [1], [Int64(0)])
    net.builder.weight("ends", [1], [Int64(-2)])
    var x = "x"
    var tensors: [String] = []
    for c in 0..<2 {
      func add(_ type: String, _ inputs: String..., to output: String) -> String {
        tensors.append("\(output)\(c)")
        return net.builder.node(type, inputs, ["\(output)\(c)"], [:])
      }
      let made = add("Conv", x, net.weight(), to: "conv")
      switch between {
      case .instances: x = add("InstanceNormalization", made, net.weight(), net.weight(), to: "normal")
      case .groups: x = add("GroupNormalization", made, net.weight(), net.weight(), to: "normal")
      case .asTorch:
        let grouped = add("Reshape", made, net.weight(), to: "grouped")
        let normal = add("InstanceNormalization", grouped, net.weight(), net.weight(), to: "normal")
        let back = add("Reshape", normal, add("Shape", made, to: "shape"), to: "back")
        x = add("Add", add("Mul", back, "scale", to: "scaled"), net.weight(), to: "shifted")
      case .asJax:
        let turned = add("Transpose", made, to: "turned")
        let grouped = add("Reshape", turned, net.weight(), to: "grouped")
        let mean = add("ReduceMean", grouped, to: "mean")
        let centred = add("Sub", grouped, mean, to: "centred")
        let variance = add("ReduceMean", add("Mul", centred, centred, to: "squares"), to: "variance")
        let root = add("Sqrt", add("Add", variance, net.weight(), to: "raised"), to: "root")
        let back = add("Reshape", add("Div", centred, root, to: "normal"), add("Shape", turned, to: "shape"), to: "back")
        x = add("Mul", back, add("Reshape", "scale", net.weight(), to: "laid"), to: "scaled")
      case .oneChannelEach:
        let grouped = add("Reshape", made, net.weight(), to: "grouped")
        x = add("InstanceNormalization", grouped, net.weight(), net.weight(), to: "normal")
      case .chomp: x = add("Slice", made, "starts", "ends", to: "cut")
      case .gatedChomp:
        let cut = add("Slice", made, "starts", "ends", to: "cut")
        x = add("Mul", cut, add("Sigmoid", cut, to: "squashed"), to: "end")
      }
      if between != .gatedChomp { x = add("Relu", x, to: "end") }
    }
    net.add("Conv", x, net.weight(), to: "scores")
    net.builder.output("scores", [nil, 10, 1])
    return (net.model, tensors)
  }

  @Test(arguments: Between.allCases)
  private func `lie behind what normalises, cuts and activates them`(_ between: Between) {
    let (model, tensors) = Self.model(between)
    let roles = model.layerRoles(of: tensors, reading: "scores")
    #expect(Set(roles.filter { $0.value.kind == .conv }.keys) == ["end0", "end1"], "\(roles)")
  }

  /// A last place is no sequence, and a Reshape that nothing undoes no group.
  @Test(arguments: ["place", "patches"])
  func `lie before what takes something else of them`(_ kind: String) {
    var net = Networks.Writer(opset: 18)
    net.builder.input("x", [nil, 3, 16])
    net.builder.weight("starts", [1], [Int64(-1)])
    net.builder.weight("ends", [1], [Int64.max])
    net.add("Conv", "x", net.weight(), to: "conv")
    let taken =
      kind == "place"
      ? net.add("Slice", "conv", "starts", "ends", to: "last") : net.add("Reshape", "conv", net.weight(), to: "patches")
    net.add("Relu", taken, to: "rectified")
    net.add("Gemm", "rectified", net.weight(), to: "scores")
    net.builder.output("scores", [nil, 10])
    let roles = net.model.layerRoles(of: ["conv", taken, "rectified"], reading: "scores")
    #expect(roles.filter { $0.value.kind == .conv }.keys.sorted() == ["conv"], "\(roles)")
  }
}
