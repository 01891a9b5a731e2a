import Foundation
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing

@Suite struct `A store of weights` {
  private let folder = TemporaryFolder()
  private let runtime: Runtime
  private let complaints = Complaints()

  /// Sentences that the store has for the user.
  private final class Complaints {
    var sentences: [String] = []
  }

  init() throws {
    runtime = try TestRuntime.make()
  }

  private func store(_ digest: String = "0123456789abcdef0123") -> WeightStore? {
    WeightStore(digest: digest, runtime: runtime, in: folder.path) { [complaints] in complaints.sentences.append($0) }
  }

  private func outputs(_ network: SmallNetwork, _ model: [UInt8], _ store: WeightStore?) throws -> [[UInt8]] {
    let session = try Session(runtime: runtime, model: model, options: Session.Options(optimized: store))
    let feed = try StimulusFeed(runtime: runtime, stimuli: network.stimuli(4), inputs: network.model.inputs)
    return try session.run(feed.tensors(session.inputNames, rows: [0, 1, 2, 3])).map { Array($0.bytes) }
  }

  private func kept() -> [String: [UInt8]] { TemporaryFolder.files(below: folder.path) }

  @Test(arguments: [SmallNetwork.wide, .residual, .perceptron, .sequence, .tokens, .segmenter])
  func `gives the same bits as a session without one, in every process that maps it`(_ network: SmallNetwork) throws {
    let batch = network.model.freeingBatchAxis() ?? network.model
    let plain = try outputs(network, batch.serialized(), nil)
    let (one, other) = (store(), store())
    #expect(try outputs(network, batch.serialized(), one) == plain)
    let before = kept()
    #expect(before.keys.contains { $0.hasSuffix(".onnx") })
    #expect(try outputs(network, batch.serialized(), other) == plain)
    #expect(kept() == before)
    #expect(complaints.sentences == [])
  }

  @Test func `is what a session's weights are mapped from`() throws {
    let store = store()
    let session = try Session(
      runtime: runtime, model: SmallNetwork.wide.model.serialized(), options: Session.Options(optimized: store))
    let maps = try Command.run("/bin/cat", ["/proc/\(ProcessInfo.processInfo.processIdentifier)/maps"]).output
    #expect(maps.contains(folder.path) && maps.contains("/weights"))
    withExtendedLifetime((store, session)) {}
  }

  @Test func `holds equal weights once, whichever cuts they belong to`() throws {
    let network = SmallNetwork.wide
    let store = store()
    _ = try outputs(network, network.model.serialized(), store)
    func size() -> Int { kept().first { $0.key.hasSuffix("/weights") }?.value.count ?? 0 }
    let whole = size()
    // A convolution of 32 x 32 x 3 x 3 is 36,864 bytes, and there are two of the same.
    #expect((36_864..<2 * 36_864).contains(whole))
    _ = try Session(
      runtime: runtime, model: network.model.exposing(["first", "logits"]).serialized(),
      options: Session.Options(optimized: store))
    #expect(size() == whole)
    #expect(kept().keys.count { $0.hasSuffix(".onnx") } == 2)
    withExtendedLifetime(store) {}
  }

  @Test func `is gone with the last that holds it`() throws {
    var one = store()
    var other = store()
    _ = try outputs(.wide, SmallNetwork.wide.model.serialized(), one)
    #expect(!kept().isEmpty)
    one = nil
    #expect(!kept().isEmpty)
    other = nil
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    _ = (one, other)
  }

  @Test func `that a killed process left behind is removed by another model's, and not while it is held`() throws {
    let held = store("held")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
    let abandoned = folder.path(name.replacingOccurrences(of: "held", with: "dead"))
    try FileManager.default.createDirectory(atPath: abandoned, withIntermediateDirectories: false)
    _ = folder.file((abandoned as NSString).lastPathComponent + "/weights", [1, 2, 3])
    let new = store("new")
    let there = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(there.count == 2 && there.contains(name))
    withExtendedLifetime((held, new)) {}
  }

  @Test func `that was damaged on disk is made again or done without`() throws {
    let network = SmallNetwork.wide
    let plain = try outputs(network, network.model.serialized(), nil)
    let store = store()
    _ = try outputs(network, network.model.serialized(), store)
    for name in kept().keys where name.hasSuffix(".onnx") { _ = folder.file(name, text: "nothing of the kind") }
    #expect(try outputs(network, network.model.serialized(), store) == plain)
  }

  @Test func `is done without where the folder can't be written, with one sentence`() throws {
    let absent = WeightStore(digest: "d", runtime: runtime, in: folder.path("absent")) { [complaints] in
      complaints.sentences.append($0)
    }
    #expect(absent == nil)
    #expect(complaints.sentences.count == 1 && complaints.sentences[0].contains("absent"))
  }
}
