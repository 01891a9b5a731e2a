/// A layout that a user names, for one tensor or for all that have as many axes.
package struct LayoutOverride: Hashable, Sendable, Codable {
  /// `nil` is all.
  package let tensor: String?
  /// One letter an axis, as in `nchw`.
  package let layout: String

  /// As it is written on the command line.
  package var name: String { (tensor.map { "\($0)=" } ?? "") + layout }

  /// Reads `nchw`, or `TENSOR=nchw`.
  ///
  /// - Throws: `ModelGraphError` (`badRequest`) if the layout isn't one.
  package init(parsing text: String) throws(ModelGraphError) {
    let place = text.lastIndex(of: "=")
    tensor = place.map { String(text[..<$0]) }
    layout = place.map { String(text[text.index(after: $0)...]) } ?? text
    guard GridAxes(layout: layout) != nil, tensor?.isEmpty != true else {
      throw ModelGraphError(
        .unknownTensor,
        """
        \(text) names no layout: give one letter for each axis, n (stimuli) first, c (channels), h, w, d (depth) and t \
        (time or tokens), as in nchw, nhwc, ntc or TENSOR=nct
        """)
    }
  }

  /// The axes that it means of a tensor of some rank; `nil` if it speaks of other ranks. `nchw` and `nhwc` speak of tensors
  /// with a depth too.
  package func axes(rank: Int) -> GridAxes? {
    guard let axes = GridAxes(layout: layout) else { return nil }
    if axes.rank == rank { return axes }
    switch (layout.lowercased(), rank) {
    case ("nchw", 5): return GridAxes(layout: "ncdhw")
    case ("nhwc", 5): return GridAxes(layout: "ndhwc")
    default: return nil
    }
  }
}
