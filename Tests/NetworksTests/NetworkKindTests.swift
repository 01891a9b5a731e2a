import Foundation
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import Testing

@Suite struct `A network of any kind` {
  /// The network, the axis of classes of what is read of it, and what its scanned layers are called, by tensor.
  static let kinds: [(kind: NetworkKind, classAxis: Int, layouts: [String: String], tolerance: Float)] = [
    (.dense(of: 10, "float16"), 1, ["sum": "N,C", "hidden": "N,C"], 5e-3),
    (.turnedHalves, 1, ["hidden": "N,position,C", "turned": "N,position,C", "mixed": "N,position,C", "pooled": "N,C"], 2e-2),
    (.dense(of: 11, "float64"), 1, ["sum": "N,C", "hidden": "N,C"], 1e-5),
    (.timeFirst, 2, ["hidden": "N,position,C", "turned": "N,position,C"], 1e-5),
    (.classesFirst, 0, ["sum": "N,C", "hidden": "N,C", "scores": "N,C"], 1e-5),
    (.series, 1, ["first_sum": "N,C,T", "hidden": "N,C,T", "pooled": "N,C"], 1e-5),
    (
      .mixedLayouts, 1, ["stem": "N,C,H,W", "turned": "N,H,W,C", "hidden": "N,H,W,C", "back": "N,C,H,W", "sum": "N,C,H,W"],
      1e-5
    ),
    (.volumes, 1, ["sum": "N,C,D,H,W", "hidden": "N,C,D,H,W"], 1e-5),
    (.scales, 1, ["stem": "N,C,H,W", "hidden": "N,C,H,W", "mixed": "N,C,H,W"], 1e-5),
    (.windows, 1, ["stem": "N,C,H,W", "turned": "N,H,W,H,W,C", "windows": "N,H,W,C"], 1e-5),
    (
      .patches, 1,
      ["split": "N,C,window,H,window,W", "turned": "N,window,window,C,H,W", "conv": "N,window,C,H,W"], 1e-5
    ),
    (.heads, 2, ["stream": "N,T,C", "query_split": "N,T,head,C", "weights": "N,head,T,T", "joined": "N,T,C"], 1e-5),
    (.summed, 1, ["query": "N,position,head,C", "mixed": "N,position,head,C", "joined": "N,position,C"], 1e-5),
    (.recurrent, 2, ["steps": "N,T,direction,C", "hidden": "N,T,C", "back": "N,T,C"], 1e-5),
    (.integers, 1, ["conv": "N,C,H,W", "pooled": "N,C,H,W", "floats": "N,C"], 1e-5),
    (
      .dynamic, 2,
      ["embedded": "N,C,T", "conv_cast": "N,C,T", "conv": "N,C,T", "hidden": "N,C,T", "ordered": "N,T,C"], 1e-5
    ),
    (.branches, 1, ["sum": "N,C", "hidden": "N,C"], 1e-5),
    (.halved, 1, ["hidden": "N,C", "squashed": "N,C"], 1e-5),
    (.packed, 1, ["hidden": "N,C", "joined": "N,C", "squashed": "N,C"], 1e-5),
    (.encoded, 1, ["sum": "N,C", "hidden": "N,C", "joined": "N,C"], 1e-5),
    (.scanning, 1, ["sum": "N,position,C", "hidden": "N,position,C", "turned": "N,position,C"], 1e-5),
  ]

  @Test(arguments: kinds.indices)
  func `has the layouts that its operators tell`(_ place: Int) throws {
    let (kind, _, layouts, _) = Self.kinds[place]
    let bench = try KindBench(kind)
    for (tensor, names) in layouts.sorted(by: { $0.key < $1.key }) {
      guard let layer = bench.layer(tensor) else {
        Issue.record("\(tensor) isn't scanned: \(bench.survey.refusals.first { $0.tensor == tensor }?.reason ?? "no candidate")")
        continue
      }
      #expect(layer.layout.names == names || names.contains("position"), "\(tensor): \(layer.layout.reason)")
    }
  }

  @Test(arguments: kinds.indices)
  func `gives what its masked twin gives`(_ place: Int) throws {
    let (kind, classAxis, layouts, tolerance) = Self.kinds[place]
    // An integer has no product with a mask, and what is in a branch no twin outside of it.
    guard kind.description != NetworkKind.integers.description, kind.description != NetworkKind.branches.description else {
      return
    }
    let bench = try KindBench(kind)
    let takesBatches = bench.survey.takesBatches
    // What is quantised by a scale of the whole batch has none.
    #expect(takesBatches == (kind.description != NetworkKind.dynamic.description))
    for tensor in layouts.keys.sorted() {
      guard let layer = bench.layer(tensor) else { continue }
      let deviation = try bench.deviation(layer, classAxis: classAxis)
      #expect(deviation < tolerance, "\(tensor), \(layer.view.shape), \(layer.layout.names)")
    }
  }

