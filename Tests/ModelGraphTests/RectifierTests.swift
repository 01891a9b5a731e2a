import ModelGraph
import Testing

@Suite struct `Rectifiers that are spelled out` {
  private enum Form: CaseIterable { case last, first, zeros, limited, turned }

  /// Products, each with max(x, 0) or min(max(x, 0), 6) behind it.
  private static func perceptron(_ form: Form) -> (model: Model, ends: Set<String>) {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 8])
    net.builder.weight("zero", [], [Float(0)])
    net.builder.weight("zeros", [1, 2], [Float(0), 0])
    net.builder.weight("six", [], [Float(6)])
    var x = "x"
    var ends: Set<String> = []
    for layer in 0..<3 {
      x = net.add("Gemm", x, net.weight(), to: "product\(layer)")
      switch form {
      case .last: x = net.add("Max", x, "zero", to: "rectified\(layer)")
      case .first: x = net.add("Max", "zero", x, to: "rectified\(layer)")
      case .zeros: x = net.add("Max", x, "zeros", to: "rectified\(layer)")
      case .limited: x = net.add("Min", net.add("Max", x, "zero", to: "inner\(layer)"), "six", to: "rectified\(layer)")
      case .turned: x = net.add("Max", net.add("Min", "six", x, to: "inner\(layer)"), "zero", to: "rectified\(layer)")
      }
      ends.insert(x)
    }
    net.add("Gemm", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 3])
    return (net.model, ends)
  }

  @Test(arguments: Form.allCases)
  private func `are layers' activations`(_ form: Form) {
    let (model, ends) = Self.perceptron(form)
    #expect(Set(model.automaticLayers()) == ends)
    let roles = model.layerRoles(of: Array(ends) + ["product0"], reading: "logits")
    #expect(ends.allSatisfy { roles[$0]?.kind == .activation }, "\(roles)")
    #expect(roles["product0"]?.kind == .other)
  }

  /// Neither the larger of two tensors, nor one above another bound, nor what a root is kept from being negative by.
  @Test(arguments: ["tensors", "bound", "root"])
  func `are told from other maxima`(_ form: String) {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 8])
    net.builder.weight("zero", [], [Float(0)])
    net.add("Gemm", "x", net.weight(), to: "first")
    let other = form == "tensors" ? net.add("Gemm", "x", net.weight(), to: "second") : form == "bound" ? net.weight() : "zero"
    var x = net.add("Max", "first", other, to: "larger")
    if form == "root" { x = net.add("Sqrt", net.add("Add", x, net.weight(), to: "raised"), to: "root") }
    net.add("Gemm", x, net.weight(), to: "logits")
    net.builder.output("logits", [nil, 3])
    #expect(net.model.layerRoles(of: ["larger"], reading: "logits")["larger"]?.kind == .other)
  }

  /// y·min(max(x + 3, 0), 6)/6 has a gate.
  @Test func `make hard sigmoids`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 8])
    net.builder.weight("zero", [], [Float(0)])
    net.add("Gemm", "x", net.weight(), to: "first")
    net.add("Gemm", "x", net.weight(), to: "second")
    net.add("Add", "first", net.weight(), to: "raised")
    net.add("Max", "raised", "zero", to: "rectified")
    net.add("Min", "rectified", net.weight(), to: "limited")
    net.add("Div", "limited", net.weight(), to: "hard")
    net.add("Mul", "second", "hard", to: "product")
    net.add("Gemm", "product", net.weight(), to: "logits")
    net.builder.output("logits", [nil, 10])
    let roles = net.model.layerRoles(of: ["hard", "limited", "rectified", "second"], reading: "logits")
    #expect(["hard", "limited", "rectified"].allSatisfy { roles[$0]?.kind == .gate }, "\(roles)")
    #expect(roles["second"]?.kind != .gate)
  }
}
