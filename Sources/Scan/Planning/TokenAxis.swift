import ModelGraph
import Networks
import OnnxRuntime
import Stimuli

/// What the stimuli have at each position of a sequence: which positions are padding, and what stands at the others.
struct TokenAxis {
  /// Positions at which a stimulus has something, by position; `nil` where no mask is given. [positions], of `stimulusCount`
  let presence: [Int]?
  /// Numbers of the tokens. [stimuli x positions]
  private let numbers: [[Int]]
  let stimulusCount: Int

  /// Reads masks and tokens of stimuli as the model is fed them.
  ///
  /// - Parameter length: positions.
  /// - Throws: what reading a stimulus throws.
  init(_ feed: StimulusFeed, length: Int) throws {
    func rows(_ name: String) throws -> [[Int]] {
      try (0..<feed.stimuli.count).map { stimulus in
        (try feed.tensors([name], rows: [stimulus])[0].numbers() ?? []).map { Int(exactly: $0) ?? 1 }
      }
    }
    let long = feed.bindings.filter { $0.shape.reduce(1, *) == length && $0.batchAxis != nil }
    let mask = feed.masks(ofPositions: length).first
    let integers = long.filter { binding in
      let name = binding.name.lowercased()
      return !binding.elementType.isFloat && binding.name != mask?.name && !name.contains("type") && !name.contains("position")
    }
    let tokens = integers.first { $0.name.lowercased().hasSuffix("ids") } ?? integers.first
    stimulusCount = feed.stimuli.count
    presence = try mask.map { mask in
      try feed.rows(of: mask, positions: length).reduce(into: [Int](repeating: 0, count: length)) { counts, row in
        for (position, value) in row.enumerated() where value != 0 { counts[position] += 1 }
      }
    }
    numbers = try tokens.map { try rows($0.name) } ?? []
  }

  /// The token that all stimuli have at a position; `nil` where they differ or aren't made of tokens.
  func token(at position: Int) -> Int? {
    guard let first = numbers.first?[position], numbers.allSatisfy({ $0[position] == first }) else { return nil }
    return first
  }
}
