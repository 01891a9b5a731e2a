import Anatomy
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing
import Tractography

/// Several operators between two tensors, against |W|·ReLU(a)·σ'(z) by enumeration of every path, in plain arithmetic.
@Suite struct `Strengths along paths` {
  private func values(_ bench: OperatorBench, _ tensor: String) throws -> [Double] {
    try bench.bench.values(tensor, stimulus: 1)
  }

  @Test func `are sums over all paths of a dense network with a skip`() throws {
    let bench = try OperatorBench([5]) { net in
      net.node("Gemm", ["a", net.random("w1", [5, 7]), net.random("b1", [7])], ["z1"])
      net.node("Relu", ["z1"], ["hidden"])
      net.node("Gemm", ["hidden", net.random("w2", [7, 4]), net.random("b2", [4])], ["inner"])
      net.node("MatMul", ["a", net.random("w3", [5, 4])], ["skip"])
      net.node("Relu", [net.node("Add", ["inner", "skip"], ["z2"])], ["b"])
    }
    let (a, z1, z2) = (try values(bench, "a"), try values(bench, "z1"), try values(bench, "z2"))
    let (w1, w2, w3) = (try values(bench, "w1"), try values(bench, "w2"), try values(bench, "w3"))
    var expected = [[Double]](repeating: [Double](repeating: 0, count: 4), count: 5)
    for i in 0..<5 {
      for j in 0..<4 where z2[j] > 0 {
        for h in 0..<7 where z1[h] > 0 { expected[i][j] += a[i] * abs(w1[i * 7 + h]) * abs(w2[h * 4 + j]) }
        expected[i][j] += a[i] * abs(w3[i * 4 + j])
      }
    }
    #expect(expected.joined().contains { $0 > 0 } && z2.contains { $0 <= 0 } && z1.contains { $0 <= 0 })
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  /// Two convolutions of 3 x 3 lead from a place to those at most two away; a maximum's place differs from stimulus to stimulus.
  @Test(arguments: [(ends: "Relu", batches: 5), ("MaxPool", 18), ("ReduceMean", 18)])
  func `of regions that lead to different units are traced together`(_ kind: (ends: String, batches: Int)) throws {
    let bench = try OperatorBench([2, 12, 12], opset: 13) { net in
      let pads = ["pads": GraphBuilder.Attribute.ints([1, 1, 1, 1])]
      net.node("Conv", ["a", net.random("w1", [3, 2, 3, 3])], ["z1"], pads)
      net.node("Conv", [net.node("Relu", ["z1"], ["hidden"]), net.random("w2", [2, 3, 3, 3])], ["z2"], pads)
      switch kind.ends {
      case "MaxPool": net.node("MaxPool", ["z2"], ["b"], ["kernel_shape": .ints([2, 2])])
      case "ReduceMean": net.node("ReduceMean", ["z2"], ["b"], ["axes": .ints([2, 3])])
      default: net.node("Relu", ["z2"], ["b"])
      }
    }
    let shape = try bench.bench.observed("b", stimulus: 0).shape
    let sources = try bench.bench.regions(of: "a", GridSize(height: 6, width: 6, channels: 1))
    let targets = RegionMap(unitsOf: shape)
    let tracer = try bench.bench.tracer(from: "a", sources, to: "b", targets, batch: 2, isGrouping: true)
    _ = try tracer.strengths(targets: targets, feed: bench.bench.feed(0)) {}
    let once = tracer.batchesRun
    _ = try tracer.strengths(targets: targets, feed: bench.bench.feed(1)) {}
    #expect(tracer.batchesRun - once == kind.batches)
    _ = try bench.bench.strengths(from: "a", sources, to: "b", targets, stimulus: 2)
  }

  @Test(arguments: [(groups: 1, stride: 1, dilation: 1), (2, 2, 1), (2, 1, 2)])
  func `are sums over all taps of convolutions`(_ kind: (groups: Int, stride: Int, dilation: Int)) throws {
    let (channels, filters, size) = (4, 6, 6)
    let inner = channels / kind.groups
    let bench = try OperatorBench([channels, size, size]) { net in
      net.node(
        "Conv", ["a", net.random("w", [filters, inner, 3, 3]), net.random("bias", [filters])], ["z"],
        [
          "pads": .ints([1, 1, 1, 1]), "group": .int(kind.groups), "strides": .ints([kind.stride, kind.stride]),
          "dilations": .ints([kind.dilation, kind.dilation]),
        ])
      net.node("Relu", ["z"], ["b"])
    }
    let (a, z, w) = (try values(bench, "a"), try values(bench, "z"), try values(bench, "w"))
    let side = Int(Double(z.count / filters).squareRoot())
    var expected = [[Double]](repeating: [Double](repeating: 0, count: z.count), count: a.count)
    for filter in 0..<filters {
      for y in 0..<side {
        for x in 0..<side where z[(filter * side + y) * side + x] > 0 {
          for c in 0..<inner {
            for dy in 0..<3 {
              for dx in 0..<3 {
                let (h, v) = (y * kind.stride + dy * kind.dilation - 1, x * kind.stride + dx * kind.dilation - 1)
                guard (0..<size).contains(h), (0..<size).contains(v) else { continue }
                let unit = ((filter / (filters / kind.groups) * inner + c) * size + h) * size + v
                expected[unit][(filter * side + y) * side + x] +=
                  a[unit] * abs(w[((filter * inner + c) * 3 + dy) * 3 + dx])
              }
            }
          }
        }
      }
    }
    #expect(deviation(try bench.strengths(), from: expected) < 1e-5)
  }

  // MARK: Properties

  /// A block with pooling, a skip and two convolutions.
  private static func block(scale: Float = 1) throws -> OperatorBench {
    try OperatorBench([4, 6, 6]) { net in
      net.node("Conv", ["a", net.random("w1", [4, 4, 3, 3])], ["z"], ["pads": .ints([1, 1, 1, 1])])
      net.node(
        "Conv", ["a", net.node("Mul", ["w1", net.number("scale", scale)], ["w"])], ["z1"], ["pads": .ints([1, 1, 1, 1])])
      // The gate is that of the unscaled network, so that only the weight changes.
      net.node("Mul", ["z1", net.node("Sigmoid", ["z"], ["gate"])], ["gated"])
      net.node("MaxPool", ["gated"], ["b"], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    }
  }

  @Test func `scale with a weight tensor, whatever its sign`() throws {
    let one = try Self.block().strengths()
    #expect(deviation(try Self.block(scale: 2).strengths().map { $0.map { $0 / 2 } }, from: one) < 1e-6)
  }

  @Test func `of a fine grid add up to those of a coarse one`() throws {
    let bench = try Self.block().bench
    func grid(_ tensor: String, _ size: GridSize) throws -> Grid {
      Grid(size, over: try TensorGeometry(shape: try bench.observed(tensor, stimulus: 1).shape))
    }
    let (coarse, fine) = (GridSize(height: 1, width: 3, channels: 2), GridSize(height: 3, width: 3, channels: 4))
    let (a, b) = (try grid("a", fine), try grid("b", GridSize(height: 3, width: 3, channels: 2)))
    let (wideA, wideB) = (try grid("a", coarse), try grid("b", coarse))
    let detailed = try bench.strengths(from: "a", RegionMap(a), to: "b", RegionMap(b), stimulus: 1)
    let whole = try bench.strengths(from: "a", RegionMap(wideA), to: "b", RegionMap(wideB), stimulus: 1)
    // The coarse region that holds a fine one: any of its units tells.
    func owner(_ region: Int, _ fine: Grid, _ coarse: Grid) -> Int {
      let extent = fine.extent(of: region)
      return coarse.region(
        height: extent.height.lowerBound, width: extent.width.lowerBound, channel: extent.channels.lowerBound)
    }
    var sums = [Double](repeating: 0, count: whole.count)
    for source in 0..<a.regionCount {
      for target in 0..<b.regionCount {
        sums[owner(source, a, wideA) * wideB.regionCount + owner(target, b, wideB)] +=
          Double(detailed[source * b.regionCount + target])
      }
    }
    #expect(deviation([whole.map(Double.init)], from: [sums]) < 1e-5)
  }

  @Test(arguments: [1, 2, 5, 64])
  func `don't depend on how many sources go at once`(_ batch: Int) throws {
    let bench = try Self.block()
    #expect(deviation(try bench.strengths(batch: batch), from: try bench.strengths(batch: 3)) < 1e-6)
  }

  @Test func `leave out what enters from elsewhere`() throws {
    let bench = try OperatorBench([4]) { net in
      net.node("MatMul", ["x", net.random("u", [4, 4])], ["elsewhere"])
      net.node("Add", [net.node("MatMul", ["a", net.random("w", [4, 4])], ["inner"]), "elsewhere"], ["b"])
    }
    let alone = try OperatorBench([4]) { net in net.node("MatMul", ["a", net.random("w", [4, 4])], ["b"]) }
    #expect(deviation(try bench.strengths(), from: try alone.strengths()) < 1e-6)
  }

  // MARK: What isn't traced

  private func reason(_ shape: [Int], opset: Int = 20, from source: String = "a", _ build: OperatorCase.Build) throws -> String? {
    let bench = try OperatorBench(shape, opset: opset, build)
    do {
      let units = try bench.bench.observed(source, stimulus: 1).shape
      _ = try bench.bench.strengths(
        from: source, RegionMap(unitsOf: units), to: "b", RegionMap(unitsOf: try bench.bench.observed("b", stimulus: 1).shape))
      return nil
    } catch let untraceable as Untraceable {
      return untraceable.reason
    }
  }

  @Test func `an operator without a rule is named`() throws {
    let reason = try reason([4, 4]) { net in
      net.node("Relu", [net.node("Det", ["a"], ["determinant"], name: "det_1")], ["b"])
    }
    #expect(reason == "operator Det (det_1) has no rule")
    let cubic = try self.reason([1, 4, 4]) { net in
      net.floats("scales", [4], [1, 1, 2, 2])
      net.node("Resize", ["a", "", "scales"], ["b"], ["mode": .string("cubic")], name: "up")
    }
    #expect(cubic?.contains("Resize (up)") == true)
  }

  @Test func `an operator without a rule does no harm behind a gate`() throws {
    let reason = try reason([3, 3]) { net in
      net.node(
        "Sigmoid", [net.node("Unsqueeze", [net.node("Det", ["a"], ["det"]), net.integers("axes", [1, 2])], ["wide"])], ["gate"])
      net.node("Mul", ["a", "gate"], ["b"])
    }
    #expect(reason == nil)
  }

  @Test func `a tensor that doesn't lead to the other is said not to`() throws {
    let reason = try reason([4], from: "aside") { net in
      net.node("Neg", ["a"], ["aside"])
      net.node("Exp", ["a"], ["b"])
    }
    #expect(reason == "no path leads from \"aside\" to \"b\"")
  }

  @Test func `a tensor that only opens gates is said to`() throws {
    let reason = try reason([4], from: "inner") { net in
      net.node("MatMul", ["a", net.random("w", [4, 4])], ["inner"])
      net.node("Softmax", ["inner"], ["weights"])
      net.node("MatMul", ["a", net.random("v", [4, 4])], ["values"])
      net.node(
        "Mul",
        [
          net.node("Sub", ["values", net.node("ReduceMean", ["inner", net.integers("last", [-1])], ["mean"])], ["centred"]),
          "weights",
        ], ["b"])
    }
    #expect(reason?.contains("gates, which are held") == true)
  }
}
