import Foundation
import Testing

@testable import ModelGraph

@Suite struct `Weights behind links` {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "nnfmri-\(UUID().uuidString)")

  /// A hub's cache: the model and its weights are links in `snapshots/1` to files in `blobs`.
  private func makeCache(removing lost: String? = nil, location: String = "model.data") throws -> String {
    let (snapshot, blobs) = (folder.appending(path: "snapshots/1"), folder.appending(path: "blobs"))
    for place in [snapshot, blobs] {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    }
    var builder = GraphBuilder(name: "external")
    builder.input("x", [nil, 2])
    builder.weight("w", [2, 1], [Float(3), 4])
    builder.node("MatMul", ["x", "w"], ["y"])
    builder.output("y", [nil, 1])
    var proto = builder.model
    let weights = proto.graph.initializer[0].rawData
    proto.graph.initializer[0].clearRawData()
    proto.graph.initializer[0].dataLocation = .external
    proto.graph.initializer[0].externalData = [("location", location), ("offset", "0"), ("length", "8")].map {
      var entry = Onnx_StringStringEntryProto()
      (entry.key, entry.value) = $0
      return entry
    }
    try Data(Model(proto: proto).serialized()).write(to: blobs.appending(path: "aa"))
    try weights.write(to: blobs.appending(path: "bb"))
    if let lost { try FileManager.default.removeItem(at: blobs.appending(path: lost)) }
    for (name, blob) in [("model.onnx", "aa"), ("model.data", "bb")] {
      try FileManager.default.createSymbolicLink(
        atPath: snapshot.appending(path: name).path, withDestinationPath: "../../blobs/" + blob)
    }
    return snapshot.appending(path: "model.onnx").path
  }

  @Test func `are read from where the links lead`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try Model(contentsOf: makeCache())
    #expect(model.label == "model.onnx")
    #expect(model.folder?.hasSuffix("/blobs") == true)
    #expect(model.externalFiles == ["bb"])
    try model.checkExternalFiles()
  }

  @Test func `that lead nowhere are refused with where they lead`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try makeCache(removing: "bb")
    let error = try #require(throws: ModelGraphError.self) { try Model(contentsOf: path) }
    #expect(error.code == .missingInput)
    #expect(error.message.contains("../../blobs/bb"), "\(error)")
  }

  @Test(arguments: ["../../blobs/bb", "/etc/hostname", "", "."])
  func `are not followed where the model itself leaves its folder`(location: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try makeCache(location: location)
    #expect(throws: ModelGraphError.self) { try Model(contentsOf: path) }
  }

  @Test func `stay where they are if the links stay in the folder`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try makeCache()
    let snapshot = URL(filePath: path).deletingLastPathComponent()
    try FileManager.default.removeItem(at: snapshot.appending(path: "model.data"))
    try FileManager.default.copyItem(at: folder.appending(path: "blobs/bb"), to: snapshot.appending(path: "real"))
    try FileManager.default.createSymbolicLink(
      atPath: snapshot.appending(path: "model.data").path, withDestinationPath: "real")
    let model = try Model(contentsOf: path)
    #expect(model.folder == snapshot.path)
    #expect(model.externalFiles == ["model.data"])
  }
}
