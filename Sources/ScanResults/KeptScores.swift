package import Lesion
package import ScanPlan
import UserErrors

/// Another question to a finished scan, answered from the scores that it kept.
package struct KeptScores: Sendable {
  /// Which class's score is the value, by stimulus. [stimuli]
  package let targets: [Int]
  private let reader: OutputReader

  /// - Throws: `Failure` (`usage`) where no scores were kept, or the value or its classes aren't among them.
  package init(of measurements: Measurements, value: ValueFunction, target: MeasurementOptions.Target) throws {
    let plan = measurements.plan
    guard let count = plan.layers.compactMap(\.scoreCount).first else {
      throw Failure(.usage, "the scan kept no scores, so it answers no other value or target: scan again with --keep-scores")
    }
    guard !value.readsElements else {
      throw Failure(.usage, "--value \(value.name) names elements of an output, and the scan kept classes' scores")
    }
    guard value.array == nil else {
      throw Failure(.usage, "--value \(value.name) needs its array, and the scan kept classes' scores alone: scan with it")
    }
    var readout = plan.readout
    (readout.shape, readout.classAxis, readout.positions, readout.value) = ([count], 0, [], value)
    readout.classes = try value.expression?.terms.map { try Self.classes(of: $0.choice, in: measurements) }
    reader = try OutputReader(readout)
    switch target {
    case .predicted:
      targets = measurements.predictions.isEmpty ? measurements.targets : measurements.predictions
    case .fixed(let number):
      guard number < count else {
        throw Failure(.usage, "--target \(number) is out of range: the model has \(count) classes, 0 to \(count - 1)")
      }
      targets = measurements.targets.map { _ in number }
    case .label:
      guard let labels = measurements.labels, labels.allSatisfy({ (0..<count).contains($0) }) else {
        throw Failure(.usage, "--target label: the scan had no labels, or labels of other classes")
      }
      targets = labels
    }
  }

  private static func classes(of choice: ScoreExpression.Choice, in measurements: Measurements) throws(Failure) -> [Int] {
    switch choice {
    case .target: return [-1]
    case .number(let number): return [number]
    case .named(let name):
      if name == "label", let labels = measurements.labels { return labels }
      if let number = measurements.classNames?.firstIndex(of: name) { return [number] }
      throw Failure(.usage, "--value names \"\(name)\", which is no class of the scan: give its number")
    }
  }

  /// The numbers of a series with v put anew. - Parameter numbers: [rows x (1 + classes)]; row 0 is the intact network's.
  package func answering(_ numbers: [Float], stimulus: Int) -> [Float] {
    let width = 1 + reader.classCount
    let intact = Array(numbers[1..<width])
    var answered = numbers
    numbers.withUnsafeBufferPointer { numbers in
      for row in stride(from: 0, to: numbers.count, by: width) {
        let scores = UnsafeBufferPointer(rebasing: numbers[(row + 1)..<(row + width)])
        answered[row] = reader.value(scores, target: targets[stimulus], stimulus: stimulus, intact: intact)
      }
    }
    return answered
  }
}
