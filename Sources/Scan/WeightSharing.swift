import Lesion
internal import Glibc
import MPI
import ModelGraph
import OnnxRuntime

/// Whether the ranks of a machine hold a model's weights once.
package enum WeightSharing: String, CaseIterable, Sendable {
  /// Where several ranks run on the machine and the weights are large enough to be worth the time it takes.
  case auto
  case always
  case never

  /// Bytes of weights from which on `auto` shares them.
  private static let worthwhile = 64 << 20

  /// The store of this machine, in `TMPDIR` or else `/tmp`; `nil` if weights aren't shared. Collective.
  ///
  /// - Parameter complain: takes a sentence if they should be and can't.
  func store(
    _ model: Model, digest: String, runtime: Runtime, world: Communicator, complain: @escaping (String) -> Void
  ) throws(MPIError) -> WeightStore? {
    let neighbours = try world.ranksOnThisMachine()
    guard self == .always || self == .auto && neighbours > 1 && model.weightBytes >= Self.worthwhile else { return nil }
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    return WeightStore(
      digest: digest, runtime: runtime, in: folder.isEmpty ? "/tmp" : folder, complain: complain)
  }
}
