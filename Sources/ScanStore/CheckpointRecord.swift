import Distribution
import Files

/// A shard's values as they stand in a checkpoint: layer, stimulus, shard, number of values, the values, and the first 8
/// bytes of the SHA-256 of all that.
///
/// The rank that measured a shard makes its record, so the checksum costs the coordinator nothing.
struct CheckpointRecord: Coded {
  static let headLength = 4 * 8
  static let checksumLength = 8

  var shard = Checkpoint.Shard(layer: 0, stimulus: 0, shard: 0)
  var values: [Float] = []

  init() {}

  init(_ shard: Checkpoint.Shard, _ values: [Float]) {
    self.shard = shard
    self.values = values
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&shard.layer)
    try coder.code(&shard.stimulus)
    try coder.code(&shard.shard)
    try coder.code(&values)
  }

  /// The record with its checksum.
  var bytes: [UInt8] {
    let body = message
    return body + Self.checksum(body[...])
  }

  static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(Digest.bytes(of: bytes).prefix(checksumLength))
  }
}
