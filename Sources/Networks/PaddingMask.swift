package import ModelGraph
import OnnxRuntime
import Stimuli

/// What an input says of each position of a sequence: whether a stimulus has something there, or padding.
package struct PaddingMask {
  /// The input.
  package let name: String
  /// Positions at which each stimulus has something, ascending; `nil` where that can't be told.
  package let unmasked: [[Int]]?
  /// Why not, a clause.
  package let reason: String?
  /// Whether the input has as many entries as there are positions: with a cache it may have those of the cache in front.
  package let isOfPositionsAlone: Bool

  /// Reads the mask of the sequence that a tensor's positions are those of.
  ///
  /// - Parameters:
  ///   - length: positions.
  ///   - axis: of the tensor, that of positions.
  ///   - layouts: the model's.
  /// - Returns: `nil` where there is none, or where it says that nothing is padding.
  /// - Throws: what reading a stimulus throws.
  package init?(
    _ feed: StimulusFeed, ofPositions length: Int, of tensor: String, along axis: Int, in model: Model, _ layouts: LayoutInference
  ) throws {
    let tokens = TokenInputs(feed.tokens(ofPositions: length).map(\.name), in: model)
    let sequence = tokens.sequence(ofTensor: tensor)
    let masks = feed.masks(ofPositions: length).filter { mask in
      guard !feed.isOfOthers(mask, than: (tensor, axis), layouts) else { return false }
      guard let sequence, let own = tokens.sequence(ofMask: mask.name) else { return true }
      return own == sequence
    }
    guard let mask = masks.first else { return nil }
    try self.init(mask, feed, stimuli: 0..<feed.stimuli.count, ofPositions: length)
  }

  /// Reads a mask of some stimuli.
  package init?(_ mask: InputBinding, _ feed: StimulusFeed, stimuli: Range<Int>, ofPositions length: Int) throws {
    let rows = try stimuli.map { stimulus in
      (try feed.tensors([mask.name], rows: [stimulus])[0].numbers() ?? []).suffix(length).map { Double($0) }
    }
    let values = Set(rows.joined())
    let name = mask.name.lowercased()
    // Some call padding what others call masked, and where all is one number, nothing is either.
    let isAmbiguous = name.contains("pad") || name.contains("masked")
    if values == [1] || isAmbiguous && values.count == 1 { return nil }
    self.name = mask.name
    isOfPositionsAlone = mask.shape.reduce(1, *) == length
    let unmasked = rows.map { row in row.indices.filter { row[$0] != 0 } }
    if isAmbiguous {
      reason = "whether \"\(mask.name)\" is 0 or 1 there can't be told"
    } else if !rows.allSatisfy({ $0.count == length && $0.allSatisfy { $0 == 0 || $0 == 1 } }) {
      reason = "\"\(mask.name)\" isn't made of zeros and ones"
    } else {
      reason = unmasked.firstIndex(where: \.isEmpty).map { "\"\(mask.name)\" is 0 everywhere for stimulus \($0)" }
    }
    self.unmasked = reason == nil ? unmasked : nil
  }
}

extension StimulusFeed {
  /// Inputs that may say of positions whether a stimulus has something there, by their names.
  package var masks: [InputBinding] {
    bindings.filter { $0.name.lowercased().contains("mask") && $0.batchAxis != nil }
  }

  /// Those of so many positions: those as long first, then those that count what a cache holds too, in front.
  package func masks(ofPositions length: Int) -> [InputBinding] {
    let cached = cachedLengths
    func count(_ binding: InputBinding) -> Int { binding.shape.reduce(1, *) }
    return masks.filter { count($0) == length } + masks.filter { count($0) != length && cached.contains(count($0) - length) }
  }

  /// Whether a mask is known to be of other inputs than those that a tensor's positions come from: an encoder's beside a decoder's
  /// tokens, a caption's beside a picture.
  fileprivate func isOfOthers(
    _ mask: InputBinding, than positions: (tensor: String, axis: Int), _ layouts: LayoutInference
  ) -> Bool {
    let others = bindings.filter { binding in
      let name = binding.name.lowercased()
      return binding.batchAxis != nil && !["mask", "past", "cache"].contains { name.contains($0) }
    }
    // encoder_attention_mask is of encoder_hidden_states.
    let stem = mask.name.lowercased().split(separator: "_", omittingEmptySubsequences: false).dropLast()
      .prefix { $0 != "attention" && $0 != "padding" }.joined(separator: "_")
    let own = others.filter { other in
      !stem.isEmpty && other.name.lowercased().hasPrefix(stem + "_")
        || mask.shape.indices.contains { axis in
          mask.shape[axis] > 1
            && other.shape.indices.contains { layouts.countsSame((mask.name, axis), (other.name, $0)) }
        }
    }
    let origins = others.filter { layouts.isMade(positions, of: $0.name) }
    return !own.isEmpty && !origins.isEmpty && !origins.contains { origin in own.contains { $0.name == origin.name } }
  }

  /// What axes of a cache count, that of positions among them.
  private var cachedLengths: Set<Int> {
    Set(bindings.filter { $0.name.lowercased().contains("past") }.flatMap { $0.shape.dropFirst() })
  }

  /// Whether an input may hold tokens' numbers, by its name.
  private func mayHoldTokens(_ binding: InputBinding) -> Bool {
    let name = binding.name.lowercased()
    return !binding.elementType.isFloat && binding.batchAxis != nil
      && !["mask", "type", "position"].contains { name.contains($0) }
  }

  /// The tokens that a tensor is made of, where they are none of so many positions: a network pads, strides, joins and chooses.
  ///
  /// - Returns: the input and how many it has; `nil` where positions are as many as tokens, with those of a cache or without, or where the
  ///   tensor follows from no tokens.
  package func otherTokens(thanPositions length: Int, of tensor: String, in model: Model) -> (input: String, count: Int)? {
    let found = bindings.filter { mayHoldTokens($0) && [.int32, .int64].contains($0.elementType) && $0.shape.count == 2 }
    guard let name = TokenInputs(found.map(\.name), in: model).sequence(ofTensor: tensor),
      let count = found.first(where: { $0.name == name })?.shape.reduce(1, *), count > 1, count != length,
      !cachedLengths.contains(length - count)
    else { return nil }
    return (name, count)
  }

  /// Inputs that hold a token's number at each of so many positions, likewise by their names; the likeliest last.
  package func tokens(ofPositions length: Int) -> [InputBinding] {
    let found = bindings.filter { mayHoldTokens($0) && $0.shape.reduce(1, *) == length }
    let isNamed = { (binding: InputBinding) in binding.name.lowercased().hasSuffix("ids") }
    return Array((found.filter(isNamed) + found.filter { !isNamed($0) }).reversed())
  }
}