  /// Rows and columns of the grid are those of the picture, wherever the axes of windows stand.
  @Test func `of windows has a grid over the picture`() throws {
    func geometry(_ kind: NetworkKind, _ tensor: String) throws -> TensorGeometry {
      let layer = try #require(try KindBench(kind).layer(tensor))
      let axes = try #require(layer.layout.axes)
      return try TensorGeometry(
        shape: layer.view.scannedShape, height: axes.height, width: axes.width, channels: axes.channels)
    }
    let split = try geometry(.patches, "split")
    let turned = try geometry(.patches, "turned")
    let lastSplit = try geometry(.windows, "turned")
    #expect(split.height == 8 && split.width == 12 && split.channels == 2)
    #expect(turned.height == 8 && turned.width == 12 && turned.channels == 2)
    for y in 0..<8 {
      for x in 0..<12 {
        for c in 0..<2 {
          #expect(split.offset(height: y, width: x, channel: c) == (c * 8 + y) * 12 + x)
          let window = (y / 4) * 3 + x / 4
          #expect(turned.offset(height: y, width: x, channel: c) == ((window * 2 + c) * 4 + y % 4) * 4 + x % 4)
        }
      }
      for x in 0..<8 {
        #expect(lastSplit.offset(height: y, width: x, channel: 5) == (((y / 4) * 2 + x / 4) * 16 + (y % 4) * 4 + x % 4) * 6 + 5)
      }
    }
  }

  @Test func `scans no tensor whose length follows from values`() throws {
    let bench = try KindBench(.choosing)
    #expect(bench.layer("hidden") != nil && bench.layer("scores") != nil)
    for tensor in ["chosen", "squashed"] {
      let reason = bench.survey.refusals.first { $0.tensor == tensor }?.reason ?? "not refused"
      #expect(reason.contains("its shape follows from values"), "\(tensor): \(reason)")
    }
  }

