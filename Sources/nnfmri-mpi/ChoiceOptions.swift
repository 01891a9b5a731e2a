import ArgumentParser
import Files
import Stimuli

/// Which stimuli are scanned.
struct ChoiceOptions: ParsableArguments {
  @Option(
    help: """
      Which stimuli are used: class=NAME, predicted=NAME, wrong, right or index=3,10-19; several values separated by commas, \
      criteria joined by &.
      """)
  var select: String?

  @Option(help: ArgumentHelp("Take the stimuli in an order that is drawn from this number.", valueName: "seed"))
  var shuffle: UInt64?

  @Option(help: ArgumentHelp("A text file with the classes' names, one a line.", valueName: "file"))
  var classNames: String?

  func check() throws {
    do {
      _ = try StimulusSelection(select, shuffleSeed: shuffle)
    } catch {
      throw ValidationError("\(error.message).")
    }
  }
}
