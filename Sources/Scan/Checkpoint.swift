import Files
internal import FoundationEssentials
internal import Glibc
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
final class Checkpoint {
  /// A shard's place in a scan.
  struct Shard: Hashable {
    let layer: Int
    let stimulus: Int
    let shard: Int
  }

  /// What the file holds.
  struct Content {
    let identity: ScanIdentity
    let shards: [Shard: [Float]]
    /// Bytes that were cut off or damaged.
    let lostBytes: Int
    /// Whether this is the previous run's file, since nothing could be made of the last one's.
    let isPrevious: Bool

    /// What its part of the scan, or the whole, has besides.
    var missingShards: [Shard] {
      let plan = identity.plan
      return plan.series(of: identity.origin.part).flatMap { series in
        let layer = plan.layer(ofSeries: series)
        return (0..<plan.shardCount(layer)).map {
          Shard(layer: layer.number, stimulus: series % plan.stimulusCount, shard: $0)
        }
      }.filter { shards[$0] == nil }
    }
  }

  static let magic = Array("NNFMRI01".utf8)
  /// Bytes that are handed to the system before the interval is over: it writes them when it likes, so that there is
  /// less to wait for then.
  private static let portion = 1 << 20

  private let path: String
  private let descriptor: Int32
  /// Seconds between two writes.
  let interval: Double
  private var pending: [UInt8] = []
  private var isPlaced = false
  private let clock: () -> Double
  private var lastFlush: Double
  /// Seconds that the last write took, until it was on disk.
  private(set) var lastCost = 0.0
  /// Seconds that all writes took.
  private(set) var totalCost = 0.0
  /// Of those, seconds spent waiting for the disk.
  private(set) var syncSeconds = 0.0

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
  init(
    path: String, identity: ScanIdentity, shards: [Shard: [Float]], keepsPrevious: Bool = false, interval: Double,
    clock: @escaping () -> Double = monotonicSeconds
  ) throws {
    self.path = path
    self.clock = clock
    self.lastFlush = clock()
    self.interval = interval
    let draft = path + ".new"
    descriptor = open(draft, O_CREAT | O_TRUNC | O_RDWR, 0o644)
    guard descriptor >= 0 else { throw FileError.cannotWrite(draft) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = Array(try encoder.encode(identity))
    var header = MessageWriter()
    header.append(text.count)
    let head = Self.magic + header.bytes + text
    for _ in 0..<2 { pending += head + CheckpointRecord.checksum(head[...]) }
    for (shard, values) in shards { pending += CheckpointRecord.encode(shard, values) }
    do {
      try flush()
      guard keepsPrevious || rename(path, Self.previous(path)) == 0 || errno == ENOENT, rename(draft, path) == 0 else {
        throw FileError.cannotWrite(path)
      }
      try Self.synchronizeFolder(of: path)
    } catch {
      // Where the disk is full it would only be in the way.
      unlink(draft)
      throw error
    }
    isPlaced = true
  }

  deinit {
    close(descriptor)
  }

  /// Takes in a shard. It is on disk within the interval, or at `flush()`.
  func record(_ shard: Shard, _ values: [Float]) throws {
    try record(CheckpointRecord.encode(shard, values))
  }

  /// Takes in records.
  func record(_ records: [UInt8]) throws {
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
  func flush() throws {
    let start = monotonicSeconds()
    try write()
    let written = monotonicSeconds()
    guard fsync(descriptor) == 0 else { throw FileError.cannotWrite(path) }
    lastFlush = clock()
    syncSeconds += monotonicSeconds() - written
    lastCost = monotonicSeconds() - start
    totalCost += lastCost
    if isPlaced, !isInPlace { try restore() }
  }

  /// Hands what is recorded to the system.
  private func write() throws {
    var rest = pending[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw FileError.cannotWrite(path) }
      rest = rest.dropFirst(count)
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Whether the path still leads to this file: somebody may have removed the folder.
  private var isInPlace: Bool {
    var (mine, found) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && stat(path, &found) == 0 && mine.st_ino == found.st_ino
      && mine.st_dev == found.st_dev
  }

  /// Writes what this file holds to its path again.
  private func restore() throws {
    let folder = OutputFolder(Self.folder(of: path))
    try makeFolder(folder.path)
    try folder.markIncomplete()
    let copy = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o644)
    guard copy >= 0 else { throw FileError.cannotWrite(path) }
    defer { close(copy) }
    var block = [UInt8](repeating: 0, count: Self.portion)
    var offset = 0
    while case let count = pread(descriptor, &block, block.count, off_t(offset)), count > 0 {
      guard Glibc.write(copy, block, count) == count else { throw FileError.cannotWrite(path) }
      offset += count
    }
    guard fsync(copy) == 0 else { throw FileError.cannotWrite(path) }
    throw Failure(
      .cannotWrite,
      "\(path) was removed while the scan ran; what was measured is there again: run the same command with --resume")
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// A rename is durable once the folder is.
  private static func synchronizeFolder(of path: String) throws {
    let folder = folder(of: path)
    let descriptor = open(folder, O_RDONLY)
    guard descriptor >= 0 else { throw FileError.cannotWrite(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError.cannotWrite(folder) }
  }
}
