import Foundation
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing

@Suite("A mean over positions") struct MeanScoreTests {
  @Test(
    arguments: [
      (NetworkKind.oldSoftmax("Softmax", axis: 1, opset: 13), .probability, "'output:y[C,:,:]:mean' is that mean for class C"),
      (.oldSoftmax("LogSoftmax", axis: 1, opset: 13), .logProbability, "'output:y[C,:,:]:mean'"),
      (.oldSoftmax("LogSoftmax", axis: 1, opset: 13), .probability, "isn't the mean of prob over positions."),
      (.oldSoftmax("Softmax", axis: 1, opset: 13), .margin, "isn't the mean of margin over positions."),
      (.oldSoftmax("Softmax", axis: 1, opset: 13, decides: true), .probability, "isn't the mean of prob over positions."),
      (.oldSoftmax("Softmax", axis: 1, opset: 13), .logit, nil), (.oldSoftmax("Softmax", axis: 1, opset: 11), .probability, nil),
      (.classesLast, .probability, "'output:y[:,C]:mean' is that mean for class C; --position reads one"),
      (.labelFirst, .probability, nil),
    ] as [(NetworkKind, ValueFunction, String?)])
  func `says that a value is made of mean scores, and what gives the mean of the positions' own`(
    _ kind: NetworkKind, _ value: ValueFunction, _ words: String?
  ) throws {
    let survey = try KindBench(kind, reading: ReadoutRequest(value: value)).survey
    let notes = survey.notes.filter { $0.contains("is made of these means") }
    #expect(notes.count == (words == nil ? 0 : 1) && notes.allSatisfy { $0.contains(words!) }, "\(survey.notes)")
  }

  @Test(
    arguments: [
      (NetworkKind.oldSoftmax("Softmax", axis: 1, opset: 13), .logit, "the largest mean; --value 'output:y[...]' reads elements"),
      (
        .classesLast, .logit,
        "v is made of means over all 3 positions of \"y\", and a predicted class has the largest mean; --position"
      ),
      (.labelFirst, .logit, nil),
    ] as [(NetworkKind, ValueFunction, String?)])
  func `says that v itself is made of means`(_ kind: NetworkKind, _ value: ValueFunction, _ words: String?) throws {
    let survey = try KindBench(kind, reading: ReadoutRequest(value: value)).survey
    let notes = survey.notes.filter { $0.hasPrefix("v is made of means") }
    #expect(notes.count == (words == nil ? 0 : 1) && notes.allSatisfy { $0.contains(words!) }, "\(survey.notes)")
  }
}
