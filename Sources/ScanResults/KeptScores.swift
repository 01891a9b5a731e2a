package import Lesion
package import ScanPlan
import Shapley
import UserErrors

/// Another question to a finished scan, answered from the scores that it kept: of all classes, or of the leading ones of each
/// stimulus.
package struct KeptScores: Sendable {
  /// What a user should know of how they are read.
  let notes: [String]
  /// Which class's score is the value, by stimulus. [stimuli]
  package let targets: [Int]
  /// Where its score stands among those that were kept, by stimulus. [stimuli]
  private let places: [Int]
  /// Over the kept scores and, where not all were kept, one that stands for the others.
  private let reader: OutputReader
  /// The classes whose scores were kept, by stimulus; `nil` where all were.
  private let classes: [[Int]]?
  /// Whether what stands for the others is the largest of their scores, and not the logarithm of their sum.
  private let readsLargest: Bool

  /// - Throws: `Failure` (`usage`) where no scores were kept, the value or its classes aren't among them, or a layer's lesions don't
  ///   tell ζ of the value.
  package init(of measurements: Measurements, value: ValueFunction, target: MeasurementOptions.Target) throws {
    let plan = measurements.plan
    guard let count = plan.classCount else {
      throw Failure(.usage, "the scan kept no scores, so it answers no other value or target: scan again with --keep-scores")
    }
    guard !value.readsElements else {
      throw Failure(.usage, "--value \(value.name) names elements of an output, and the scan kept classes' scores")
    }
    guard value.array == nil else {
      throw Failure(.usage, "--value \(value.name) needs its array, and the scan kept classes' scores alone: scan with it")
    }
    if let layer = plan.layers.first(where: { $0.design == .singleLesions }), !value.isAffineInScores {
      throw Failure(
        .usage,
        "layer \"\(layer.tensor)\" was measured by single lesions, which tell all of logits and sums of them, and too little of --value \(value.name): scan with --value \(value.name)"
      )
    }
    classes = plan.keptClasses
    if let kept = classes?.first?.count, value.needsIntact {
      throw Failure(
        .usage,
        "--value \(value.name) compares the scores of all \(count) classes, and the scan kept \(kept) of them: scan again with it"
      )
    }
    var readout = plan.readout
    (readout.classAxis, readout.positions, readout.unmasked, readout.value) = (0, [], nil, value)
    readout.shape = [classes.map { ($0.first?.count ?? 0) + 1 } ?? count]
    readout.decide(by: target.decisionRule)
    targets = try Self.targets(target, readout.isDecision == true ? 2 : count, of: measurements)
    notes = readout.isDecision == true ? [Readout.noteOnDecision] : []
    places = try targets.enumerated().map { stimulus, index in
      try Self.place(of: index, plan.keptClasses?[stimulus], stimulus, in: plan)
    }
    readsLargest = value == .margin || value == .accuracy
    readout.classes = try value.expression?.terms.map { term in
      let numbers = try Self.classes(of: term.choice, in: measurements)
      guard let kept = plan.keptClasses, numbers != [-1] else { return numbers }
      return try kept.enumerated().map { stimulus, kept in
        try Self.place(of: numbers.count == 1 ? numbers[0] : numbers[stimulus], kept, stimulus, in: plan)
      }
    }
    reader = try OutputReader(readout)
  }

  private static func targets(
    _ target: MeasurementOptions.Target, _ count: Int, of measurements: Measurements
  ) throws(Failure) -> [Int] {
    switch target {
    case .predicted:
      // A single score is read as it is, whatever it speaks for.
      if count == 1 { return measurements.targets.map { _ in 0 } }
      return measurements.predictions.isEmpty ? measurements.targets : measurements.predictions
    case .fixed(let number):
      guard number < count else {
        throw Failure(
          .usage,
          "--target \(number) is out of range: the model has \(count == 1 ? "one score" : "\(count) classes, 0 to \(count - 1)")")
      }
      return measurements.targets.map { _ in number }
    case .label:
      guard let labels = measurements.labels else { throw Failure(.usage, "--target label: the scan had no labels") }
      guard count > 1 else {
        throw Failure(
          .usage,
          "--target label chooses among the scores of classes, and --value reads the one score that was kept: leave --target out")
      }
      if let other = labels.first(where: { !(0..<count).contains($0) }) {
        throw Failure(
          .usage, "--target label: a stimulus has label \(other), and the model has \(count) classes, 0 to \(count - 1)")
      }
      return labels
    }
  }

  /// Where a class's score stands among those that were kept of a stimulus.
  private static func place(of index: Int, _ kept: [Int]?, _ stimulus: Int, in plan: ScanPlan) throws(Failure) -> Int {
    guard let kept else { return index }
    guard let place = kept.firstIndex(of: index) else {
      throw Failure(
        .usage,
        "class \(index) isn't among the \(kept.count) of stimulus \(plan.stimulusPlaces[stimulus]) whose scores were kept: scan again with it as --target or in --value, or with a larger --keep-scores"
      )
    }
    return place
  }

  private static func classes(of choice: ScoreExpression.Choice, in measurements: Measurements) throws(Failure) -> [Int] {
    switch choice {
    case .target: return [-1]
    case .number(let number): return [number]
    case .named(let name):
      if name == "label", let labels = measurements.labels {
        return try ScoreExpression.classes(ofLabels: labels, places: measurements.plan.stimulusPlaces)
      }
      if let number = measurements.classNames?.firstIndex(of: name) { return [number] }
      throw Failure(.usage, "--value names \"\(name)\", which is no class of the scan: give its number")
    }
  }

  /// The numbers of a series with v put anew. - Parameter numbers: [rows x width]; row 0 is the intact network's.
  package func answering(_ numbers: [Float], stimulus: Int) -> [Float] {
    guard let kept = classes?[stimulus].count else { return answering(numbers, stimulus, width: 1 + reader.scoredClasses.count) }
    var answered = numbers
    for row in stride(from: 0, to: numbers.count, by: 1 + kept + LeadingScores.restCount) {
      var scores = Array(numbers[(row + 1)..<(row + 2 + kept)])
      if readsLargest { scores[kept] = numbers[row + 2 + kept] }
      answered[row] = scores.withUnsafeBufferPointer { reader.value($0, target: places[stimulus], stimulus: stimulus) }
    }
    return answered
  }

  /// The same of all classes' scores.
  private func answering(_ numbers: [Float], _ stimulus: Int, width: Int) -> [Float] {
    let intact = Array(numbers[1..<width])
    var answered = numbers
    numbers.withUnsafeBufferPointer { numbers in
      for row in stride(from: 0, to: numbers.count, by: width) {
        let scores = UnsafeBufferPointer(rebasing: numbers[(row + 1)..<(row + width)])
        answered[row] = reader.value(scores, target: places[stimulus], stimulus: stimulus, intact: intact)
      }
    }
    return answered
  }
}
