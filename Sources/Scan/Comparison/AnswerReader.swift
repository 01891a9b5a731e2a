import Lesion

/// Reads what a lesioned network answers.
struct AnswerReader {
  /// What was read of one output.
  struct Answer {
    var value: Double
    /// Of the target; `nil` where the output isn't classes.
    var probability: Double?
    /// The class with the largest score, or of a yes or no by one score; of another single score whether it is above 0. `nil` likewise.
    var answer: Int?
  }

  private let value: OutputReader
  private let probability: OutputReader?

  init(_ readout: Readout) throws(LesionError) {
    value = try OutputReader(readout)
    switch readout.value {
    case .output, .selection:
      probability = nil
    default:
      var likely = readout
      likely.value = .probability
      probability = try OutputReader(likely)
    }
  }

  /// - Parameter intact: the intact network's scores, where the value compares with them.
  func read(_ output: UnsafeBufferPointer<Float>, target: Int, stimulus: Int, intact: [Float] = []) -> Answer {
    var answer = Answer(value: Double(value.value(output, target: target, stimulus: stimulus, intact: intact)))
    guard let probability else { return answer }
    answer.probability = Double(probability.value(output, target: target, stimulus: stimulus))
    let scores = probability.scores(output, stimulus: stimulus)
    answer.answer = probability.predicted(scores) ?? (scores[0] > 0 ? 1 : 0)
    return answer
  }
}
