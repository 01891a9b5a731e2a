import Files

/// A shard's values as they stand in a checkpoint: layer, stimulus, shard, number of values, the values, and the first 8
/// bytes of the SHA-256 of all that.
///
/// The rank that measured a shard makes its record, so the checksum costs the coordinator nothing.
enum CheckpointRecord {
  static let headLength = 4 * 8
  static let checksumLength = 8

  static func encode(_ shard: Checkpoint.Shard, _ values: [Float]) -> [UInt8] {
    var writer = MessageWriter()
    writer.append(shard.layer)
    writer.append(shard.stimulus)
    writer.append(shard.shard)
    writer.append(values)
    return writer.bytes + checksum(writer.bytes[...])
  }

  /// Reads a record that is known to be whole.
  static func read(_ reader: inout MessageReader) -> (shard: Checkpoint.Shard, values: [Float]) {
    let shard = Checkpoint.Shard(layer: reader.readInt(), stimulus: reader.readInt(), shard: reader.readInt())
    let values = reader.readFloats()
    _ = reader.readBits()
    return (shard, values)
  }

  static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(Digest.bytes(of: bytes).prefix(checksumLength))
  }
}
