import Lesion
import ModelGraph

/// What a rank will hold in memory, from the shapes of the network: the same for every run of a scan, so that the batch
/// that is chosen by it is, too.
struct MemoryEstimate {
  /// The program, MPI and the runtime.
  private static let program = 80 << 20
  /// Of the runtime's arena, which keeps what it doesn't need any more, and a convolution's working space.
  private static let arenaFactor = 1.5

  /// Bytes whatever the batch is.
  private let fixed: Int
  /// Bytes for each coalition of a batch.
  private let row: Int

  init(_ survey: NetworkSurvey) {
    let peak = survey.model.peakActivationBytes(shapes: survey.shapes)
    let exposed = survey.layers.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) }
    // Weights are held once by the sessions of prefix and suffix together, and once more as the kernels like them.
    fixed = Self.program + 2 * survey.model.weightBytes + exposed
    row = Int(Self.arenaFactor * Double(peak))
  }

  /// Bytes at a batch size, the cache of prefix results aside.
  func bytes(batch: Int) -> Int { fixed + batch * row }

  /// The largest batch that fits, of `most`, its half, its quarter and so on.
  ///
  /// - Throws: `ScanError` (`usage`) if not even a batch of 1 does.
  func batch(within budget: Int, most: Int) throws(ScanError) -> Int {
    var batch = most
    while bytes(batch: batch) > budget {
      guard batch > 1 else {
        throw ScanError(
          .usage,
          "--memory \(budget >> 20) is too little: a rank needs about \(bytes(batch: 1) >> 20 + 1) MB for one coalition at a time; give it more, or fewer ranks to a node")
      }
      batch /= 2
    }
    return batch
  }
}
