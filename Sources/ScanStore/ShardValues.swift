package import Distribution

/// The values of the first shards of those that a rank was to measure, as records that a checkpoint takes as they are.
package struct ShardValues: Coded {
  /// What they took the rank.
  package var seconds = 0.0
  package private(set) var count = 0
  /// One record after another, as a checkpoint holds them. All that were asked for, unless the scan is ending.
  package private(set) var records: ArraySlice<UInt8> = []

  package init() {}

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&seconds)
    try coder.code(&count)
    try coder.code(&records)
  }

  package mutating func append(_ shard: Checkpoint.Shard, _ values: [Float]) {
    records += CheckpointRecord(shard, values).bytes
    count += 1
  }

  /// The shards with their values.
  ///
  /// - Throws: `MessageError` if records don't hold as many.
  package func shards() throws(MessageError) -> [(shard: Checkpoint.Shard, values: [Float])] {
    var coder = MessageCoder(reading: records)
    var shards: [(shard: Checkpoint.Shard, values: [Float])] = []
    for _ in 0..<count {
      var record = CheckpointRecord()
      try record.code(&coder)
      var checksum: UInt64 = 0
      try coder.code(&checksum)
      shards.append((record.shard, record.values))
    }
    return shards
  }
}
