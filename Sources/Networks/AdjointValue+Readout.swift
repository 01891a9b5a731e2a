package import Lesion
package import ModelGraph

extension AdjointValue {
  /// The value that an `OutputReader` of the same parameters reads.
  ///
  /// - Parameters:
  ///   - shape: the output's shape for one sample, without the batch axis.
  ///   - link: what the network itself ends in.
  ///   - position: the position of a sequence to read; `nil` takes the mean.
  ///   - channelsLast: maps are [H, W, C].
  ///   - hasBatchAxis: whether the tensor has an axis for rows in front of `shape`.
  package init(
    shape: [Int], value: ValueFunction, link: OutputReader.Link, position: Int?, channelsLast: Bool,
    hasBatchAxis: Bool = true
  ) {
    let front = hasBatchAxis ? 1 : 0
    let classAxis =
      switch (shape.count, channelsLast) {
      case (2, _): 1
      case (3, true): 2
      default: 0
      }
    let quantity: Quantity =
      switch value {
      case .logit: .logit
      case .logProbability, .loss: .logProbability
      case .probability: .probability
      case .margin: .margin
      case .output(let index): .element(index)
      }
    self.init(
      quantity, isSigmoid: link == .sigmoid, batchAxis: hasBatchAxis ? 0 : nil, classAxis: classAxis + front,
      position: shape.count == 2 ? position : nil)
  }
}
