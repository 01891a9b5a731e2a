import ModelGraph
import OnnxRuntime

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

  /// Samples in a batch, block by block. - Returns: whether `isSame` holds of all blocks of two of them.
  func areSame(
    _ first: Int, _ second: Int, of batch: Int, in bytes: UnsafeRawBufferPointer,
    _ isSame: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    precondition(bytes.count == outer * inner * batch)
    func block(_ number: Int, of sample: Int) -> UnsafeRawBufferPointer {
      let start = (number * batch + sample) * inner
      return UnsafeRawBufferPointer(rebasing: bytes[start..<(start + inner)])
    }
    return (0..<outer).allSatisfy { isSame(block($0, of: first), block($0, of: second)) }
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

extension Tensor {
  /// Of a batch of two equal stimuli: whether both rows are the same, floats but for rounding. Where rows are numbered (`Range` over the
  /// length of the batch) they aren't.
  func repeatsSamples(along axis: Int) -> Bool {
    guard let size = Tensor.byteSize(of: elementType) else { return false }
    var shape = shape
    shape[axis] /= 2
    let tiling = BatchTiling(shape: shape, axis: axis, elementSize: size)
    let isFloat = elementType == ElementType.float.rawValue
    return withBytes { bytes in
      let scale = isFloat ? bytes.bindMemory(to: Float.self).reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } : 0
      return tiling.areSame(0, 1, of: 2, in: UnsafeRawBufferPointer(bytes)) { a, b in
        if a.elementsEqual(b) { return true }
        guard isFloat else { return false }
        let (a, b) = (a.bindMemory(to: Float.self), b.bindMemory(to: Float.self))
        return zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= 1e-4 * scale }
      }
    }
  }
}
