import FoundationEssentials
import ModelGraph
import Testing

@Suite final class `Reading a model` {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "nnfmri-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  private func write(_ bytes: [UInt8], to name: String = "net.onnx") throws -> String {
    let url = folder.appending(path: name)
    try Data(bytes).write(to: url)
    return url.path
  }

  private func failure(reading path: String) -> ModelGraphError? {
    do {
      _ = try Model(contentsOf: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func `gives back what was written`() throws {
    let model = Networks.residual(blocks: 2)
    let read = try Model(contentsOf: write(model.serialized()))
    #expect(read.proto == model.proto)
    #expect(read.label == "net.onnx")
    #expect(read.inputs.map(\.name) == ["image"])
    #expect(read.inputs[0].dimensions == [.named("N"), .fixed(3), .fixed(8), .fixed(8)])
    #expect(read.outputs.map(\.name) == ["logits"])
  }

  @Test func `leaves large weights in the file, where they are found again`() throws {
    var builder = GraphBuilder(name: "net")
    builder.input("x", [nil, 64])
    builder.weight("large", [64, 64], (0..<4096).map(Float.init))
    builder.weight("small", [64], (0..<64).map(Float.init))
    builder.node("MatMul", ["x", "large"], ["product"])
    builder.node("Add", ["product", "small"], ["sum"])
    builder.output("sum", [nil, 64])
    let path = try write(Model(proto: builder.model).serialized())
    let model = try Model(contentsOf: path, holdingUpTo: 1000)
    let held = try Model(contentsOf: path)

    #expect(model.externalFiles == [])
    #expect(model.weightBytes == held.weightBytes)
    #expect(try model.serialized().count < 2000)
    let large = try #require(model.proto.graph.initializer.first { $0.name == "large" })
    let place = Dictionary(uniqueKeysWithValues: large.externalData.map { ($0.key, $0.value) })
    let offset = try #require(place["offset"].flatMap(Int.init))
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(place["location"] == "net.onnx" && place["length"] == "16384")
    #expect(bytes[offset..<(offset + 16384)] == held.proto.graph.initializer[0].rawData)

    var restored = model.proto
    restored.graph.initializer[0] = held.proto.graph.initializer[0]
    #expect(restored == held.proto)
  }

  @Test func `of a missing file says which`() throws {
    let error = failure(reading: folder.path + "/none.onnx")
    #expect(error?.code == .missingInput)
    #expect(error?.message.contains("none.onnx: no such model file") == true)
  }

  @Test func `of a folder asks for the file in it`() throws {
    let error = failure(reading: folder.path)
    #expect(error?.code == .missingInput)
    #expect(error?.message.contains("is a folder") == true)
  }

  @Test(arguments: ["", "hello, world\n", "PK\u{3}\u{4}archive", "{\"json\": 1}", "\u{1F}\u{8B}gz"])
  func `of a file that is not ONNX says so`(text: String) throws {
    let error = failure(reading: try write(Array(text.utf8)))
    #expect(error?.code == .badInput)
    #expect(error?.message.hasPrefix("net.onnx is ") == true)
  }

  @Test func `of a Git LFS pointer tells how to fetch the model`() throws {
    let error = failure(reading: try write(Array("version https://git-lfs.github.com/spec/v1\n".utf8)))
    #expect(error?.message.contains("git lfs pull") == true)
  }

  @Test func `of any truncation of a model fails as bad input`() throws {
    let whole = try Networks.residual(blocks: 1).serialized()
    for length in stride(from: 1, to: whole.count - 1, by: 7) {
      let error = failure(reading: try write(Array(whole[..<length])))
      #expect(error?.code == .badInput, "\(length) of \(whole.count) bytes")
    }
    let half = failure(reading: try write(Array(whole[..<(whole.count / 2)])))
    #expect(half?.message.contains("cut short") == true)
  }

  @Test func `of an empty graph says that there is nothing to scan`() throws {
    var builder = GraphBuilder(name: "empty")
    builder.input("x", [1])
    builder.output("x", [1])
    let error = failure(reading: try write(Model(proto: builder.model).serialized()))
    #expect(error?.message.contains("no operators") == true)
  }

  @Test func `names outputs that have no names, where there may be any number, in bodies too`() throws {
    func body(_ name: String) -> Onnx_GraphProto {
      var body = GraphBuilder(name: name)
      body.node("Split", ["x"], ["", "half"], ["axis": .int(1)])
      for output in ["one", "other"] {
        body.node("Relu", ["half"], [output])
        body.output(output, [nil, 2])
      }
      return body.graph
    }
    var net = Networks.Writer()
    net.builder.input("x", [nil, 4])
    net.builder.input("omitted", [])
    net.builder.weight("is", [], [Int64(1)])
    net.builder.node("Cast", ["is"], ["is_so"], ["to": .int(9)])
    net.builder.node("If", ["is_so"], ["", "y"], ["then_branch": .graph(body("then")), "else_branch": .graph(body("else"))])
    // These may be left out.
    net.builder.node("LSTM", ["x", "w", "r"], ["", "h"], ["hidden_size": .int(2)])
    net.builder.output("y", [nil, 2])
    let read = try Model(bytes: Model(proto: net.model.proto).serialized(), folder: nil).proto.graph
    #expect(read.node.map(\.output) == [["is_so"], ["omitted/2", "y"], ["", "h"]])
    #expect(
      read.node[1].attribute.map { $0.g.node[0].output }.sorted { $0[0] < $1[0] } == [
        ["omitted/3", "half"], ["omitted/4", "half"],
      ])
  }

  @Test func `leaves weights out of the inputs of old formats`() {
    var net = Networks.Writer(opset: 7, irVersion: 3)
    net.builder.input("x", [1, 4])
    let weight = net.weight()
    net.builder.input(weight, [1])
    net.add("Add", "x", weight, to: "y")
    net.builder.output("y", [1, 4])
    #expect(net.model.inputs.map(\.name) == ["x"])
  }

  private func modelWithExternalWeight(_ location: String, length: Int) -> Model {
    var net = Networks.Writer()
    net.builder.input("x", [1, 4])
    net.add("Add", "x", net.weight(), to: "y")
    net.builder.output("y", [1, 4])
    var proto = net.model.proto
    proto.graph.initializer[0].clearRawData()
    proto.graph.initializer[0].dataLocation = .external
    proto.graph.initializer[0].externalData = [("location", location), ("length", "\(length)")].map { key, value in
      var entry = Onnx_StringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
    return Model(proto: proto)
  }

  @Test func `finds external weight files`() throws {
    let path = try write(modelWithExternalWeight("weights.bin", length: 4).serialized())
    _ = try write([0, 0, 0, 0], to: "weights.bin")
    #expect(try Model(contentsOf: path).externalFiles == ["weights.bin"])
  }

  @Test func `of a missing, short or outlying weight file fails`() throws {
    let missing = failure(reading: try write(modelWithExternalWeight("none.bin", length: 4).serialized()))
    #expect(missing?.code == .missingInput)
    #expect(missing?.message.contains("none.bin, which does not exist") == true)

    _ = try write([0], to: "short.bin")
    let short = failure(reading: try write(modelWithExternalWeight("short.bin", length: 4).serialized()))
    #expect(short?.code == .badInput)
    #expect(short?.message.contains("cut short") == true)

    let outside = failure(reading: try write(modelWithExternalWeight("../weights.bin", length: 4).serialized()))
    #expect(outside?.message.contains("outside the model's folder") == true)
  }

  @Test func `suggests the nearest name for an unknown tensor`() {
    let model = Networks.residual(blocks: 3)
    #expect {
      try model.require("b2_outt")
    } throws: { error in
      "\(error)"
        == "net.onnx: tensor \"b2_outt\" not found; nearest: \"b2_out\". Run 'nnfmri-mpi layers net.onnx' for the list."
    }
    #expect(model.nearestName(to: "something else entirely") == nil)
  }

  @Test(arguments: [Int.max, Int.min, 1 << 32 | 1])
  func `knows no element type by a number out of range`(_ number: Int) {
    var net = GraphBuilder(name: "net")
    net.input("x", [nil, 2])
    net.node("Cast", ["x"], ["cast"], ["to": .int(number)])
    net.node("QuantizeLinear", ["cast", "s"], ["quantized"], ["output_dtype": .int(number)])
    net.node("Relu", ["quantized"], ["y"])
    net.output("y", [nil, 2])
    let types = Model(proto: net.model).elementTypes()
    #expect(types["cast"].map { ![.float, .int64].contains($0) } ?? true)
    #expect(types["quantized"].map { ![.float, .int64].contains($0) } ?? true)
  }
}