  @Test(arguments: [false, true])
  func `of experts takes places that are as many as a stimulus's values say`(isBatched: Bool) throws {
    let bench = try KindBench(.experts(isBatched: isBatched))
    #expect(bench.survey.takesBatches == isBatched)
    let counts = try (0..<4).map { stimulus in
      try Session(runtime: bench.runtime, model: Model(proto: bench.kind.proto()).exposing(["places0"]).serialized())
        .run([bench.feed.tensors(["x"], rows: [stimulus])[0]])[0].count
    }
    #expect(Set(counts).count > 1, "stimuli must differ")
    for tensor in ["hidden", "joined", "joined0"] {
      let layer = try #require(bench.layer(tensor))
      #expect(try bench.deviation(layer, classAxis: 1, batch: 1) < 1e-5, "\(tensor)")
    }
    for tensor in ["given0", "made1"] {
      let reason = bench.survey.refusals.first { $0.tensor == tensor }?.reason ?? "not refused"
      #expect(reason.contains("its shape follows from values"), "\(tensor): \(reason)")
    }
    let layer = try #require(bench.layer("joined"))
    let refusal = try #require(throws: Undifferentiable.self) {
      try GradientNetwork(
        cut: bench.survey.model.cut(at: "joined", reading: bench.survey.readTensor, types: bench.survey.elementTypes),
        feed: bench.feed, stimulus: 0, configuration: bench.configuration(layer, batch: 1),
        value: AdjointValue(bench.survey.readout, hasBatchAxis: isBatched))
    }
    #expect("\(refusal)".contains("as long as values say"), "\(refusal)")
  }

  /// Lengths that values tell may be the same of all stimuli that are looked at, and others where a layer before is lesioned.
  @Test func `whose lengths follow from values isn't scanned there though stimuli agree`() throws {
    let kind = NetworkKind("that chooses all") { net in
      net.builder.input("x", [nil, 6], first: "tokens")
      let hidden = net.add("Sigmoid", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
      let places = net.add("Transpose", [net.add("NonZero", [hidden], to: "nonzero")], to: "places")
      let chosen = net.add("GatherND", [hidden, places], to: "chosen")
      let total = net.add("ReduceSum", [net.add("Tanh", [chosen], to: "squashed")], to: "total", ["keepdims": .int(0)])
      net.add("Mul", [net.add("MatMul", [hidden, net.weight(8, 3)], to: "scores"), total], to: "logits")
      net.builder.output("logits", [nil, 3])
    }
    let bench = try KindBench(kind)
    #expect(bench.layer("hidden") != nil)
    for tensor in ["chosen", "squashed"] {
      #expect(bench.survey.refusals.contains { $0.tensor == tensor && $0.reason.contains("by NonZero") })
    }
  }

  /// ONNX Runtime takes sizes that pass the cut in a vector of unknown length for none.
  @Test(arguments: [(NetworkKind.dense(of: 11, "float64"), "sum"), (.scales, "hidden")])
  func `of doubles or two scales is derived`(_ kind: NetworkKind, _ tensor: String) throws {
    let bench = try KindBench(kind)
    let layer = try #require(bench.layer(tensor))
    let gradients = try GradientNetwork(
      cut: bench.survey.model.cut(at: tensor, reading: bench.survey.readTensor, types: bench.survey.elementTypes),
      feed: bench.feed,
      stimulus: 0, configuration: bench.configuration(layer, batch: 2), value: AdjointValue(bench.survey.readout))
    try gradients.begin(LesionedNetwork.Series(stimulus: 1, target: 2))
    let mask = (0..<(try bench.grid(layer).regionCount)).map { 0.3 + 0.05 * Float($0) }
    let here = try gradients.passes(at: mask)
    // Piecewise linear: a step that crosses no kink shows the derivative as it is.
    for region in mask.indices {
      var changed = mask
      changed[region] += 0.01
      let slope = (try gradients.passes(at: changed).values[0] - here.values[0]) / (changed[region] - mask[region])
      #expect(abs(slope - here.derivatives[region]) < 2e-3)
    }
  }

  @Test func `of bfloat16 gives what float32 rounded after every operator does`() throws {
    let bench = try KindBench(.bfloat16)
    #expect(bench.survey.preparation.roundsToBfloat16)
    #expect(bench.survey.takesBatches)
    #expect(bench.survey.notes.contains { $0.contains("bfloat16") })
    #expect(Set(bench.survey.layers.map(\.candidate.tensor)) == ["sum", "hidden", "squashed"])
    #expect(bench.survey.automatic.layers.allSatisfy { bench.layer($0) != nil })
    for tensor in ["sum", "hidden", "squashed"] {
      let layer = try #require(bench.layer(tensor))
      let network = try bench.lesioned(layer)
      let regions = try bench.grid(layer).regionCount
      for stimulus in 0..<2 {
        try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: 1))
        for coalition in LesionedNetwork.mixedCoalitions(regions: regions, count: 5) {
          let value = try network.values(of: [coalition])[0]
          let expected = try Self.roundedScores(bench, lesioning: tensor, coalition, stimulus: stimulus)[1]
          #expect(abs(value - expected) <= 0.02 * max(1, abs(expected)), "\(tensor)")
          #expect(value == Self.rounded(value))
        }
      }
    }
  }

  /// The network in plain arithmetic, each operator's result rounded to bfloat16.
  private static func roundedScores(
    _ bench: KindBench, lesioning tensor: String, _ coalition: Coalition, stimulus: Int
  ) throws -> [Float] {
    let graph = NetworkKind.bfloat16.proto().graph
    func weight(_ number: Int) -> [Float] {
      graph.initializer[number].rawData.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { rounded(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
      }
    }
    func product(_ x: [Float], _ w: [Float]) -> [Float] {
      let width = w.count / x.count
      return (0..<width).map { column in rounded(x.indices.reduce(0) { $0 + x[$1] * w[$1 * width + column] }) }
    }
    let regions = try bench.grid(try #require(bench.layer(tensor))).regionOfUnit()
    func lesioned(_ x: [Float], _ name: String) -> [Float] {
      name == tensor ? x.indices.map { coalition[Int(regions[$0])] ? x[$0] : 0 } : x
    }
    let x = try bench.stimuli.floats(stimulus: stimulus).map(rounded)
    let sum = lesioned(product(x, weight(0)), "sum")
    let hidden = lesioned(sum.map { max($0, 0) }, "hidden")
    let squashed = lesioned(hidden.map { rounded(Foundation.tanh($0)) }, "squashed")
    return product(squashed, weight(1))
  }

  private static func rounded(_ value: Float) -> Float {
    Float(bitPattern: (value.bitPattern &+ 0x7FFF &+ (value.bitPattern >> 16 & 1)) & 0xFFFF_0000)
  }

  @Test func `of graphs is given a whole one for each stimulus`() throws {
    let bench = try KindBench(.graph)
    #expect(!bench.survey.takesBatches)
    #expect(
      bench.survey.notes.contains {
        $0.contains("\"nodes\"") && $0.contains("counts no stimuli") || $0.contains("count no stimuli")
      })
    #expect(bench.survey.outputShape == [3])
    for tensor in ["hidden", "mixed"] {
      let layer = try #require(bench.layer(tensor))
      #expect(try bench.deviation(layer, classAxis: 1, batch: 1) < 1e-5)
    }
  }
}
