/// The values of the first shards of those that a rank was to measure, as the body of a message.
struct ShardValues {
  /// One record after another, as a checkpoint holds them. All that were asked for, unless the scan is ending.
  private(set) var records: [UInt8] = []
  private(set) var count = 0
  /// What they took the rank.
  var seconds = 0.0

  init() {}

  init(_ reader: inout MessageReader) {
    seconds = reader.readDouble()
    count = reader.readInt()
    records = reader.readBytes()
  }

  mutating func append(_ shard: Checkpoint.Shard, _ values: [Float]) {
    records += CheckpointRecord.encode(shard, values)
    count += 1
  }

  /// The shards with their values.
  var shards: [(shard: Checkpoint.Shard, values: [Float])] {
    var reader = MessageReader(records)
    return (0..<count).map { _ in CheckpointRecord.read(&reader) }
  }

  func write(to writer: inout MessageWriter) {
    writer.append(seconds)
    writer.append(count)
    writer.append(records)
  }
}
