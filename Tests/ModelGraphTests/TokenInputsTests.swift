import ModelGraph
import Testing

@Suite struct `Inputs of tokens` {
  /// An encoder and a decoder of sequences that may be as long, each with its mask; the decoder reads the encoder, too.
  private static let model = {
    var net = Networks.Writer()
    for input in ["input_ids", "encoder_mask", "decoder_input_ids", "decoder_mask"] {
      net.builder.input(input, [nil, 6], type: .int64)
    }
    func stream(_ ids: String, _ mask: String, _ name: String) {
      net.add("Gather", net.weight(), ids, to: "\(name)_embedded")
      net.add("Cast", mask, to: "\(name)_kept", ["to": .int(1)])
      net.add("Mul", "\(name)_embedded", "\(name)_kept", to: "\(name)_masked")
      net.add("MatMul", "\(name)_masked", net.weight(), to: "\(name)_mixed")
    }
    stream("input_ids", "encoder_mask", "encoder")
    stream("decoder_input_ids", "decoder_mask", "decoder")
    net.add("Mul", "encoder_mixed", "encoder_kept", to: "memory")
    net.add("MatMul", "decoder_mixed", "memory", to: "crossed")
    net.builder.output("crossed", [nil, 6, 6])
    return net.model
  }()

  @Test func `are told by what follows from one of them alone`() {
    let inputs = TokenInputs(["decoder_input_ids", "input_ids"], in: Self.model)
    for tensor in ["encoder_embedded", "encoder_mixed", "memory"] { #expect(inputs.sequence(ofTensor: tensor) == "input_ids") }
    for tensor in ["decoder_embedded", "decoder_mixed", "crossed"] {
      #expect(inputs.sequence(ofTensor: tensor) == "decoder_input_ids")
    }
    #expect(inputs.sequence(ofMask: "encoder_mask") == "input_ids")
    #expect(inputs.sequence(ofMask: "decoder_mask") == "decoder_input_ids")
    #expect(inputs.sequence(ofTensor: "encoder_kept") == nil && inputs.sequence(ofTensor: "none") == nil)
  }

  @Test func `are the last named of two that lead to the same`() {
    var net = Networks.Writer()
    for input in ["languages", "input_ids"] { net.builder.input(input, [nil, 6], type: .int64) }
    net.add("Add", "languages", "input_ids", to: "sum")
    net.builder.output("sum", [nil, 6])
    for names in [["languages", "input_ids"], ["input_ids", "languages"]] {
      #expect(TokenInputs(names, in: net.model).sequence(ofTensor: "sum") == names[1])
    }
  }
}
