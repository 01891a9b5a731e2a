import ModelGraph
import OnnxRuntime

/// Finds where tensors keep the stimuli of a batch, by comparing a batch of two with each stimulus alone.
enum BatchPlace {
  /// The axis that doubles from one stimulus to two; `nil` if none or several do.
  static func axis(one: [Int], two: [Int]) -> Int? {
    guard one.count == two.count else { return nil }
    let grown = one.indices.filter { one[$0] != two[$0] }
    guard grown.count == 1, two[grown[0]] == 2 * one[grown[0]] else { return nil }
    return grown[0]
  }

  /// How far a batch of a network that rounds activations may be from each stimulus alone: far less than what is mixed up.
  private static let quantizedTolerance: Float = 0.2
  /// The same for batches of one size, which do the same arithmetic.
  private static let sameSizeTolerance: Float = 1e-6

  /// Where a batch of two holds what each stimulus gives alone; `nil` if it doesn't.
  ///
  /// - Parameter tolerance: as a share of the largest element.
  static func find(_ pair: Tensor, alone: [Tensor], tolerance: Float) -> TensorView.Batch? {
    find([pair], alone: alone) { _, rows, alone in agree(rows[0], alone, tolerance) }
  }

  /// The same for a network whose activations are rounded to few levels: a batch of another size, whose last bits differ, may
  /// round some of them the other way. So stimuli side by side are compared with batches of each of them twice.
  static func find(_ pair: Tensor, copies: [Tensor], alone: [Tensor]) -> TensorView.Batch? {
    find([pair] + copies, alone: alone) { stimulus, rows, alone in
      agree(rows[0], rows[1 + stimulus], sameSizeTolerance) && agree(rows[0], alone, quantizedTolerance)
    }
  }

  /// - Parameter holds: whether what a stimulus has in the batches is what it gives alone.
  private static func find(
    _ batches: [Tensor], alone: [Tensor], _ holds: (_ stimulus: Int, _ rows: [[Float]], _ alone: [Float]) -> Bool
  ) -> TensorView.Batch? {
    guard alone.allSatisfy({ $0.shape == alone[0].shape }), batches[0].elementType == alone[0].elementType,
      batches.allSatisfy({ $0.shape == batches[0].shape }), let axis = axis(one: alone[0].shape, two: batches[0].shape)
    else { return nil }
    let (numbers, singles) = (batches.compactMap { $0.numbers() }, alone.compactMap { $0.numbers() })
    guard numbers.count == batches.count, singles.count == 2 else { return nil }
    let shape = alone[0].shape
    for isOuter in shape[axis] == 1 ? [true] : [true, false] {
      let agrees = singles.enumerated().allSatisfy { stimulus, single in
        holds(stimulus, numbers.map { row(stimulus, of: $0, shape: shape, axis: axis, isOuter: isOuter) }, single)
      }
      if agrees { return place(shape: shape, axis: axis, isOuter: isOuter) }
    }
    return nil
  }

  static func place(shape: [Int], axis: Int, isOuter: Bool = true) -> TensorView.Batch {
    shape[axis] > 1 ? .folded(axis: axis, count: shape[axis], isOuter: isOuter) : axis == 0 ? .first : .axis(axis)
  }

  /// What a batch of two holds of one stimulus, in the order in which that stimulus alone has it.
  private static func row(
    _ stimulus: Int, of batch: [Float], shape: [Int], axis: Int, isOuter: Bool
  ) -> [Float] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let count = shape[axis]
    let outer = shape[..<axis].reduce(1, *)
    var row: [Float] = []
    row.reserveCapacity(outer * count * inner)
    for block in 0..<outer {
      for entry in 0..<count {
        let place = isOuter ? stimulus * count + entry : entry * 2 + stimulus
        let start = (block * 2 * count + place) * inner
        row += batch[start..<start + inner]
      }
    }
    return row
  }

  private static func agree(_ a: [Float], _ b: [Float], _ tolerance: Float) -> Bool {
    guard a.count == b.count else { return false }
    let scale = b.reduce(Float.leastNormalMagnitude) { $1.isFinite ? max($0, abs($1)) : $0 }
    return zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= tolerance * scale }
  }

  /// How far two runs of one tensor may be apart, as a share of its largest element: what types round, many times over.
  static func tolerance(_ type: ElementType) -> Float {
    switch type {
    case .float, .double: 1e-3
    case .float16: 1e-2
    default: 5e-2
    }
  }
}
