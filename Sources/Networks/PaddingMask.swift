import OnnxRuntime
import Stimuli

extension StimulusFeed {
  /// Inputs that may say of each of so many positions whether a stimulus has something there, by their names: those as long first, then
  /// those that count what a cache holds too, in front.
  package func masks(ofPositions length: Int) -> [InputBinding] {
    let masks = bindings.filter { $0.name.lowercased().contains("mask") && $0.batchAxis != nil }
    let cached = Set(bindings.filter { $0.name.lowercased().contains("past") }.flatMap { $0.shape.dropFirst() })
    func count(_ binding: InputBinding) -> Int { binding.shape.reduce(1, *) }
    return masks.filter { count($0) == length } + masks.filter { count($0) != length && cached.contains(count($0) - length) }
  }

  /// What a mask has at each position. [stimuli x positions]
  ///
  /// - Throws: what reading a stimulus throws.
  package func rows(of mask: InputBinding, positions: Int) throws -> [[Double]] {
    try (0..<stimuli.count).map { stimulus in
      (try tensors([mask.name], rows: [stimulus])[0].numbers() ?? []).suffix(positions).map { Double($0) }
    }
  }
}
