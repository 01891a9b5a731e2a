import FoundationEssentials
import ModelGraph
import Phantom
import Shapley
import Stimuli
import Testing

@Suite("Written phantoms")
struct PhantomWritingTests {
  @Test("glyphs come back from CIFAR-10 records")
  func glyphs() throws {
    try inTemporaryFolder { folder in
      let phantom = GlyphPhantom(count: 10, seed: 9, placement: .fixed)
      try phantom.write(to: "\(folder)/made/here")
      let stimuli = try StimulusSet(contentsOf: "\(folder)/made/here/stimuli.bin")
      #expect(stimuli.labels == phantom.images.map(\.glyph.number))
      #expect(try stimuli.floats(stimulus: 4) == phantom.stimuli.floats(stimulus: 4))
      #expect(try Model(contentsOf: "\(folder)/made/here/model.onnx").outputs.map(\.name) == ["logits"])
      let truth = try json("\(folder)/made/here/truth.json", GlyphFile.self)
      #expect(truth.labels == stimuli.labels)
      #expect(truth.boxes.allSatisfy { $0[2] - $0[0] == Glyph.side })
      #expect(truth.cells?["block2"]?.flatMap { $0 } == phantom.truth(of: "block2")?.cells.map(\.rawValue))
    }
  }

  @Test("an analytic phantom comes back from its archive", arguments: AnalyticPhantom.Shape.allCases)
  func analytic(shape: AnalyticPhantom.Shape) throws {
    try inTemporaryFolder { folder in
      let phantom = AnalyticPhantom(shape: shape, order: 3, seed: 9)
      try phantom.write(to: folder, stimulusCount: 3)
      let stimuli = try StimulusSet(contentsOf: "\(folder)/stimuli.npz")
      #expect(try stimuli.floats(stimulus: 2) == phantom.stimuli(count: 3).floats(stimulus: 2))
      #expect(stimuli.labels == [0, 0, 0])
      #expect(try Model(contentsOf: "\(folder)/model.onnx").proto == phantom.model.proto)
      let truth = try json("\(folder)/truth.json", AnalyticFile.self)
      #expect(truth.criticalRegions == phantom.criticalRegions(stimulusCount: 3))
      #expect(truth.stimuli.map(\.shapley) == (0..<3).map { phantom.zeta(stimulus: $0, .shapley) })
      #expect(truth.stimuli.map(\.banzhaf) == (0..<3).map { phantom.zeta(stimulus: $0, .banzhaf) })
    }
  }

  @Test("a folder that cannot be made is named")
  func unwritable() {
    let error = #expect(throws: PhantomError.self) {
      try AnalyticPhantom(shape: .dense, order: 1, seed: 1).write(to: "/dev/null/phantom", stimulusCount: 1)
    }
    #expect(error?.code == .cannotWrite)
    #expect(error?.message.contains("/dev/null/phantom") == true)
  }

  @Test("a model of somebody else's stays, and a phantom is replaced")
  func foreignModel() throws {
    try inTemporaryFolder { folder in
      let phantom = AnalyticPhantom(shape: .dense, order: 1, seed: 1)
      try Data([1, 2, 3]).write(to: URL(filePath: folder + "/model.onnx"))
      let error = #expect(throws: PhantomError.self) { try phantom.write(to: folder, stimulusCount: 1) }
      #expect(error?.message.contains(folder + "/model.onnx is no phantom's") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.onnx"])
      #expect(try Data(contentsOf: URL(filePath: folder + "/model.onnx")) == Data([1, 2, 3]))

      try FileManager.default.removeItem(atPath: folder + "/model.onnx")
      try AnalyticPhantom(shape: .dense, order: 1, seed: 2).write(to: folder, stimulusCount: 1)
      try phantom.write(to: folder, stimulusCount: 1)
      #expect(try Model(contentsOf: "\(folder)/model.onnx").proto == phantom.model.proto)
    }
  }

  private struct GlyphFile: Decodable {
    let labels: [Int]
    let boxes: [[Int]]
    let cells: [String: [[String]]]?
  }

  private struct AnalyticFile: Decodable {
    struct Stimulus: Decodable {
      let shapley: [Double]
      let banzhaf: [Double]
    }
    let criticalRegions: [Int]
    let stimuli: [Stimulus]
  }

  private func json<Value: Decodable>(_ path: String, _ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: path)))
  }

  private func inTemporaryFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/phantom-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }
}
