internal import Glibc
import Lesion
import MPI
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan

extension WeightSharing {
  /// Bytes of weights from which on `auto` shares them.
  static var worthwhile: Int { 64 << 20 }

  fileprivate func applies(to model: Model, when isUseful: Bool) -> Bool {
    switch self {
    case .auto: isUseful && model.weightBytes >= Self.worthwhile
    case .always: true
    case .never: false
    }
  }
}

extension ScanRequest {
  /// Whether a model's weights are shared on any number of ranks. So it is where memory is bounded: what a rank holds for
  /// itself then decides the batch, and with it the bytes of the result.
  func sharesWeights(of model: Model) -> Bool {
    measurement.provider == nil && resources.weightSharing.applies(to: model, when: resources.memoryBudget != nil)
  }

  /// The store of this machine, in `TMPDIR` or else `/tmp`; `nil` if weights aren't shared. Collective.
  ///
  /// - Parameter complain: takes a sentence if they should be and can't.
  func weightStore(
    of model: Model, digest: String, runtime: Runtime, world: Communicator, complain: @escaping (String) -> Void
  ) throws(MPIError) -> WeightStore? {
    let neighbours = try world.placeOnThisMachine().count
    // A provider holds weights in its own form, and where it computes.
    guard runtime.provider == nil,
      resources.weightSharing.applies(to: model, when: neighbours > 1 || resources.memoryBudget != nil)
    else { return nil }
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    return WeightStore(
      digest: digest, runtime: runtime, in: folder.isEmpty ? "/tmp" : folder, complain: complain)
  }
}
