import Lesion
import Networks
import ScanPlan
import Stimuli
import UserErrors

extension ReadoutRequest {
  /// What the options say about reading a model.
  ///
  /// - Throws: `Failure` (`usage`) where positions that are given one for each stimulus of the files don't reach these.
  init(_ options: MeasurementOptions, of stimuli: StimulusSet) throws(Failure) {
    var position = options.position
    if case .perStimulus(let numbers) = position {
      guard let last = stimuli.records.max(), last < numbers.count else {
        throw Failure(
          .usage,
          "--position names \(numbers.count) positions, and stimulus \((stimuli.records.max() ?? 0)) of the files, counted from 0, is scanned: give one for each stimulus"
        )
      }
      position = .perStimulus(stimuli.records.map { numbers[$0] })
    }
    self.init(
      value: options.value, output: options.output, classAxis: options.classAxis, position: position,
      layouts: options.layouts)
    leavesOutPadding = true
    decision = options.target.decisionRule
    classes = try options.value.expression.map { expression throws(Failure) in
      try expression.terms.map { term throws(Failure) in try Self.classes(of: term.choice, in: stimuli) }
    }
    switch options.value {
    case .continuation(let name): continuation = try ValueArray(name, of: stimuli).wholeNumbers()
    case .cosineTo(let name): vectors = try ValueArray(name, of: stimuli).numbers()
    default: break
    }
  }

  /// The class that a term names: one for all stimuli, or one each; −1 for the target.
  private static func classes(of choice: ScoreExpression.Choice, in stimuli: StimulusSet) throws(Failure) -> [Int] {
    switch choice {
    case .target: return [-1]
    case .number(let number): return [number]
    case .named("label"):
      guard let labels = stimuli.labels else {
        throw Failure(.usage, "--value names the label, and \(stimuli.noLabels); give them with --labels FILE")
      }
      return try ScoreExpression.classes(ofLabels: labels, places: stimuli.records)
    case .named(let name):
      if let column = stimuli.column(name) {
        if let wrong = column.firstIndex(where: { $0 < 0 }) {
          throw Failure(
            .badInput,
            "\(stimuli.description): \"\(name)\" is \(column[wrong]) for stimulus \(wrong), and classes are counted from 0")
        }
        return column
      }
      if let number = stimuli.classNames?.firstIndex(of: name) { return [number] }
      throw Failure(
        .usage,
        "--value names \"\(name)\", which is neither a class's name (--class-names) nor an array of \(stimuli.description) with a class for each stimulus"
      )
    }
  }
}
