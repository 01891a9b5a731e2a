import ArgumentParser
import Lesion
import ScanPlan

/// What lesioned units become.
struct LesionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      zero; mean (over the stimuli), channel-mean (over places too) or mean-of-class (over stimuli of the same label); gaussian \
      (a draw with the unit's mean and deviation); resample (another stimulus's; \
      ζ and its errors are given the up to 8 others that a stimulus draws from); patch (its pair's, of --pairs) or restore (the \
      same in a pass of the pair); or a file: a baseline input, or .npz with activations by the names of tensors.
      """, valueName: "lesion"))
  var lesion = "zero"

  @Option(
    help: ArgumentHelp(
      "Stimuli in a form that --data takes, one for each of it in the same order, for --lesion patch and restore.",
      valueName: "file"))
  var pairs: String?

  /// Puts into the options what was asked for.
  ///
  /// - Throws: `ValidationError` that names the option and what it takes.
  func apply(to options: inout MeasurementOptions) throws {
    let kinds = LesionKind.allCases.filter { $0 != .baseline }
    if let kind = kinds.first(where: { $0.rawValue == lesion }) {
      options.lesion = kind
    } else {
      guard lesion.contains(".") || lesion.contains("/") else {
        throw ValidationError(
          "--lesion \(lesion) is none of \(kinds.map(\.rawValue).joined(separator: ", ")), or a file of a baseline.")
      }
      (options.lesion, options.lesionFile) = (.baseline, lesion)
    }
    guard options.lesion.takesPairs == (pairs != nil) else {
      throw ValidationError(
        pairs == nil
          ? "--lesion \(lesion) needs each stimulus's pair: give them with --pairs."
          : "--pairs is for --lesion patch and restore: give one of them, or leave it out.")
    }
    if let pairs { options.lesionFile = pairs }
  }
}
