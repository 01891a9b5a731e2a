import ScanPlan
import ScanStore

/// What a run says of itself first: where it runs, and with what.
struct RunHeader {
  /// By rank.
  let machines: [Machine]
  let threads: Int
  /// What people call the execution provider; `nil`: there is none.
  let provider: String?
  let versions: RunRecord.Versions

  /// One line for the log.
  func line(_ plan: ScanPlan) throws -> String {
    let hosts = Set(machines.map(\.host)).count
    let ranks = machines.count
    return """
      Rank 0 on \(machines[0].host) (\(machines[0].instructionSet)); \(ranks) rank\(ranks == 1 ? "" : "s") on \(hosts) \
      host\(hosts == 1 ? "" : "s"), \(threads) thread\(threads == 1 ? "" : "s") each\(place); nnfmri-mpi \(versions.program.number), \
      ONNX Runtime \(versions.onnxRuntime), \(versions.mpi), \(versions.linearAlgebra); plan \
      \(try plan.digest().prefix(12))
      """
  }

  /// Where passes run, if not on the runtime's own kernels.
  private var place: String {
    guard let provider else { return "" }
    let devices = machines.compactMap(\.device)
    let names = Set(devices.map(\.name)).filter { !$0.isEmpty }.sorted()
    let numbers = Set(devices.map(\.number)).sorted()
    let which = numbers.count > 1 ? " (devices \(numbers.map(String.init).joined(separator: ", ")))" : ""
    return ", passes by \(provider)\(names.isEmpty ? "" : " on " + names.joined(separator: " and "))\(which)"
  }

  /// The instruction sets of all ranks and of earlier runs.
  func instructionSets(with earlier: [String]) -> [String] {
    Set(machines.map(\.arithmetic) + earlier).sorted()
  }
}
