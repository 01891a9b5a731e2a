import Grids
import Networks
import ScanResults

/// Lesions regions in the order of a map, and looks at what the network answers.
struct CurveTrial {
  let network: LesionedNetwork
  let reader: AnswerReader
  let target: Int
  let stimulus: Int
  let regions: Int
  /// Coalitions a run.
  let batch: Int

  /// v with nothing lesioned and with everything, and the intact network's answer.
  func intact() throws -> (full: Double, empty: Double, answer: Int?) {
    let answers = try answers(to: [Coalition(fullOf: regions), Coalition(emptyOf: regions)]) {}
    return (answers[0].value, answers[1].value, answers[0].answer)
  }

  /// Curves and changes of the answer. - Parameter order: of the regions, the first of the map first.
  ///
  /// Cost: two passes a point of the curves, and one for each of `ComparisonSettings.shares`.
  func `try`(_ order: [Int], intactAnswer: Int?, into trial: inout MapTrial, pause: () throws -> Void) throws {
    let counts = ComparisonSettings.counts(regions: regions)
    let tops = ComparisonSettings.topCounts(regions: regions)
    let answers = try answers(
      to: counts.map { Coalition(of: regions, lesioned: order.prefix($0)) }
        + counts.map { Coalition(of: regions, intact: order.prefix($0)) }
        + tops.map { Coalition(of: regions, lesioned: order.prefix($0)) }, pause: pause)
    let (deletion, rest) = (answers.prefix(counts.count), answers.dropFirst(counts.count))
    let (insertion, flips) = (rest.prefix(counts.count), rest.dropFirst(counts.count))
    trial.deletion = deletion.map(\.value)
    trial.insertion = insertion.map(\.value)
    trial.deletionProbability = deletion.compactMap(\.probability)
    trial.insertionProbability = insertion.compactMap(\.probability)
    if let intactAnswer { trial.flips = flips.map { $0.answer == intactAnswer ? 0 : 1 } }
  }

  private func answers(to coalitions: [Coalition], pause: () throws -> Void) throws -> [AnswerReader.Answer] {
    var answers: [AnswerReader.Answer] = []
    for start in stride(from: 0, to: coalitions.count, by: batch) {
      try network.withOutputs(of: Array(coalitions[start..<min(start + batch, coalitions.count)])) { _, output in
        answers.append(reader.read(output, target: target, stimulus: stimulus, intact: network.intactScores))
      }
      try pause()
    }
    return answers
  }
}
