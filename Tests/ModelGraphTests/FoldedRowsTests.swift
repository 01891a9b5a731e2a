import Testing

@testable import ModelGraph

@Suite struct `Rows that are folded into the batch` {
  /// Retention: heads of tokens are mixed, laid out as rows, normalised in as many groups as there are heads, and unfolded.
  private static func retention() -> LayoutGraph {
    var net = LayoutGraph([1, 10])
    net.weight("table", [50, 32])
    net.weight("square", [32, 32])
    net.weight("scale", [32])
    net.weight("ones", [4])
    net.weight("shape", [1])
    net.add("Gather", ["table", "x"], "stream0", [1, 10, 32])
    for block in 0..<2 {
      let name = { (part: String) in "\(part)\(block)" }
      net.add("LayerNormalization", ["stream\(block)", "scale", "scale"], name("normal"), [1, 10, 32])
      for part in ["q", "k", "v"] {
        net.add("MatMul", [name("normal"), "square"], name("\(part)_product"), [1, 10, 32])
        net.add("Reshape", [name("\(part)_product"), "shape"], name("\(part)_split"), [1, 10, 4, 8])
        let isKeys = part == "k"
        net.add(
          "Transpose", [name("\(part)_split")], name(part), isKeys ? [1, 4, 8, 10] : [1, 4, 10, 8],
          ["perm": .ints(isKeys ? [0, 2, 3, 1] : [0, 2, 1, 3])])
      }
      net.add("MatMul", [name("q"), name("k")], name("scores"), [1, 4, 10, 10])
      net.add("MatMul", [name("scores"), name("v")], name("mixed"), [1, 4, 10, 8])
      net.add("Transpose", [name("mixed")], name("turned"), [1, 10, 4, 8], ["perm": .ints([0, 2, 1, 3])])
      net.add("Reshape", [name("turned"), "shape"], name("rows"), [10, 32])
      net.add("Reshape", [name("rows"), "shape"], name("grouped"), [10, 4, 8])
      net.add("InstanceNormalization", [name("grouped"), "ones", "ones"], name("instances"), [10, 4, 8])
      net.add("Reshape", [name("instances"), "shape"], name("back"), [10, 32])
      net.add("Mul", [name("back"), "scale"], name("scaled"), [10, 32])
      net.add("Reshape", [name("scaled"), "shape"], name("unfolded"), [1, 10, 32])
      net.add("MatMul", [name("unfolded"), "square"], name("branch"), [1, 10, 32])
      net.add("Add", ["stream\(block)", name("branch")], "stream\(block + 1)", [1, 10, 32])
    }
    return net
  }

  @Test func `are tokens, and groups of their features heads`() {
    let net = Self.retention()
    let inference = net.inference()
    func names(_ tensor: String) -> String {
      let shape = net.shapes[tensor]!
      let batch = shape[0] == 1 ? TensorView.Batch.first : .folded(axis: 0, count: 10, isOuter: true)
      return inference.layout(of: TensorView(tensor: tensor, elementType: .float, batch: batch, shape: shape)).names
    }
    for block in 0..<2 {
      for tensor in ["q", "v", "mixed"] { #expect(names("\(tensor)\(block)") == "N,head,T,C", "\(tensor)\(block)") }
      #expect(names("k\(block)") == "N,head,C,T")
      #expect(names("scores\(block)") == "N,head,T,T")
      for tensor in ["turned", "v_split", "q_split", "grouped", "instances"] {
        #expect(names("\(tensor)\(block)") == "N,T,head,C", "\(tensor)\(block)")
      }
      for tensor in ["rows", "back", "scaled", "unfolded", "branch", "normal"] {
        #expect(names("\(tensor)\(block)") == "N,T,C", "\(tensor)\(block)")
      }
    }
    for block in 0...2 { #expect(names("stream\(block)") == "N,T,C") }
  }
}
