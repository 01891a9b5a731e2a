import ArgumentParser
import ScanPlan
import Statistics

/// Which way effects take.
struct PathOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Measure the direct effect, which goes around a later tensor, by its name or its number in the list of layers: it stays as the \
      intact network has it, all of it or the regions that are named, separated by commas.
      """, valueName: "tensor[=regions]"))
  private var freeze: [String] = []

  @Option(
    name: .customLong("mediator"),
    help: ArgumentHelp(
      """
      Measure the total effect and the direct one around a later tensor, or around regions of it, into folders total and direct \
      inside that of --out, and write what goes through it: total minus direct, the mediated effect.
      """, valueName: "tensor[=regions]"))
  private var mediators: [String] = []

  /// What effects are measured with and without.
  var mediator: String? { mediators.first }

  /// Puts into the options what was asked for.
  ///
  /// - Parameter tracesConnections: what the user says of tracing.
  /// - Throws: `ValidationError` that names the option and what it takes.
  func apply(to options: inout MeasurementOptions, tracesConnections: Bool?) throws {
    if !freeze.isEmpty, mediator != nil {
      throw ValidationError("--freeze and --mediator exclude each other: --mediator measures with and without.")
    }
    for (option, tensors) in [("freeze", freeze), ("mediator", mediators)] {
      guard let tensor = tensors.first else { continue }
      guard tensors.count == 1 else {
        throw ValidationError(
          "--\(option) is given \(tensors.count) times, and a scan has one: give one tensor, or regions of one as in TENSOR=0,3.")
      }
      guard !tensor.isEmpty else {
        throw ValidationError("--\(option) names no tensor; give its name, as 'layers --all' lists it.")
      }
      if tracesConnections == true {
        throw ValidationError(
          "--tracts and --\(option) exclude each other: pathways are lesioned in the whole network, where nothing is frozen.")
      }
    }
    if mediator != nil { options.tracesConnections = false }
    if let tensor = freeze.first { options.freeze(tensor) }
  }

  /// - Parameters:
  ///   - stimuli: how many are asked for.
  ///   - keepsAcquisition: whether values are kept.
  /// - Throws: `ValidationError` where the effects couldn't be compared when they are measured.
  func check(outputs: [String], stimuli: Int?, keepsAcquisition: Bool) throws {
    guard mediator != nil else { return }
    if let stimuli, stimuli < GroupContrast.leastGroup {
      throw ValidationError(
        "--mediator compares two effects across \(GroupContrast.leastGroup) stimuli or more, and --stimuli \(stimuli) is below that."
      )
    }
    guard outputs.count < 2 else {
      throw ValidationError("--mediator compares two scans of one output: give --output once.")
    }
    guard keepsAcquisition else {
      throw ValidationError("--mediator takes the effects from the values of two scans: leave out --no-acquisition.")
    }
  }
}
