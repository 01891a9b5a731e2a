import ArgumentParser
import Files
internal import Glibc
import Lesion
import ModelGraph
import Networks
import Stimuli

/// Which of a network's outputs are scanned.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .customLong("output"),
    help: ArgumentHelp(
      """
      The output that is read; by default the one that looks most like scores. Given several times, each is scanned, into a \
      folder of its name inside that of --out.
      """, valueName: "name"))
  var outputs: [String] = []

  /// The output, where there is one scan.
  var output: String? { outputs.first }

  /// Each output once.
  func check() throws {
    if let twice = outputs.indices.first(where: { outputs[..<$0].contains(outputs[$0]) }) {
      throw ValidationError("--output \(outputs[twice]) is given twice.")
    }
  }
}

/// Which of a network's outputs a command reads that reads one.
struct OneOutputOption: ParsableArguments {
  // A list, so that a second isn't taken instead of the first without a word.
  @Option(
    name: .customLong("output"),
    help: ArgumentHelp("The output that is read; by default the one that looks most like scores.", valueName: "name"))
  var outputs: [String] = []

  /// - Throws: `ValidationError` where several are given.
  func output() throws -> String? {
    guard outputs.count < 2 else {
      throw ValidationError("--output is given \(outputs.count) times, and one output is read; leave the others out.")
    }
    return outputs.first
  }
}

/// How a network's outputs are read and its tensors laid out, where that can't be found out or should be otherwise.
struct ReadingOptions: ParsableArguments {
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
      The position of a sequence's output that is read: mean (but for those that a mask of 0 and 1 among the inputs says are padding), last, a number (negative from the end), last-unmasked MASK (an \
      input of zeros and ones), or numbers separated by commas, one a stimulus of the files, or a file with such numbers (.npy, or text with one \
      a line).
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
  func request(value: ValueFunction, output: String?) throws -> ReadoutRequest {
    ReadoutRequest(
      value: value, output: output, classAxis: classAxis, position: try chosenPosition(), layouts: try chosenLayouts())
  }

  func chosenPosition() throws -> PositionChoice {
    if let choice = PositionChoice(parsing: position) { return choice }
    guard access(position, F_OK) == 0 else {
      throw ValidationError(
        "--position \(position) is none of mean, last, a number, last-unmasked MASK, numbers separated by commas, or a file of them."
      )
    }
    do {
      return .perStimulus(try readIntegers(position, "positions"))
    } catch {
      throw ValidationError("--position \(error.message).")
    }
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
