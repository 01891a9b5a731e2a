/// A piece of work that any rank can do, with a result that depends on the task alone.
enum ScanTask: Sendable, Hashable {
  /// Check a layer's cut: prefix, then suffix with nothing lesioned, against the whole model. Result: deviation.
  case verify(layer: Int)
  /// One forward pass of a stimulus. Result: the scores, then each layer's region moments.
  case observe(stimulus: Int)
  /// One forward pass of a stimulus of the stream. Result: each layer's record, as in `StreamStore`.
  case record(stimulus: Int)
  /// The mean activation of each unit of a layer over the stimuli. Result: [units].
  case average(layer: Int)
  /// Measure shards of a series. Result: `ShardValues`.
  case acquire(layer: Int, stimulus: Int, target: Int, shards: Range<Int>)
  /// Estimate ζ of a series from its values. Result: an estimate.
  case estimate(layer: Int, stimulus: Int, values: [Float])
  /// Estimate how pairs of regions interact in a series, from its values. Result: interactions, errors, degrees of freedom.
  case interact(layer: Int, stimulus: Int, regions: [Int], values: [Float])
  /// Information content of a layer's regions. `densities`: [stimuli x regions]. Result: bits, then p-values.
  case inform(layer: Int, labels: [Int], densities: [Double])

  /// Prepare to trace a link, from a layer to the next or to the output's classes. Result: why it can't be, or nothing.
  case connect(link: Int, classes: [Int])
  /// Trace a link for a stimulus. Result: [sources x targets].
  case trace(link: Int, stimulus: Int, classes: [Int])
  /// Lesion pathways through layers, of which the first is row `first` of a stimulus's. `pathways`: [pathways x layers].
  /// Result: v of each.
  case lesion(layers: [Int], stimulus: Int, target: Int, first: Int, pathways: [Int])

  func encode() -> [UInt8] {
    var writer = MessageWriter()
    switch self {
    case .verify(let layer):
      writer.append(0)
      writer.append(layer)
    case .observe(let stimulus):
      writer.append(1)
      writer.append(stimulus)
    case .record(let stimulus):
      writer.append(9)
      writer.append(stimulus)
    case .average(let layer):
      writer.append(2)
      writer.append(layer)
    case .acquire(let layer, let stimulus, let target, let shards):
      writer.append(3)
      writer.append(layer)
      writer.append(stimulus)
      writer.append(target)
      writer.append(shards.lowerBound)
      writer.append(shards.upperBound)
    case .estimate(let layer, let stimulus, let values):
      writer.append(4)
      writer.append(layer)
      writer.append(stimulus)
      writer.append(values)
    case .interact(let layer, let stimulus, let regions, let values):
      writer.append(10)
      writer.append(layer)
      writer.append(stimulus)
      writer.append(regions)
      writer.append(values)
    case .inform(let layer, let labels, let densities):
      writer.append(5)
      writer.append(layer)
      writer.append(labels)
      writer.append(densities)
    case .connect(let link, let classes):
      writer.append(6)
      writer.append(link)
      writer.append(classes)
    case .trace(let link, let stimulus, let classes):
      writer.append(7)
      writer.append(link)
      writer.append(stimulus)
      writer.append(classes)
    case .lesion(let layers, let stimulus, let target, let first, let pathways):
      writer.append(8)
      writer.append(layers)
      writer.append(stimulus)
      writer.append(target)
      writer.append(first)
      writer.append(pathways)
    }
    return writer.bytes
  }

  init(_ reader: inout MessageReader) {
    switch reader.readInt() {
    case 0: self = .verify(layer: reader.readInt())
    case 1: self = .observe(stimulus: reader.readInt())
    case 2: self = .average(layer: reader.readInt())
    case 3:
      self = .acquire(
        layer: reader.readInt(), stimulus: reader.readInt(), target: reader.readInt(),
        shards: reader.readInt()..<reader.readInt())
    case 4: self = .estimate(layer: reader.readInt(), stimulus: reader.readInt(), values: reader.readFloats())
    case 5: self = .inform(layer: reader.readInt(), labels: reader.readInts(), densities: reader.readDoubles())
    case 6: self = .connect(link: reader.readInt(), classes: reader.readInts())
    case 7: self = .trace(link: reader.readInt(), stimulus: reader.readInt(), classes: reader.readInts())
    case 8:
      self = .lesion(
        layers: reader.readInts(), stimulus: reader.readInt(), target: reader.readInt(), first: reader.readInt(),
        pathways: reader.readInts())
    case 9: self = .record(stimulus: reader.readInt())
    case 10:
      self = .interact(
        layer: reader.readInt(), stimulus: reader.readInt(), regions: reader.readInts(), values: reader.readFloats())
    case let kind: preconditionFailure("task \(kind) is of no known kind")
    }
  }
}
