import ArgumentParser
import Lesion
import ModelGraph
import Networks

/// What of a network's outputs is read, and how its tensors are laid out, where that can't be found out or should be
/// otherwise.
struct ReadingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The output that is read; by default the one that looks most like scores.", valueName: "name"))
  var output: String?

  // Negative numbers are values here, no options.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The axis of the output that counts classes, where the network doesn't tell; negative ones count from the end.",
      valueName: "axis"))
  var classAxis: Int?

  @Option(
    parsing: .unconditional,
    help: """
      The position of a sequence's output that is read: mean, last, a number (negative from the end), last-unmasked MASK (an \
      input), or numbers separated by commas, one a stimulus.
      """)
  var position = "mean"

  @Option(
    help: ArgumentHelp(
      """
      What axes count, one letter each, n first, as in nchw, nhwc, ntc, nct, ncdhw: of a tensor, TENSOR=nct, or of all that \
      have as many. May be given several times; by default the network's operators tell.
      """, valueName: "layout"))
  var layout: [String] = []

  /// - Throws: `ValidationError` that names the option and what it takes.
  func request(value: ValueFunction) throws -> ReadoutRequest {
    ReadoutRequest(
      value: value, output: output, classAxis: classAxis, position: try chosenPosition(), layouts: try chosenLayouts())
  }

  func chosenPosition() throws -> PositionChoice {
    guard let choice = PositionChoice(parsing: position) else {
      throw ValidationError(
        "--position \(position) is none of mean, last, a number, last-unmasked MASK, or numbers separated by commas.")
    }
    return choice
  }

  func chosenLayouts() throws -> [LayoutOverride] {
    var layouts: [LayoutOverride] = []
    for text in layout {
      do {
        layouts.append(try LayoutOverride(parsing: text))
      } catch {
        throw ValidationError("--layout \(error.message).")
      }
    }
    return layouts
  }
}
