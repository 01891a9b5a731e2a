import Foundation
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing
import UserErrors

@Suite struct `An exported adjoint graph` {
  @Test func `runs on its own, for any number of rows, and has its target fixed where one is given`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("model.onnx", try SmallNetwork.residual.model.serialized())
    let runtime = try TestRuntime.make()
    func gradients(target: Int?, rows: Int) throws -> [Float] {
      let export = try AdjointExport(AdjointExport.Request(model: path, layer: "stem", target: target))
      let file = folder.path("graph.onnx")
      try export.write(to: file)
      let session = try Session(runtime: runtime, model: Model(contentsOf: file).serialized())
      #expect(session.inputNames == (target == nil ? ["stem", "target"] : ["stem"]))
      #expect(session.outputNames == ["logits", "value", "gradient"])
      #expect(export.description.count == session.inputNames.count + 3)
      let stem = try Tensor(runtime: runtime, shape: [rows, 4, 6, 6])
      for place in 0..<stem.count { stem.floats[place] = Float(place % 13) / 13 }
      var inputs = [stem]
      if target == nil {
        let chosen = try Tensor(runtime: runtime, shape: [1], elementType: ElementType.int64.rawValue)
        chosen.bytes.storeBytes(of: Int64(3), as: Int64.self)
        inputs.append(chosen)
      }
      let outputs = try session.run(inputs)
      return withExtendedLifetime(outputs) { outputs[2].floats.map { $0 } }
    }
    let free = try gradients(target: nil, rows: 2)
    #expect(free.count == 2 * 144 && free.contains { $0 != 0 })
    #expect(try gradients(target: 3, rows: 2) == free)
    #expect(try gradients(target: 2, rows: 2) != free)
    let more = try gradients(target: 3, rows: 5)
    #expect(zip(more, free).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `of a loss has two classes where the network has one score`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("model.onnx", try SmallNetwork.detector.model.serialized())
    let runtime = try TestRuntime.make()
    let losses = try [0, 1].map { target in
      let export = try AdjointExport(AdjointExport.Request(model: path, layer: "hidden", value: .loss, target: target))
      try export.write(to: folder.path("graph.onnx"))
      let session = try Session(runtime: runtime, model: Model(contentsOf: folder.path("graph.onnx")).serialized())
      let hidden = try Tensor(runtime: runtime, shape: [1, 12])
      for place in 0..<12 { hidden.floats[place] = Float(place) / 12 }
      return try Double(session.run([hidden])[1].floats[0])
    }
    #expect(abs(exp(losses[0]) + exp(losses[1]) - 1) < 1e-6)
    let refused = #expect(throws: Failure.self) {
      try AdjointExport(AdjointExport.Request(model: path, layer: "hidden", value: .loss, target: 2))
    }
    #expect(refused?.message.contains("2 classes") == true)
  }

  @Test func `of one score chooses yes or no where that is a chance, and nothing elsewhere`() throws {
    let folder = TemporaryFolder()
    var proto = SmallNetwork.detector.proto
    let plain = folder.file("plain.onnx", try Model(proto: proto).serialized())
    var sigmoid = Onnx_NodeProto()
    (sigmoid.opType, sigmoid.input, sigmoid.output) = ("Sigmoid", [proto.graph.output[0].name], ["chance"])
    proto.graph.node.append(sigmoid)
    proto.graph.output[0].name = "chance"
    let chance = folder.file("chance.onnx", try Model(proto: proto).serialized())
    let runtime = try TestRuntime.make()
    func value(_ path: String, target: Int64?) throws -> Float {
      let export = try AdjointExport(AdjointExport.Request(model: path, layer: "hidden"))
      try export.write(to: folder.path("graph.onnx"))
      let session = try Session(runtime: runtime, model: Model(contentsOf: folder.path("graph.onnx")).serialized())
      #expect(session.inputNames == (target == nil ? ["hidden"] : ["hidden", "target"]))
      let hidden = try Tensor(runtime: runtime, shape: [1, 12])
      for place in 0..<12 { hidden.floats[place] = Float(place) / 12 }
      let chosen = try Tensor(runtime: runtime, shape: [1], elementType: ElementType.int64.rawValue)
      chosen.bytes.storeBytes(of: target ?? 0, as: Int64.self)
      return try session.run(target == nil ? [hidden] : [hidden, chosen])[1].floats[0]
    }
    let score = try value(plain, target: nil)
    #expect(try score != 0 && value(chance, target: 1) == score && value(chance, target: 0) == -score)
  }

  @Test func `is for one row where rows lie along an axis with others`() throws {
    let folder = TemporaryFolder()
    var net = GraphBuilder(name: "pairs")
    net.input("x", [nil, 4])
    net.node("MatMul", ["x", net.random("v", [4, 4])], ["sum"])
    net.node("Neg", ["sum"], ["turned"])
    net.node("Concat", ["sum", "turned"], ["both"], ["axis": .int(0)])
    net.node("Tanh", [net.node("MatMul", ["both", net.random("w", [4, 3])], ["product"])], ["squashed"])
    net.node("Reshape", ["squashed", net.integers("halves", [2, -1, 3])], ["pairs"])
    net.node("ReduceMean", ["pairs"], ["scores"], ["axes": .ints([0]), "keepdims": .int(0)])
    net.output("scores", [nil, 3])
    let path = folder.file("model.onnx", try Model(proto: net.model).serialized())
    let export = try AdjointExport(AdjointExport.Request(model: path, layer: "turned", target: 1))
    #expect(export.description.contains("input \"turned\": the layer's activations, [1, 4]"), "\(export.description)")
    try export.write(to: folder.path("graph.onnx"))
    let runtime = try TestRuntime.make()
    let session = try Session(runtime: runtime, model: Model(contentsOf: folder.path("graph.onnx")).serialized())
    func outputs(_ numbers: [Float], rows: Int = 1) throws -> [[Float]] {
      try session.run(
        session.inputNames.map { _ in
          let tensor = try Tensor(runtime: runtime, shape: [rows, 4])
          for (place, number) in numbers.enumerated() { tensor.floats[place] = number }
          return tensor
        }
      ).map { $0.numbers()! }
    }
    // Both inputs are the same here; the gradient is that by one of them, at a point where the other is as large.
    let point: [Float] = [0.3, -0.2, 0.5, 0.1]
    let gradient = try outputs(point)[2]
    #expect(gradient.count == 4 && gradient.contains { abs($0) > 0.01 })
    let slope = try (outputs(point.map { $0 + 0.01 })[1][0] - outputs(point.map { $0 - 0.01 })[1][0]) / 0.02
    #expect(abs(slope - 2 * gradient.reduce(0, +)) < 1e-2)
    #expect(throws: OnnxRuntimeError.self) { try outputs(point + point, rows: 2) }
  }

  @Test func `is refused in one sentence`() throws {
    let folder = TemporaryFolder()
    var net = GraphBuilder(name: "refused")
    net.input("x", [nil, 4])
    net.node("Relu", ["x"], ["a"])
    net.node("Det", [net.node("Reshape", ["a", net.integers("s", [-1, 2, 2])], ["square"])], ["d"])
    net.node("Unsqueeze", ["d", net.integers("one", [1])], ["scores"])
    net.output("scores", [nil, 1])
    let path = folder.file("model.onnx", try Model(proto: net.model).serialized())
    func failure(_ request: AdjointExport.Request) -> Failure? {
      do {
        _ = try AdjointExport(request)
        return nil
      } catch {
        return Failure(error)
      }
    }
    let noRule = failure(AdjointExport.Request(model: path, layer: "a"))
    #expect(noRule?.message == "model.onnx: no gradient by \"a\", since operator Det (d) has no rule")
    #expect(noRule?.exitStatus == .badInput)
    #expect(failure(AdjointExport.Request(model: path, layer: "b"))?.exitStatus == .usage)
    #expect(failure(AdjointExport.Request(model: path, layer: "a", value: .margin))?.exitStatus == .badInput)
    let target = failure(AdjointExport.Request(model: path, layer: "a", target: 1))
    #expect(target?.message == "--target 1 is none of the output's 1 classes, counted from 0")
  }
}
