import Distribution
internal import FoundationEssentials
internal import Glibc
import ScanPlan
package import UserErrors

extension Checkpoint {
  /// Where the file that a run went on with is kept.
  package static func previous(_ path: String) -> String { path + ".previous" }

  /// The file, and the previous one, as far as they are there. Between the two renames by which a run begins its file the
  /// previous one is alone.
  package static func files(_ path: String) -> [String] {
    [path, previous(path)].filter { access($0, F_OK) == 0 }
  }

  /// Reads a file, or the previous one where nothing can be made of it.
  ///
  /// - Returns: `nil` if there is none.
  /// - Throws: `Failure` (`badInput`) if neither can be read or has a whole header: hours of measuring may be in it, so
  ///   it isn't taken for none.
  package static func read(_ path: String) throws(Failure) -> Content? {
    let files = files(path)
    guard !files.isEmpty else { return nil }
    if let content = content(path, isPrevious: false) ?? content(previous(path), isPrevious: true) { return content }
    throw Failure(
      .badInput,
      "\(files.joined(separator: ", ")): can't be read, or isn't a checkpoint that this version knows, or its beginning is damaged; remove what is named to measure all again"
    )
  }

  /// What a file holds; `nil` without a whole header.
  private static func content(_ path: String, isPrevious: Bool) -> Content? {
    guard let data = FileManager.default.contents(atPath: path), case let bytes = Array(data) else { return nil }
    guard let header = headers(bytes) else { return nil }
    var shards: [Shard: [Float]] = [:]
    var lost = header.lostBytes
    var offset = header.end
    while offset < bytes.count {
      guard let end = recordEnd(bytes, at: offset, header.identity.plan) else {
        // The record's own length can't be trusted, so where the next one begins isn't known: look for it.
        offset += 1
        lost += 1
        continue
      }
      // A record whose checksum is right is one that was written whole.
      if let record = try? CheckpointRecord(message: Array(bytes[offset..<end])) { shards[record.shard] = record.values }
      offset = end + CheckpointRecord.checksumLength
    }
    return Content(identity: header.identity, shards: shards, lostBytes: lost, isPrevious: isPrevious)
  }

  /// What the first whole header holds, where the last one ends, and how many bytes were damaged before that.
  private static func headers(_ bytes: [UInt8]) -> (identity: ScanIdentity, end: Int, lostBytes: Int)? {
    let starts = bytes.indices.lazy.filter { bytes[$0] == magic[0] && bytes[$0...].starts(with: magic) }
    for start in starts {
      guard let first = readHeader(bytes, at: start) else { continue }
      let second = readHeader(bytes, at: first.end)
      return (first.identity, second?.end ?? first.end, start)
    }
    return nil
  }

  /// What the header at `offset` holds and where it ends; `nil` unless it is whole.
  private static func readHeader(_ bytes: [UInt8], at offset: Int) -> (identity: ScanIdentity, end: Int)? {
    guard bytes.count - offset >= 16 + CheckpointRecord.checksumLength, bytes[offset...].starts(with: magic) else { return nil }
    let length = integer(bytes, at: offset + 8)
    guard (0...(bytes.count - offset - 16 - CheckpointRecord.checksumLength)).contains(length) else { return nil }
    let end = offset + 16 + length
    guard CheckpointRecord.checksum(bytes[offset..<end]) == Array(bytes[end..<(end + CheckpointRecord.checksumLength)]),
      let identity = try? JSONDecoder().decode(ScanIdentity.self, from: Data(bytes[(offset + 16)..<end])),
      identity.plan.contradiction() == nil
    else { return nil }
    return (identity, end + CheckpointRecord.checksumLength)
  }

  /// Where the record at `offset` ends, without its checksum; `nil` unless it is whole and belongs to the plan.
  private static func recordEnd(_ bytes: [UInt8], at offset: Int, _ plan: ScanPlan) -> Int? {
    guard bytes.count - offset >= CheckpointRecord.headLength + CheckpointRecord.checksumLength else { return nil }
    let (layer, stimulus, shard) = (
      integer(bytes, at: offset), integer(bytes, at: offset + 8), integer(bytes, at: offset + 16)
    )
    let count = integer(bytes, at: offset + 24)
    guard plan.layers.indices.contains(layer), (0..<plan.stimulusCount).contains(stimulus),
      (0..<plan.shardCount(plan.layers[layer])).contains(shard),
      count == plan.rows(ofShard: shard, plan.layers[layer]).count * plan.layers[layer].width
    else { return nil }
    let end = offset + CheckpointRecord.headLength + count * MemoryLayout<Float>.stride
    guard end + CheckpointRecord.checksumLength <= bytes.count,
      CheckpointRecord.checksum(bytes[offset..<end]) == Array(bytes[end..<(end + CheckpointRecord.checksumLength)])
    else { return nil }
    return end
  }

  private static func integer(_ bytes: [UInt8], at offset: Int) -> Int {
    Int(Int64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int64.self) }))
  }
}
