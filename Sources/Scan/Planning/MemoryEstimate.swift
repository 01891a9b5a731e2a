import Lesion
import ModelGraph
import Networks
import UserErrors

/// What a rank will hold in memory for itself, from the shapes of the network: the same for every run of a scan and every
/// number of ranks, so that the batch that is chosen by it is, too. For that reason weights that the ranks of a machine share
/// aren't counted, instead of in part.
struct MemoryEstimate {
  /// The program, MPI and the runtime.
  private static let program = 90 << 20
  /// Of the runtime's arena, which grows in powers of two and keeps what it doesn't need any more.
  private static let arenaFactor = 2

  /// Bytes whatever the batch is, weights aside.
  private let fixed: Int
  /// Bytes of weights in a rank that holds its own.
  private let weights: Int
  /// Bytes for each coalition of a batch.
  private let row: Int

  init(_ survey: NetworkSurvey) {
    let peak = survey.model.peakActivationBytes(shapes: survey.shapes)
    let layers = survey.layers.map { 4 * $0.shape.reduce(1, *) }
    // All layers of a stimulus are there at once when it is observed.
    fixed = Self.program + Self.arenaFactor * layers.reduce(0, +)
    weights = Self.weightBytes(survey.model)
    row = Self.arenaFactor * peak + (layers.max() ?? 0)
  }

  /// What a model's weights take in a rank that holds its own: they are held once by the sessions of prefix and suffix
  /// together, and once more as the kernels like them.
  static func weightBytes(_ model: Model) -> Int { 2 * model.weightBytes }

  /// Bytes at a batch size, the cache of prefix results aside.
  func bytes(batch: Int, sharesWeights: Bool) -> Int { fixed + (sharesWeights ? 0 : weights) + batch * row }

  /// The largest batch that fits, of `most`, its half, its quarter and so on.
  ///
  /// - Throws: `Failure` (`usage`) if not even a batch of 1 does.
  func batch(within budget: Int, most: Int, sharesWeights: Bool) throws(Failure) -> Int {
    func bytes(_ batch: Int) -> Int { self.bytes(batch: batch, sharesWeights: sharesWeights) }
    var batch = most
    while bytes(batch) > budget {
      guard batch > 1 else {
        throw Failure(
          .usage,
          "--memory \(budget >> 20) is too little: a rank needs about \(bytes(1) >> 20 + 1) MB for one coalition at a time; give it more, or fewer ranks to a node"
        )
      }
      batch /= 2
    }
    return batch
  }
}
