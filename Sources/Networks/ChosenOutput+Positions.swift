import Lesion
import ModelGraph
import OnnxRuntime
import Stimuli

/// Which positions of the output scores are read at.
extension ChosenOutput {
  /// The positions whose mean a score is, by stimulus, where a mask among the inputs says that others are padding; `nil` where none are.
  /// And a note on what is read of padding.
  ///
  /// - Parameters:
  ///   - shape: of one stimulus.
  ///   - positions: those that are read, one for all stimuli or one each; none for the mean.
  ///   - sourceAxes: the tensor's axes that those of `shape` are.
  ///   - layouts: the model's.
  func padding(
    shape: [Int], classAxis: Int?, positions: [Int], request: ReadoutRequest, feed: StimulusFeed, model: Model,
    sourceAxes: [Int], layouts: LayoutInference
  ) throws -> (unmasked: [[Int]]?, note: String?) {
    if case .continuation = request.value { return (nil, nil) }
    let others = shape.indices.filter { $0 != classAxis && shape[$0] > 1 }
    guard !request.value.readsElements, others.count == 1 else { return (nil, nil) }
    let count = shape[others[0]]
    guard let mask = try PaddingMask(feed, ofPositions: count, of: tensor, along: sourceAxes[others[0]], in: model, layouts)
    else { return (nil, nil) }
    let tellsLast = mask.unmasked != nil && mask.isOfPositionsAlone
    guard request.position == .mean else {
      let padded = mask.unmasked.map { rows in
        rows.indices.filter { !rows[$0].contains(positions[positions.count == 1 ? 0 : $0]) }.count
      }
      guard let padded, padded > 0 else { return (nil, nil) }
      return (
        nil,
        """
        The position that is read is padding, by "\(mask.name)", in \(padded) of \(feed.stimuli.count) \
        stimuli\(tellsLast ? "; --position \"last-unmasked \(mask.name)\" reads each one's last token" : "").
        """
      )
    }
    func whole(_ reason: String) -> (unmasked: [[Int]]?, note: String?) {
      (
        nil,
        "Scores are means over all \(count) positions of \"\(output)\", padding included: \(reason); --position reads one\(tellsLast ? ", as last-unmasked \(mask.name) does" : "")."
      )
    }
    if let reason = mask.reason { return whole(reason) }
    guard request.leavesOutPadding else { return whole("\"\(mask.name)\" isn't asked here") }
    return (
      mask.unmasked,
      "Scores are means over the positions of \"\(output)\" at which \"\(mask.name)\" is 1, so that padding doesn't count; --position reads one."
    )
  }

  /// The positions that are read.
  func positions(
    shape: [Int], classAxis: Int?, layout: TensorLayoutFinding, request: ReadoutRequest, feed: StimulusFeed
  ) throws -> [Int] {
    guard request.position != .mean else { return [] }
    guard !request.value.readsElements else {
      throw LesionError(.badRequest, "--position and --value \(request.value.name) exclude each other: the value names elements")
    }
    if case .continuation = request.value {
      throw LesionError(
        .badRequest,
        "--position \(request.position.name) and --value \(request.value.name) exclude each other: a continuation is summed over its positions"
      )
    }
    let others = shape.indices.filter { $0 != classAxis && shape[$0] > 1 }
    guard others.count == 1, let axis = others.first else {
      throw LesionError(
        .badRequest,
        others.isEmpty
          ? "--position \(request.position.name): the output \"\(tensor)\" has shape \(shape) for one stimulus, so it has one position only"
          : "--position \(request.position.name): the output \"\(tensor)\" has shape \(shape) for one stimulus, with several axes of positions; name elements with --value output:NAME[...]"
      )
    }
    let count = shape[axis]
    func place(_ number: Int) throws -> Int {
      let place = number < 0 ? number + count : number
      guard place >= 0, place < count else {
        throw LesionError(.badRequest, "--position \(number) is out of range: the output has \(count) positions")
      }
      return place
    }
    switch request.position {
    case .mean: return []
    case .at(let number): return [try place(number)]
    case .perStimulus(let numbers):
      guard numbers.count >= feed.stimuli.count else {
        throw LesionError(
          .badRequest, "--position names \(numbers.count) positions for \(feed.stimuli.count) stimuli: give one for each")
      }
      return try numbers.prefix(feed.stimuli.count).map(place)
    case .lastUnmasked(let mask):
      guard feed.bindings.contains(where: { $0.name == mask }) else {
        throw LesionError(
          .badRequest,
          "--position last-unmasked \(mask): the model has no input of that name; it has \(feed.bindings.map(\.name).joined(separator: ", "))"
        )
      }
      return try (0..<feed.stimuli.count).map { stimulus in
        let values = try feed.tensors([mask], rows: [stimulus])[0].numbers() ?? []
        func refusal(_ words: String) -> LesionError { LesionError(.badStimulus, words) }
        guard values.count == count else {
          throw refusal(
            "the mask \"\(mask)\" has \(values.count) entries for one stimulus, and the output has \(count) positions")
        }
        if let other = values.first(where: { $0 != 0 && $0 != 1 }) {
          throw refusal(
            "stimulus \(stimulus): the mask \"\(mask)\" holds \(other), and only one of zeros (padding) and ones tells the last position; give the positions by --position, one for each stimulus"
          )
        }
        guard let last = values.lastIndex(of: 1) else {
          throw refusal("stimulus \(stimulus): all of the mask \"\(mask)\" is 0, so it has no last position")
        }
        return last
      }
    }
  }
}
