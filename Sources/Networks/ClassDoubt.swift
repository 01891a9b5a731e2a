import Lesion
import ModelGraph
import Stimuli

/// What is read is taken for the scores of classes, and nothing says that it holds such.
package struct ClassDoubt: Sendable {
  private let output: String
  private let count: Int
  /// What says that it holds other numbers, a clause.
  private let sign: String?

  /// - Parameters:
  ///   - source: where the output's scores were found to be read.
  ///   - axis: of the tensor that is read, that counts classes.
  /// - Returns: `nil` where the network's end, names, labels or what is asked for say that there are classes, or where none are read.
  init?(
    of model: Model, _ readout: Readout, source: OutputSource, axis: Int?, inputs: [InputBinding], stimuli: StimulusSet,
    request: ReadoutRequest
  ) {
    guard request.value == .logit, request.decision == .whereTheValueNamesClasses, request.classAxis == nil,
      source.activation == nil, source.decision == nil, [.softmax, .sigmoid].contains(readout.link),
      stimuli.labels == nil, stimuli.classNames == nil, model.classLabels == nil, !Model.namesScores(readout.output),
      let classAxis = readout.classAxis, readout.shape[classAxis] > 1
    else { return nil }
    output = readout.output
    count = readout.shape[classAxis]
    let likeInput = inputs.first { $0.elementType.isFloat && $0.batchAxis == 0 && Array($0.shape.dropFirst()) == readout.shape }
    sign =
      model.signOfOtherNumbers(readout.output, at: readout.tensor, axis: axis)
      ?? likeInput.map { "it has the shape of the input \"\($0.name)\"" }
  }

  /// Whether the network says that they are hardly classes.
  package var isStrong: Bool { sign != nil }

  /// - Parameter otherwise: what a user does who knows that they are others, or classes.
  package func note(
    otherwise: String = "name one of its numbers with --value output:INDEX, or a class with --target"
  ) -> String {
    let reading = "\"\(output)\" is taken for the scores of \(count) classes"
    return sign.map { "\(reading), which it hardly holds, since \($0): \(otherwise)." }
      ?? "\(reading); where it holds other numbers, name one with --value output:INDEX."
  }
}
