extension RegionLabels {
  /// The labels as they lie over a tensor: one a unit, or one a channel or a place, the same for the rest.
  ///
  /// A shape of as many axes as the tensor is read axis by axis, where a length of 1 stands for the whole axis. One of fewer
  /// axes has either the lengths of the places' axes or those of the channels'.
  ///
  /// - Parameters:
  ///   - tensor: the tensor's shape with its batch axis.
  ///   - places: the numbers of its axes that count places, the batch's being 0.
  ///   - channels: those of the others.
  /// - Throws: `GridError` (`badInput`) with the end of a sentence that begins with the tensor, where neither or both fit.
  package func fitted(to tensor: [Int], places: [Int], channels: [Int]) throws(GridError) -> RegionLabels {
    let lengths = Array(tensor.dropFirst())
    var own = shape
    if own.count == tensor.count, own[0] == 1 { own.removeFirst() }
    let whole = reshaped(own)
    if whole.isSpread(over: lengths) { return whole }
    func lying(along axes: [Int]) -> [Int]? {
      let axes = axes.sorted()
      guard !axes.isEmpty, own == axes.map({ tensor[$0] }) else { return nil }
      return tensor.indices.dropFirst().map { axes.contains($0) ? tensor[$0] : 1 }
    }
    let readings = Set([lying(along: places), lying(along: channels)].compactMap(\.self))
    let choices = [lengths] + [places, channels].filter { !$0.isEmpty }.map { axes in axes.sorted().map { tensor[$0] } }
    guard let reading = readings.first else {
      throw GridError(
        .badInput,
        "its shape is \(lengths), and regions of shape \(shape) fit neither all of it nor its places or channels: give one of \(choices.map { "\($0)" }.joined(separator: ", "))"
      )
    }
    guard readings.count == 1 else {
      let shapes = readings.sorted { $0.lexicographicallyPrecedes($1) }.map { "\($0)" }.joined(separator: " or ")
      throw GridError(
        .badInput, "regions of shape \(shape) may be those of its places or of its channels: give them the shape \(shapes)")
    }
    return reshaped(reading)
  }
}
