import Arrays
internal import ModelGraph
package import Stimuli

extension InductionPhantom {
  /// The first `count` stimuli of the seed, labelled with the token that comes next; count > 0.
  package func stimuli(count: Int) -> StimulusSet {
    do {
      return try StimulusSet(
        [(Self.inputName, array(count: count))], labels: (0..<count).map(answer),
        description: "induction phantom (seed \(seed))")
    } catch {
      preconditionFailure("stimuli of one shape with a label each were refused: \(error)")
    }
  }

  private func array(count: Int) -> NumericArray {
    NumericArray(shape: [count, Self.length], int64: (0..<count).flatMap(tokens).map(Int64.init))
  }

  /// Writes `model.onnx`, `stimuli.npz` (`tokens`, `labels`, and `last`, the token that the answer follows) and `truth.json` into
  /// a folder, which is made if needed.
  package func write(to folder: String, stimulusCount: Int) throws(PhantomError) {
    func column(_ value: (Int) -> Int) -> NumericArray {
      NumericArray(shape: [stimulusCount], int64: (0..<stimulusCount).map { Int64(value($0)) })
    }
    try PhantomFolder(folder).write(
      model: model, truth: TruthFile(self, stimulusCount: stimulusCount),
      stimuli: [
        (Self.inputName, array(count: stimulusCount)), ("labels", column(answer)),
        ("last", column { tokens(stimulus: $0)[Self.length - 1] }),
      ])
  }

  /// `truth.json`.
  private struct TruthFile: Encodable {
    struct Block: Encodable {
      let tensor: String
      /// What each head does.
      let heads: [String]
      /// Exact, of each head, stimulus by stimulus. [stimuli][heads]
      let shapley: [[Double]]
    }

    struct Stimulus: Encodable {
      /// Where the last token stood before, and where what followed it stands.
      let previousOccurrence: Int
      let answerPosition: Int
      let answer: Int
    }

    let phantom = "induction"
    let seed: UInt64
    let lesion = "zero"
    let value = "logit"
    let target = "label"
    let position = InductionPhantom.length - 1
    let blocks: [Block]
    let stimuli: [Stimulus]

    init(_ phantom: InductionPhantom, stimulusCount: Int) {
      seed = phantom.seed
      blocks = (0..<InductionPhantom.blockCount).map { block in
        Block(
          tensor: InductionPhantom.headsTensor(block: block), heads: InductionPhantom.heads[block].map(\.description),
          shapley: (0..<stimulusCount).map { phantom.zeta(block: block, stimulus: $0) })
      }
      stimuli = (0..<stimulusCount).map { stimulus in
        let position = phantom.answerPosition(stimulus: stimulus)
        return Stimulus(
          previousOccurrence: position - 1, answerPosition: position, answer: phantom.answer(stimulus: stimulus))
      }
    }
  }
}

extension InductionPhantom.Head: CustomStringConvertible {
  /// What the head does, for `truth.json`.
  var description: String {
    if writesTokenBefore { return "previous token" }
    if votes == 0 { return "nothing" }
    return switch attention {
    case .allAlike: "votes for tokens seen"
    case .itself: "votes against repeating the token"
    case .positionBefore: "votes for the token before"
    case .afterSameToken: "induction"
    }
  }
}
