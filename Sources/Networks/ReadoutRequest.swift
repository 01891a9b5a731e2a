package import Lesion
package import ModelGraph

/// What a user says about reading a model: all of it may be left to what can be found out.
package struct ReadoutRequest: Hashable, Sendable {
  package var value: ValueFunction
  /// The name of an output; `nil` takes the one that looks most like scores.
  package var output: String?
  /// The axis of classes of the output, counted as the model declares it, with that of stimuli; from the end where negative.
  package var classAxis: Int?
  package var position: PositionChoice
  package var layouts: [LayoutOverride]
  /// Whether a mean over positions leaves out those that a mask among the inputs says are padding.
  package var leavesOutPadding = false
  /// When a single score stands for two classes.
  package var decision = Readout.DecisionRule.whereTheValueNamesClasses
  /// The classes of a sum's terms, as `Readout` has them.
  package var classes: [[Int]]?
  /// What the value takes from an array, as `Readout` has it.
  package var continuation: [[Int]]?
  package var vectors: [[Float]]?

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
