/// What a run says of itself first: where it runs, and with what.
struct RunHeader {
  /// By rank.
  let machines: [Machine]
  let threads: Int
  let versions: ScanResult.Versions

  /// One line for the log.
  func line(_ plan: ScanPlan) throws -> String {
    let hosts = Set(machines.map(\.host)).count
    let ranks = machines.count
    return """
      Rank 0 on \(machines[0].host) (\(machines[0].instructionSet)); \(ranks) rank\(ranks == 1 ? "" : "s") on \(hosts) \
      host\(hosts == 1 ? "" : "s"), \(threads) thread\(threads == 1 ? "" : "s") each; nnfmri-mpi \(versions.program), \
      ONNX Runtime \(versions.onnxRuntime), \(versions.mpi), \(versions.linearAlgebra); plan \
      \(try plan.digest().prefix(12))
      """
  }

  /// The instruction sets of all ranks and of earlier runs.
  func instructionSets(with earlier: [String]) -> [String] {
    Set(machines.map(\.instructionSet) + earlier).sorted()
  }

  /// What a user should know of several instruction sets; `nil` if there is one.
  static func warning(_ instructionSets: [String]) -> String? {
    guard instructionSets.count > 1 else { return nil }
    return """
      Warning: machines of different instruction sets measure this scan, so its last digits depend on which measured \
      what: \(instructionSets.joined(separator: " | ")).
      """
  }
}
