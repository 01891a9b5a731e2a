import ModelGraph
import Networks
import OnnxRuntime
import Stimuli

/// What the stimuli have at each position of a sequence: which positions are padding, and what stands at the others.
struct TokenAxis {
  /// The input that tells padding; `nil` where none does.
  let mask: PaddingMask?
  /// Stimuli that have something at a position. [positions]
  let presence: [Int]
  /// Numbers of the tokens. [stimuli x positions]
  private let numbers: [[Int]]

  /// Reads masks and tokens of stimuli as the model is fed them.
  ///
  /// - Parameters:
  ///   - length: positions.
  ///   - tensor: whose positions they are.
  ///   - axis: of the tensor, that of positions.
  ///   - layouts: the model's.
  /// - Throws: what reading a stimulus throws.
  init(_ feed: StimulusFeed, length: Int, of tensor: String, along axis: Int, in model: Model, _ layouts: LayoutInference) throws
  {
    let count = feed.stimuli.count
    mask = try PaddingMask(feed, ofPositions: length, of: tensor, along: axis, in: model, layouts)
    presence =
      mask?.unmasked?.reduce(into: [Int](repeating: 0, count: length)) { counts, positions in
        for position in positions { counts[position] += 1 }
      } ?? [Int](repeating: count, count: length)
    let tokens = TokenInputs(feed.tokens(ofPositions: length).map(\.name), in: model).sequence(ofTensor: tensor)
    numbers =
      try tokens.map { name in
        try (0..<count).map { stimulus in
          (try feed.tensors([name], rows: [stimulus])[0].numbers() ?? []).map { Int(exactly: $0) ?? 1 }
        }
      } ?? []
  }

  /// The token that all stimuli have at a position; `nil` where they differ or aren't made of tokens.
  func token(at position: Int) -> Int? {
    guard let first = numbers.first?[position], numbers.allSatisfy({ $0[position] == first }) else { return nil }
    return first
  }
}
