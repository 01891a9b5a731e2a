import Testing

@testable import Reporting

@Suite struct `Short names of tensors` {
  @Test func `drop what repeats and what all have`() {
    let names = LayerNames(["/Relu_output_0", "/layer1/layer1.0/Relu_1_output_0", "/layer1/layer1.1/Relu_1_output_0"])
    #expect(names.short == ["Relu", "layer1.0", "layer1.1"])
  }

  @Test func `stay apart where a part alone wouldn't tell`() {
    let names = LayerNames(["/block/Relu_output_0", "/block/Add_output_0", "h"])
    #expect(names.short == ["block/Relu", "block/Add", "h"])
    #expect(LayerNames(["a/x_output_0", "a/x"]).short == ["a/x_output_0", "a/x"])
    #expect(LayerNames(["/", ""]).short == ["/", ""])
  }

  @Test func `are cut in their middle where they are long`() {
    let long = "/transformer/encoder/layer_with_a_long_name/attention/output/dense/Add"
    let name = LayerNames([long, "b"]).short[0]
    #expect(name.count <= 28 && name.contains("…") && name.hasSuffix("dense"))
  }
}
