package import Lesion
package import ModelGraph

extension AdjointValue {
  /// The value that a readout reads of any stimulus.
  ///
  /// - Parameter hasBatchAxis: whether the tensor has an axis for rows in front of the readout's shape.
  /// - Throws: `Undifferentiable` for a value of several elements, or one that is read at other positions of other stimuli.
  package init(_ readout: Readout, hasBatchAxis: Bool = true) throws(Undifferentiable) {
    guard Set(readout.positions).count <= 1 else {
      throw Undifferentiable("stimuli are read at different positions")
    }
    let isDecision = readout.isDecision == true
    let quantity: Quantity
    switch readout.value {
    case .logit: quantity = .logit
    case .logProbability, .loss: quantity = .logProbability
    case .probability: quantity = .probability
    case .margin: quantity = isDecision && readout.link.leastProbability == nil ? .logit : .margin
    case .expression(let expression):
      guard expression.isLinear else { throw Undifferentiable("a sum of other than logits has no rule") }
      quantity = .sum(expression.terms.map(\.factor))
    case .continuation:
      quantity = .continuation(positions: readout.shape.reduce(1, *) / (readout.classAxis.map { readout.shape[$0] } ?? 1))
    case .cosineTo: throw Undifferentiable("the cosine to a given vector has no rule")
    case .accuracy: throw Undifferentiable("accuracy changes by steps, so it has no gradient")
    case .kullbackLeibler, .jensenShannon, .cosine:
      throw Undifferentiable("\(readout.value.name) is flat where nothing is lesioned, and has no rule")
    case .output(let index): quantity = .element(index)
    case .selection(let selection):
      guard let elements = try? selection.elements(in: readout.shape), elements.count == 1 else {
        throw Undifferentiable("output:\(selection.text) takes several elements")
      }
      quantity = .element(elements[0])
    }
    self.init(
      quantity, isSigmoid: readout.link == .sigmoid || isDecision, leastProbability: readout.link.leastProbability,
      isDecision: isDecision, batchAxis: hasBatchAxis ? 0 : nil,
      classAxis: (readout.classAxis ?? 0) + (hasBatchAxis ? 1 : 0),
      position: readout.positions.first, maskedPositions: readout.unmasked == nil ? nil : readout.positionCount)
  }

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
      case .selection, .expression, .accuracy, .kullbackLeibler, .jensenShannon, .cosine, .continuation, .cosineTo:
        preconditionFailure("what is read depends on a readout")
      }
    self.init(
      quantity, isSigmoid: link == .sigmoid, leastProbability: link.leastProbability, batchAxis: hasBatchAxis ? 0 : nil,
      classAxis: classAxis + front, position: shape.count == 2 ? position : nil)
  }
}

extension OutputReader.Link {
  /// What a probability counts as at least, where the scores are probabilities.
  var leastProbability: Double? { self == .distribution || self == .chances ? OutputReader.leastProbability : nil }
}
