import ScanPlan
import ScanStore

/// What a run says of itself first: where it runs, and with what.
struct RunHeader {
  /// By rank.
  let machines: [Machine]
  let threads: Int
  let versions: RunRecord.Versions

  /// One line for the log.
  func line(_ plan: ScanPlan) throws -> String {
    let hosts = Set(machines.map(\.host)).count
    let ranks = machines.count
    return """
      Rank 0 on \(machines[0].host) (\(machines[0].instructionSet)); \(ranks) rank\(ranks == 1 ? "" : "s") on \(hosts) \
      host\(hosts == 1 ? "" : "s"), \(threads) thread\(threads == 1 ? "" : "s") each; nnfmri-mpi \(versions.program.number), \
      ONNX Runtime \(versions.onnxRuntime), \(versions.mpi), \(versions.linearAlgebra); plan \
      \(try plan.digest().prefix(12))
      """
  }

  /// The instruction sets of all ranks and of earlier runs.
  func instructionSets(with earlier: [String]) -> [String] {
    Set(machines.map(\.instructionSet) + earlier).sorted()
  }
}
