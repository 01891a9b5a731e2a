import Testing

@testable import ModelGraph

/// How tokens follow from the patches of a picture.
struct PatchCutTests {
  /// A picture of 48 x 24, cut by 8 x 8.
  ///
  /// - Parameters:
  ///   - turned: whether the picture is turned before it is cut.
  ///   - order: of the cut picture's axes before rows and columns become one.
  private func cuts(turned: Bool, order: [Int], folded: Bool = true) throws -> [PatchCut] {
    var network = GraphBuilder(name: "patches", opset: 17)
    network.input("picture", [nil, 1, 48, 24])
    network.weight("kernel", [5, 1, 8, 8], [Float](repeating: 1, count: 320))
    network.weight("bias", [5, 1, 1], [0, 1, 2, 3, 4] as [Float])
    var shapes = ["picture": [1, 1, 48, 24], "bias": [5, 1, 1]]
    if turned {
      network.node("Transpose", ["picture"], ["seen"], ["perm": .ints([0, 1, 3, 2])])
      shapes["seen"] = [1, 1, 24, 48]
    }
    network.node("Conv", [turned ? "seen" : "picture", "kernel"], ["cut"], ["strides": .ints([8, 8])])
    network.node("Add", ["cut", "bias"], ["moved"])
    network.node("Transpose", ["moved"], ["laid"], ["perm": .ints(order)])
    let cut = turned ? [1, 5, 3, 6] : [1, 5, 6, 3]
    (shapes["cut"], shapes["moved"], shapes["laid"]) = (cut, cut, order.map { cut[$0] })
    network.weight("shape", [3], [0, order[1] == 1 ? 5 : -1, order[1] == 1 ? -1 : 5] as [Int64])
    network.node(folded ? "Reshape" : "Softmax", ["laid"] + (folded ? ["shape"] : []), ["tokens"])
    shapes["tokens"] = folded ? (order[1] == 1 ? [1, 5, 18] : [1, 18, 5]) : shapes["laid"]
    network.node("Relu", ["tokens"], ["active"])
    shapes["active"] = shapes["tokens"]
    network.output("active", [nil, nil, nil])
    return try Model(proto: network.model, label: "patches").patchCuts(upstreamOf: "active", shapes: shapes).map(\.cut)
  }

  @Test(arguments: [
    (false, [0, 1, 2, 3], false), (false, [0, 1, 3, 2], true), (false, [0, 2, 3, 1], false), (false, [0, 3, 2, 1], true),
    (true, [0, 1, 2, 3], true), (true, [0, 3, 2, 1], false),
  ])
  func `go along rows or down columns as axes are turned before and behind the convolution`(
    turned: Bool, order: [Int], goesByColumns: Bool
  ) throws {
    #expect(try cuts(turned: turned, order: order) == [PatchCut(rows: 6, columns: 3, goesByColumns: goesByColumns)])
  }

  @Test func `are the last convolution's of several, behind which what branches is followed once`() throws {
    var network = GraphBuilder(name: "stem", opset: 17)
    network.input("picture", [nil, 1, 16, 8])
    network.weight("first", [2, 1, 2, 2], [Float](repeating: 1, count: 8))
    network.weight("second", [2, 2, 2, 2], [Float](repeating: 1, count: 16))
    var shapes = ["picture": [1, 1, 16, 8], "stem": [1, 2, 8, 4], "cut": [1, 2, 4, 2], "tokens": [1, 2, 8]]
    network.node("Conv", ["picture", "first"], ["stem"], ["strides": .ints([2, 2])])
    network.node("Conv", ["stem", "second"], ["cut"], ["strides": .ints([2, 2])])
    var last = "cut"
    for number in 0..<60 {
      network.node("Sigmoid", [last], ["gate\(number)"])
      network.node("Mul", [last, "gate\(number)"], ["gated\(number)"])
      last = "gated\(number)"
      (shapes["gate\(number)"], shapes[last]) = ([1, 2, 4, 2], [1, 2, 4, 2])
    }
    network.weight("shape", [3], [0, 2, -1] as [Int64])
    network.node("Reshape", [last, "shape"], ["tokens"])
    network.output("tokens", [nil, 2, 8])
    let cuts = try Model(proto: network.model, label: "stem").patchCuts(upstreamOf: "tokens", shapes: shapes).map(\.cut)
    #expect(cuts == [PatchCut(rows: 4, columns: 2, goesByColumns: false)])
  }

  @Test func `are all met once`() {
    for goesByColumns in [false, true] {
      let cut = PatchCut(rows: 6, columns: 3, goesByColumns: goesByColumns)
      #expect(Set((0..<18).map(cut.patch)) == Set(0..<18))
      // The second token is right of the first, or below.
      #expect(cut.patch(ofToken: 1) == (goesByColumns ? 3 : 1))
    }
  }

  @Test func `aren't told where rows and columns stay apart, as far as they can be followed`() throws {
    #expect(try cuts(turned: false, order: [0, 1, 2, 3], folded: false).isEmpty)
  }
}
