import ModelGraph
import OnnxRuntime
import TestSupport
import Testing

@testable import Phantom

@Suite("The induction phantom")
struct InductionPhantomTests {
  private let phantom = InductionPhantom(seed: 7, isFixed: false)

  @Test("answers with what followed the last token before, in every stimulus, as plain arithmetic has it")
  func answers() throws {
    let session = try Session(
      runtime: TestRuntime.make(), model: phantom.model.serialized(), options: Session.Options())
    for stimulus in 0..<16 {
      let tokens = phantom.tokens(stimulus: stimulus)
      let answer = phantom.answer(stimulus: stimulus)
      let position = phantom.answerPosition(stimulus: stimulus)
      #expect(tokens[position] == answer && tokens[position - 1] == tokens.last)
      #expect(Set(tokens).count == InductionPhantom.firstPass)
      let input = try Tensor(
        runtime: TestRuntime.make(), shape: [1, InductionPhantom.length], elementType: ElementType.int64.rawValue)
      for (place, token) in tokens.enumerated() {
        input.bytes.storeBytes(of: Int64(token), toByteOffset: 8 * place, as: Int64.self)
      }
      let logits = Array(try session.run([input])[0].floats.suffix(InductionPhantom.vocabulary))
      #expect(logits.indices.max { logits[$0] < logits[$1] } == answer)
      let intact = [Bool](repeating: true, count: InductionPhantom.headCount)
      for block in 0..<InductionPhantom.blockCount {
        #expect(abs(Double(logits[answer]) - phantom.value(of: intact, block: block, stimulus: stimulus)) < 1e-4)
      }
    }
  }

  @Test("needs one head of each block, and knows what the others are worth")
  func truth() {
    for stimulus in 0..<8 {
      let first = phantom.zeta(block: 0, stimulus: stimulus)
      let second = phantom.zeta(block: 1, stimulus: stimulus)
      #expect(first[1] > 3.5 && second[2] > 3.9)
      #expect(abs(first[0] - 0.5 / 12) < 1e-9 && abs(second[3] - 0.5 / 12) < 1e-9)
      #expect(first[3] == 0 && second[0] == 0)
      // The token itself isn't the answer, so a vote against it hardly moves the answer's logit.
      #expect(abs(first[2]) < 1e-4 && abs(second[1]) < 1e-4)
    }
  }
}
