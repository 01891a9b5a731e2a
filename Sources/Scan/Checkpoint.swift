internal import FoundationEssentials
internal import Glibc

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
  }

  private static let magic = Array("NNFMRI01".utf8)
  private static let recordHead = 4 * 8
  private static let checksumLength = 8

  private let path: String
  private let descriptor: Int32
  private let interval: Double
  private var pending: [UInt8] = []
  private var lastFlush = monotonicSeconds()
  /// Seconds that the last write took, until it was on disk.
  private(set) var lastCost = 0.0

  /// Begins a file, in place of any that is there.
  ///
  /// Written beside and renamed, so that the old one is there until the new one is whole.
  /// - Parameters:
  ///   - shards: what is known already.
  ///   - interval: seconds between two writes.
  /// - Throws: `ScanError` (`cannotWrite`).
  init(path: String, identity: ScanIdentity, shards: [Shard: [Float]], interval: Double) throws {
    self.path = path
    self.interval = interval
    let draft = path + ".new"
    descriptor = open(draft, O_CREAT | O_TRUNC | O_RDWR, 0o644)
    guard descriptor >= 0 else { throw ScanError.cannotWrite(draft) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = Array(try encoder.encode(identity))
    var header = MessageWriter()
    header.append(text.count)
    let head = Self.magic + header.bytes + text
    for _ in 0..<2 { pending += head + Self.checksum(head[...]) }
    for (shard, values) in shards { append(shard, values) }
    try flush()
    unlink(Self.previous(path))
    guard link(path, Self.previous(path)) == 0 || errno == ENOENT, rename(draft, path) == 0 else {
      throw ScanError.cannotWrite(path)
    }
    try Self.synchronizeFolder(of: path)
  }

  deinit {
    close(descriptor)
  }

  /// Takes in a shard. It is on disk within the interval, or at `flush()`.
  func record(_ shard: Shard, _ values: [Float]) throws {
    append(shard, values)
    if monotonicSeconds() - lastFlush >= interval { try flush() }
  }

  /// Makes everything recorded durable.
  func flush() throws {
    let start = monotonicSeconds()
    var rest = pending[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw ScanError.cannotWrite(path) }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw ScanError.cannotWrite(path) }
    pending.removeAll(keepingCapacity: true)
    lastFlush = monotonicSeconds()
    lastCost = lastFlush - start
  }

  private func append(_ shard: Shard, _ values: [Float]) {
    var writer = MessageWriter()
    writer.append(shard.layer)
    writer.append(shard.stimulus)
    writer.append(shard.shard)
    writer.append(values)
    pending += writer.bytes + Self.checksum(writer.bytes[...])
  }

  /// Where the file that a run went on with is kept.
  static func previous(_ path: String) -> String { path + ".previous" }

  /// Reads a file, or the previous one where nothing can be made of it.
  ///
  /// - Returns: `nil` if there is none.
  /// - Throws: `ScanError` (`badInput`) if neither can be read or has a whole header: hours of measuring may be in it, so
  ///   it isn't taken for none.
  static func read(_ path: String) throws(ScanError) -> Content? {
    guard access(path, F_OK) == 0 else { return nil }
    if let content = content(path, isPrevious: false) ?? content(previous(path), isPrevious: true) { return content }
    throw ScanError(
      .badInput,
      "\(path) can't be read, or isn't a checkpoint that this version knows, or its beginning is damaged; remove it to measure all again")
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
      var reader = MessageReader(Array(bytes[offset..<end]))
      let shard = Shard(layer: reader.readInt(), stimulus: reader.readInt(), shard: reader.readInt())
      shards[shard] = reader.readFloats()
      offset = end + checksumLength
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
    guard bytes.count - offset >= 16 + checksumLength, bytes[offset...].starts(with: magic) else { return nil }
    let length = integer(bytes, at: offset + 8)
    guard (0...(bytes.count - offset - 16 - checksumLength)).contains(length) else { return nil }
    let end = offset + 16 + length
    guard checksum(bytes[offset..<end]) == Array(bytes[end..<(end + checksumLength)]),
      let identity = try? JSONDecoder().decode(ScanIdentity.self, from: Data(bytes[(offset + 16)..<end]))
    else { return nil }
    return (identity, end + checksumLength)
  }

  /// Where the record at `offset` ends, without its checksum; `nil` unless it is whole and belongs to the plan.
  private static func recordEnd(_ bytes: [UInt8], at offset: Int, _ plan: ScanPlan) -> Int? {
    guard bytes.count - offset >= recordHead + checksumLength else { return nil }
    let (layer, stimulus, shard) = (
      integer(bytes, at: offset), integer(bytes, at: offset + 8), integer(bytes, at: offset + 16)
    )
    let count = integer(bytes, at: offset + 24)
    guard plan.layers.indices.contains(layer), (0..<plan.stimulusCount).contains(stimulus),
      (0..<plan.shardCount(plan.layers[layer])).contains(shard),
      count == plan.rows(ofShard: shard, plan.layers[layer]).count
    else { return nil }
    let end = offset + recordHead + count * MemoryLayout<Float>.stride
    guard end + checksumLength <= bytes.count,
      checksum(bytes[offset..<end]) == Array(bytes[end..<(end + checksumLength)])
    else { return nil }
    return end
  }

  private static func integer(_ bytes: [UInt8], at offset: Int) -> Int {
    Int(Int64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int64.self) }))
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(Digest.bytes(of: bytes).prefix(checksumLength))
  }

  /// A rename is durable once the folder is.
  private static func synchronizeFolder(of path: String) throws {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY)
    guard descriptor >= 0 else { throw ScanError.cannotWrite(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw ScanError.cannotWrite(folder) }
  }
}
