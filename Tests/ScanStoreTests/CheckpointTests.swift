import Foundation
import Lesion
import ModelGraph
import Shapley
import TestSupport
import Testing
import UserErrors

@testable import ScanPlan
@testable import ScanStore

@Suite("A checkpoint") struct CheckpointTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path("checkpoint.bin") }

  private static let identity = ScanIdentity(
    origin: ScanOrigin(
      options: ["seed": "42"], modelDigest: "m", dataDigest: "d", program: "1", onnxRuntime: "2"),
    plan: ScanPlan(
      modelDigest: "m", dataDigest: "d", preparation: ModelPreparation(), batch: 4,
      readout: Readout(output: "logits", tensor: "logits", shape: [3], classAxis: 0, link: .softmax, value: .logit),
      stimulusCount: 5, donorCount: 0, rowsPerShard: 8,
      layers: [
        ScanPlan.Layer(
          number: 0, tensor: "a", operatorType: "Relu", shape: [1, 4], axes: GridAxes(height: [], width: [], channels: [1]),
          layout: "N,C", layoutReason: "", kind: "activation", kindReason: "", elementTypes: [:], grid: [1, 1, 4], regionCount: 4,
          design: .complementPairs, budget: 20, designRows: 20, rows: 20, batch: 4,
          suffixCostShare: 1, evaluationCost: 1e6)
      ], refusals: [], notes: [], residentBytes: 0),
    instructionSets: ["x86_64"])

  /// Shards of 8, 8 and 4 values for some stimuli.
  private static let shards = Dictionary(
    uniqueKeysWithValues: [(0, 0), (0, 1), (0, 2), (3, 1), (4, 2)].map { stimulus, shard in
      (
        Checkpoint.Shard(layer: 0, stimulus: stimulus, shard: shard),
        (0..<(shard == 2 ? 4 : 8)).map { Float(100 * stimulus + 10 * shard + $0) }
      )
    })

  private func write() throws -> [UInt8] {
    let checkpoint = try Checkpoint(path: path, identity: Self.identity, shards: [:], interval: 1000)
    for (shard, values) in Self.shards { try checkpoint.record(shard, values) }
    try checkpoint.flush()
    return TemporaryFolder.read(path)
  }

  @Test("gives back what was recorded, to the bit")
  func roundTrip() throws {
    _ = try write()
    let content = try #require(try Checkpoint.read(path))
    #expect(content.identity == Self.identity)
    #expect(content.shards == Self.shards)
    #expect(content.lostBytes == 0)
  }

  @Test("begins with what an earlier run measured, in place of its file")
  func takingOver() throws {
    _ = try write()
    let later = try Checkpoint(path: path, identity: Self.identity, shards: Self.shards, interval: 0)
    let added = Checkpoint.Shard(layer: 0, stimulus: 1, shard: 2)
    try later.record(added, [1, .nan, -.infinity, 4])
    let shards = try #require(try Checkpoint.read(path)).shards
    #expect(shards.count == Self.shards.count + 1)
    #expect(shards[added]?.map(\.bitPattern) == [1, Float.nan, -.infinity, 4].map(\.bitPattern))
  }

  @Test("that was cut off anywhere loses only the shards past the cut")
  func truncation() throws {
    let whole = try write()
    let records = whole.count - Self.shards.values.reduce(0) { $0 + 32 + 4 * $1.count + 8 }
    for length in stride(from: records, to: whole.count, by: 7) {
      _ = folder.file("checkpoint.bin", whole.prefix(length))
      let content = try #require(try Checkpoint.read(path))
      #expect(content.shards.allSatisfy { Self.shards[$0.key] == $0.value })
      let bytes = content.shards.values.reduce(0) { $0 + 32 + 4 * $1.count + 8 }
      #expect(content.lostBytes == length - records - bytes)
      #expect(content.lostBytes < 32 + 4 * 8 + 8)
    }
  }

  @Test("with a flipped bit loses at most the shard that it hit")
  func flippedBits() throws {
    let whole = try write()
    let records = whole.count - Self.shards.values.reduce(0) { $0 + 32 + 4 * $1.count + 8 }
    for position in records..<whole.count {
      var damaged = whole
      damaged[position] ^= 1 << UInt8(position % 8)
      _ = folder.file("checkpoint.bin", damaged)
      let content = try #require(try Checkpoint.read(path))
      #expect(content.shards.allSatisfy { Self.shards[$0.key] == $0.value }, "byte \(position)")
      #expect(content.shards.count >= Self.shards.count - 1, "byte \(position)")
      #expect(content.lostBytes > 0)
    }
  }

  /// Where the first of the two headers and the second end.
  private func headerEnds(_ whole: [UInt8]) -> (first: Int, second: Int) {
    let records = whole.count - Self.shards.values.reduce(0) { $0 + 32 + 4 * $1.count + 8 }
    return (records / 2, records)
  }

  @Test("with one of its two headers damaged loses nothing")
  func oneDamagedHeader() throws {
    let whole = try write()
    for position in stride(from: 0, to: headerEnds(whole).second, by: 5) {
      var damaged = whole
      damaged[position] ^= 16
      _ = folder.file("checkpoint.bin", damaged)
      let content = try #require(try Checkpoint.read(path), "byte \(position)")
      #expect(content.identity == Self.identity)
      #expect(content.shards == Self.shards, "byte \(position)")
      #expect(content.lostBytes == headerEnds(whole).first)
    }
  }

  @Test("without a whole header is refused, and not taken for none")
  func damagedHeaders() throws {
    let whole = try write()
    let ends = headerEnds(whole)
    for position in stride(from: 0, to: ends.first, by: 5) {
      var damaged = whole
      damaged[position] ^= 16
      damaged[ends.second - 1 - position] ^= 16
      _ = folder.file("checkpoint.bin", damaged)
      #expect(throws: Failure.self, "byte \(position)") { try Checkpoint.read(path) }
      _ = folder.file("checkpoint.bin", whole.prefix(position))
      #expect(throws: Failure.self, "cut at \(position)") { try Checkpoint.read(path) }
    }
    #expect(try Checkpoint.read(folder.path("absent")) == nil)
  }

  @Test("of which nothing is left is replaced by the one that its run began with")
  func previous() throws {
    _ = try write()
    let later = try Checkpoint(path: path, identity: Self.identity, shards: Self.shards, interval: 0)
    try later.record(Checkpoint.Shard(layer: 0, stimulus: 1, shard: 2), [1, 2, 3, 4])
    #expect(try #require(try Checkpoint.read(path)).isPrevious == false)
    _ = folder.file("checkpoint.bin", [])
    let content = try #require(try Checkpoint.read(path))
    #expect(content.isPrevious)
    #expect(content.shards == Self.shards)
  }

  @Test("that took the place of a damaged one leaves the whole one before it")
  func previousOfDamaged() throws {
    _ = try write()
    _ = try Checkpoint(path: path, identity: Self.identity, shards: Self.shards, interval: 0)
    _ = folder.file("checkpoint.bin", [1, 2, 3])
    let found = try #require(try Checkpoint.read(path))
    _ = try Checkpoint(
      path: path, identity: Self.identity, shards: found.shards, keepsPrevious: found.isPrevious, interval: 0)
    #expect(try #require(try Checkpoint.read(path)).isPrevious == false)
    _ = folder.file("checkpoint.bin", [])
    #expect(try #require(try Checkpoint.read(path)).shards == Self.shards)
  }

  @Test("whose run was killed while it took the old one's place is not taken for none")
  func betweenTwoRenames() throws {
    _ = try write()
    let place = OutputFolder(folder.path(""))
    try place.markIncomplete()
    try FileManager.default.moveItem(atPath: path, toPath: Checkpoint.previous(path))
    let content = try #require(try Checkpoint.read(path))
    #expect(content.isPrevious && content.shards == Self.shards)
    #expect(throws: Failure.self) { try place.claim(resumes: false) }
    try place.claim(resumes: true)
  }

  @Test("that can't be begun leaves nothing of its own behind")
  func fullDisk() throws {
    let before = try write()
    // A folder can't be replaced by a file.
    try FileManager.default.createDirectory(
      atPath: Checkpoint.previous(path), withIntermediateDirectories: false)
    #expect {
      try Checkpoint(path: path, identity: Self.identity, shards: Self.shards, interval: 0)
    } throws: {
      Failure($0).exitStatus == .cannotWrite
    }
    #expect(TemporaryFolder.read(path) == before)
    #expect(!FileManager.default.fileExists(atPath: path + ".new"))
  }

  @Test("of another scan is told apart, by what differs")
  func difference() {
    #expect(Self.identity.difference(from: Self.identity) == nil)
    var other = Self.identity
    other.origin.options["seed"] = "43"
    #expect(other.difference(from: Self.identity) == "--seed is 43 now and was 42 then")
    other = Self.identity
    other.origin.modelDigest = "n"
    #expect(other.difference(from: Self.identity) == "the model file has changed")
    other = Self.identity
    other.origin.onnxRuntime = "3"
    #expect(other.difference(from: Self.identity)?.contains("ONNX Runtime is 3 now and was 2 then") == true)
    other = Self.identity
    other.origin.part = ScanPart(number: 2, count: 3)
    #expect(other.difference(from: Self.identity) == "--part is 2/3 now and was not given then")
    other = Self.identity
    other.plan.rowsPerShard += 1
    #expect(other.difference(from: Self.identity) == "the plan differs")
  }

  @Test("of another kind of machine can be gone on with")
  func otherMachine() {
    var other = Self.identity
    other.instructionSets = ["aarch64"]
    #expect(other.difference(from: Self.identity) == nil)
  }

  @Test("whose folder is removed is written again, and that is told")
  func removal() throws {
    let place = folder.path("scan")
    let path = place + "/checkpoint.bin"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    let checkpoint = try Checkpoint(path: path, identity: Self.identity, shards: [:], interval: 1000)
    for (shard, values) in Self.shards { try checkpoint.record(shard, values) }
    try FileManager.default.removeItem(atPath: place)
    #expect {
      try checkpoint.flush()
    } throws: {
      Failure($0).exitStatus == .cannotWrite
    }
    #expect(try Checkpoint.read(path)?.shards == Self.shards)
    try OutputFolder(place).claim(resumes: true)
  }

  @Test("names the shards of its part that are missing")
  func missingShards() throws {
    var identity = Self.identity
    identity.origin.part = ScanPart(number: 2, count: 2)
    // Series 1 and 3 of 5, three shards each.
    _ = try Checkpoint(path: path, identity: identity, shards: [:], interval: 1000)
    #expect(try #require(try Checkpoint.read(path)).missingShards.count == 6)
    let known = Self.shards.filter { $0.key.stimulus == 3 }
    _ = try Checkpoint(path: path, identity: identity, shards: known, interval: 1000)
    #expect(
      Set(try #require(try Checkpoint.read(path)).missingShards.map { [$0.stimulus, $0.shard] }) == [
        [1, 0], [1, 1], [1, 2], [3, 0], [3, 2],
      ])
  }

  @Test("of a plan that can't be is none", arguments: [0, -1, Int.max])
  func impossiblePlan(rowsPerShard: Int) throws {
    var identity = Self.identity
    identity.plan.rowsPerShard = rowsPerShard
    _ = try Checkpoint(path: path, identity: identity, shards: [:], interval: 1000)
    #expect {
      try Checkpoint.read(path)
    } throws: {
      Failure($0).exitStatus == .badInput
    }
  }
}
