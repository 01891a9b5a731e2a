/// How the samples of a batch lie in a tensor: along one axis, which need not be the first.
///
/// Per sample the tensor has `outer` blocks of `inner` bytes; in a batch, the blocks of all samples alternate.
struct BatchTiling: Sendable {
  private let outer: Int
  private let inner: Int

  /// - Parameters:
  ///   - shape: the tensor's shape for one sample.
  ///   - axis: the axis along which samples follow each other; its length for one sample may exceed 1, where an
  ///     exporter folded another axis into the batch.
  init(shape: [Int], axis: Int, elementSize: Int) {
    outer = shape[..<axis].reduce(1, *)
    inner = shape[axis...].reduce(1, *) * elementSize
  }

  /// Copies one sample to its place in a batch.
  func copy(
    _ sample: UnsafeRawBufferPointer, to index: Int, of batch: Int, in output: UnsafeMutableRawBufferPointer
  ) {
    precondition(sample.count == outer * inner && output.count == sample.count * batch)
    for block in 0..<outer {
      let target = (block * batch + index) * inner
      UnsafeMutableRawBufferPointer(rebasing: output[target..<(target + inner)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: sample[(block * inner)..<((block + 1) * inner)]))
    }
  }
}
