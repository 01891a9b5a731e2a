import Arrays
import Files
internal import FoundationEssentials
internal import Glibc
package import ScanPlan
import UserErrors

/// The shards that a scan has measured so far, in a file that survives the scan: a journal to which records are
/// appended, so that a checkpoint costs what is new and never rewrites what is safe.
///
/// The file is a header, which holds the plan and the options, twice, and one record a shard. Headers and records carry a
/// checksum each. What was cut off or damaged is left out on reading, and costs the shards that it held and no others.
/// The file that a run found and went on with is kept beside its own, for the case that this one's headers are gone.
///
/// All numbers are little-endian. Header: the 8 characters `NNFMRI01`, the length of a JSON text, the text, the
/// checksum. Record: layer, stimulus, shard, number of values, the values, the checksum. Numbers are 64-bit, values
/// 32-bit floats, checksums the first 8 bytes of SHA-256.
package final class Checkpoint {
  /// A shard's place in a scan.
  package struct Shard: Hashable {
    package var layer: Int
    package var stimulus: Int
    package var shard: Int

    package init(layer: Int, stimulus: Int, shard: Int) {
      self.layer = layer
      self.stimulus = stimulus
      self.shard = shard
    }
  }

  /// What the file holds.
  package struct Content {
    package let identity: ScanIdentity
    package let shards: [Shard: [Float]]
    /// Bytes that were cut off or damaged.
    package let lostBytes: Int
    /// Whether this is the previous run's file, since nothing could be made of the last one's.
    package let isPrevious: Bool

    /// What its part of the scan, or the whole, has besides.
    package var missingShards: [Shard] {
      let plan = identity.plan
      return plan.series(of: identity.origin.part).flatMap { series in
        let layer = plan.layer(ofSeries: series)
        return (0..<plan.shardCount(layer)).map {
          Shard(layer: layer.number, stimulus: series % plan.stimulusCount, shard: $0)
        }
      }.filter { shards[$0] == nil }
    }
  }

  package static let magic = Array("NNFMRI01".utf8)
  /// Bytes that are handed to the system before the interval is over: it writes them when it likes, so that there is
  /// less to wait for then.
  private static let portion = 1 << 18

  private let path: String
  private let file: OpenFile
  /// Bytes that the file has.
  private var length = 0
  /// Seconds between two writes.
  package let interval: Double
  private var pending: [UInt8] = []
  private var isPlaced = false
  private let clock: () -> Double
  private var lastFlush: Double
  /// Seconds that the last write took, until it was on disk.
  package private(set) var lastCost = 0.0
  /// Seconds that all writes took.
  package private(set) var totalCost = 0.0
  /// Of those, seconds spent waiting for the disk.
  package private(set) var syncSeconds = 0.0

  /// Begins a file, in place of any that is there.
  ///
  /// Written beside and renamed: at every moment what was there, or the new file, can be read at its path or the previous
  /// one's.
  /// - Parameters:
  ///   - shards: what is known already.
  ///   - keepsPrevious: whether the previous file stays, since the one at `path` is worth nothing.
  ///   - interval: seconds between two writes.
  ///   - clock: of the interval.
  /// - Throws: `Failure` (`cannotWrite`).
  package init(
    path: String, identity: ScanIdentity, shards: [Shard: [Float]], keepsPrevious: Bool = false, interval: Double,
    clock: @escaping () -> Double = monotonicSeconds
  ) throws {
    self.path = path
    self.clock = clock
    self.lastFlush = clock()
    self.interval = interval
    let draft = path + ".new"
    file = try OpenFile(draft)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = Array(try encoder.encode(identity))
    let head = Self.magic + littleEndianBytes(UInt64(text.count)) + text
    for _ in 0..<2 { pending += head + CheckpointRecord.checksum(head[...]) }
    for (shard, values) in shards { pending += CheckpointRecord(shard, values).bytes }
    do {
      try flush()
      guard keepsPrevious || rename(path, Self.previous(path)) == 0 || errno == ENOENT, rename(draft, path) == 0 else {
        throw FileError.cannotWrite(path)
      }
      try synchronizeFolder(of: path)
    } catch {
      // Where the disk is full it would only be in the way.
      unlink(draft)
      throw error
    }
    isPlaced = true
  }

  /// Takes in a shard. It is on disk within the interval, or at `flush()`.
  ///
  /// - Throws: `FileError` where the disk is full or gone.
  package func record(_ shard: Shard, _ values: [Float]) throws {
    try record(CheckpointRecord(shard, values).bytes[...])
  }

  /// Takes in records.
  ///
  /// - Throws: `FileError` where the disk is full or gone.
  package func record(_ records: ArraySlice<UInt8>) throws {
    pending += records
    if clock() - lastFlush >= interval {
      try flush()
    } else if pending.count >= Self.portion {
      try write()
    }
  }

  /// Makes everything recorded durable.
  ///
  /// - Throws: `Failure` (`cannotWrite`). If the file has been removed, it is there again then, as far as that can be
  ///   done.
  package func flush() throws {
    let start = monotonicSeconds()
    try write()
    let written = monotonicSeconds()
    try file.synchronize()
    lastFlush = clock()
    syncSeconds += monotonicSeconds() - written
    lastCost = monotonicSeconds() - start
    totalCost += lastCost
    if isPlaced, !file.isInPlace(at: path) { try restore() }
  }

  /// Hands what is recorded to the system.
  private func write() throws {
    try pending.withUnsafeBytes { try file.write($0, at: length) }
    file.beginSynchronizing(length..<length + pending.count)
    length += pending.count
    pending.removeAll(keepingCapacity: true)
  }

  /// Writes what this file holds to its path again.
  private func restore() throws {
    let folder = OutputFolder(folder(of: path))
    try makeFolder(folder.path)
    try folder.markIncomplete()
    let copy = try OpenFile(path)
    var block = [UInt8](repeating: 0, count: min(Self.portion, length))
    for offset in stride(from: 0, to: length, by: Self.portion) {
      let size = min(Self.portion, length - offset)
      try block.withUnsafeMutableBytes { bytes in
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<size])
        try file.read(into: part, at: offset)
        try copy.write(UnsafeRawBufferPointer(part), at: offset)
      }
    }
    try copy.synchronize()
    throw FileError(
      .cannotWrite,
      "\(path) was removed while the scan ran; what was measured is there again: run the same command with --resume")
  }
}
