/// What of a network's outputs a value is made of, and where it lies.
package struct Readout: Hashable, Sendable, Codable {
  /// The model's output that was chosen.
  package var output: String
  /// The tensor that is read: the output, or what lies before its softmax or its decision.
  package var tensor: String
  /// The tensor's shape for one stimulus, without batch axis.
  package var shape: [Int]
  /// The axis of `shape` that counts classes; `nil` where there is one score only, or where elements are named.
  package var classAxis: Int?
  /// The position that is read, along the one axis besides the classes: empty for the mean over all positions, one entry
  /// for all stimuli, or one each.
  package var positions: [Int]
  package var link: OutputReader.Link
  package var value: ValueFunction
  /// For each term of a sum of classes' scores its class: one for all stimuli, or one each; −1 is the target.
  package var classes: [[Int]]?

  package init(
    output: String, tensor: String, shape: [Int], classAxis: Int?, positions: [Int] = [], link: OutputReader.Link,
    value: ValueFunction, classes: [[Int]]? = nil
  ) {
    self.output = output
    self.tensor = tensor
    self.shape = shape
    self.classAxis = classAxis
    self.positions = positions
    self.link = link
    self.value = value
    self.classes = classes
  }
}
