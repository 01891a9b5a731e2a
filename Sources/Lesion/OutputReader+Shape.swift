extension OutputReader {
  /// A reader of an output whose axes follow from its rank: [C], a sequence [T, C], or a map [C, H, W], or [H, W, C].
  ///
  /// - Parameters:
  ///   - shape: the output's shape for one stimulus, without the batch axis.
  ///   - link: what the network itself ends in; softmax if in nothing. A single score is always read as a sigmoid's.
  ///   - position: the position of a sequence to read; `nil` takes the mean.
  ///   - channelsLast: maps are [H, W, C].
  /// - Throws: `LesionError` (`badModel`) with the shape, if it is none of the above or an index is out of range.
  package init(
    shape: [Int], value: ValueFunction, link: Link, position: Int?, channelsLast: Bool
  ) throws(LesionError) {
    let axis: Int? =
      switch shape.count {
      case 1: 0
      case 2: 1
      case 3: channelsLast ? 2 : 0
      default: nil
      }
    try self.init(
      Readout(
        output: "", tensor: "", shape: shape, classAxis: axis,
        positions: shape.count == 2 ? position.map { [$0] } ?? [] : [], link: link, value: value))
  }
}
