package import Lesion
import ModelGraph

/// What a user says about reading a model: all of it may be left to what can be found out.
package struct ReadoutRequest: Hashable, Sendable {
  package var value: ValueFunction
  /// The name of an output; `nil` takes the one that looks most like scores.
  package var output: String?
  /// The axis of classes of the output, counted as the model declares it, with that of stimuli; from the end where negative.
  package var classAxis: Int?
  package var position: PositionChoice
  package var layouts: [LayoutOverride]
  /// Whether a model may be prepared: branches taken, tensors turned. Without it what needs that is left out.
  package var preparesModel = true

  package init(
    value: ValueFunction = .logit, output: String? = nil, classAxis: Int? = nil, position: PositionChoice = .mean,
    layouts: [LayoutOverride] = []
  ) {
    self.value = value
    self.output = output
    self.classAxis = classAxis
    self.position = position
    self.layouts = layouts
  }
}

/// A layout that a user names, for one tensor or for all that have as many axes.
package struct LayoutOverride: Hashable, Sendable, Codable {
  /// `nil` is all.
  package let tensor: String?
  /// One letter an axis, as in `nchw`.
  package let layout: String

  /// Reads `nchw`, or `TENSOR=nchw`.
  ///
  /// - Throws: `LesionError` (`badRequest`) if the layout isn't one.
  package init(parsing text: String) throws(LesionError) {
    let place = text.lastIndex(of: "=")
    tensor = place.map { String(text[..<$0]) }
    layout = place.map { String(text[text.index(after: $0)...]) } ?? text
    guard GridAxes(layout: layout) != nil, tensor?.isEmpty != true else {
      throw LesionError(
        .badRequest,
        """
        "\(text)" names no layout: give one letter for each axis, n (stimuli) first, c (channels), h, w, d (depth) and t \
        (time or tokens), as in nchw, ntc or TENSOR=nct
        """)
    }
  }

  /// The axes that it means of a tensor of some rank; `nil` if it speaks of other ranks. `nchw` and `nhwc` speak of tensors
  /// with a depth too.
  func axes(rank: Int) -> GridAxes? {
    guard let axes = GridAxes(layout: layout) else { return nil }
    if axes.rank == rank { return axes }
    switch (layout.lowercased(), rank) {
    case ("nchw", 5): return GridAxes(layout: "ncdhw")
    case ("nhwc", 5): return GridAxes(layout: "ndhwc")
    default: return nil
    }
  }
}
