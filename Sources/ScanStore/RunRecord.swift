package import ScanPlan

/// How it was run: nothing of this decides a byte of the other files.
package struct RunRecord: Sendable {
  package var ranks: Int
  /// Seconds of wall time by phase, in order.
  package var timings: [(phase: String, seconds: Double)]
  /// By phase, by rank: the share of its time in which the rank had no task.
  package var idleShares: [String: [Double]]
  /// Seconds of rank 0 that checkpoints took.
  package var checkpointSeconds: Double
  /// Passes of the results that earlier runs or another scan made.
  package var earlierPasses: Int
  /// Of all machines that measured, earlier runs of the same scan included.
  package var instructionSets: [String]
  package var versions: Versions

  package init(
    ranks: Int, timings: [(phase: String, seconds: Double)], idleShares: [String: [Double]], checkpointSeconds: Double,
    earlierPasses: Int, instructionSets: [String], versions: Versions
  ) {
    self.ranks = ranks
    self.timings = timings
    self.idleShares = idleShares
    self.checkpointSeconds = checkpointSeconds
    self.earlierPasses = earlierPasses
    self.instructionSets = instructionSets
    self.versions = versions
  }

  /// What ran.
  package struct Versions: Sendable {
    package var program: ProgramVersion
    package var onnxRuntime: String
    package var mpi: String
    package var linearAlgebra: String

    package init(program: ProgramVersion, onnxRuntime: String, mpi: String, linearAlgebra: String) {
      self.program = program
      self.onnxRuntime = onnxRuntime
      self.mpi = mpi
      self.linearAlgebra = linearAlgebra
    }

    /// By the names in `scan.json`.
    package var byName: [String: String] {
      ["nnfmri-mpi": program.number, "commit": program.commit, "onnxruntime": onnxRuntime, "mpi": mpi, "blas": linearAlgebra]
        .filter { !$0.value.isEmpty }
    }

    package init(byName names: [String: String]) {
      self.init(
        program: ProgramVersion(number: names["nnfmri-mpi"] ?? "", commit: names["commit"] ?? ""),
        onnxRuntime: names["onnxruntime"] ?? "", mpi: names["mpi"] ?? "",
        linearAlgebra: names["blas"] ?? "")
    }
  }
}

extension RunRecord {
  /// What a user should know of several instruction sets; `nil` if there is one.
  package var instructionSetWarning: String? { Self.warning(instructionSets) }

  package static func warning(_ instructionSets: [String]) -> String? {
    guard instructionSets.count > 1 else { return nil }
    return """
      Warning: machines of different instruction sets measure this scan, so its last digits depend on which measured \
      what: \(instructionSets.joined(separator: " | ")).
      """
  }
}
