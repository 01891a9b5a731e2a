import ModelGraph
import Testing

/// Files that ONNX Runtime's optimiser has been over.
@Suite struct `Layers with joined operators` {
  /// As ONNX Runtime joins a convolution and what activates it.
  @Test func `are no gates that a convolution is joined with`() {
    var net = Networks.Writer()
    net.builder.input("x", [nil, 3, 16, 16])
    net.add("Conv", "x", net.weight(), to: "wide")
    net.add("GlobalAveragePool", "wide", to: "pool")
    net.builder.node(
      "FusedConv", ["pool", net.weight()], ["gate"], ["activation": .string("HardSigmoid")], domain: "com.microsoft")
    net.add("Mul", "wide", "gate", to: "scaled")
    net.add("GlobalAveragePool", net.add("Conv", "scaled", net.weight(), to: "last"), to: "logits")
    net.builder.output("logits", [nil, 10, 1, 1])
    let roles = net.model.layerRoles(of: ["gate", "last"], reading: "logits")
    #expect(roles["gate"]?.kind == .gate && roles["last"]?.kind == .conv, "\(roles)")
  }
}
