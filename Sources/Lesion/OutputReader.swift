internal import Glibc

/// Reads the value of one sample's output.
///
/// The output of one sample may be [C], [C, 1, 1] or a map [C, H, W] (the mean over space), a map [H, W, C] where the
/// model is channels-last, or a sequence [T, C] (one position, or the mean over positions). `output:INDEX` takes any
/// shape.
package struct OutputReader: Sendable {
  /// What turns scores into probabilities.
  package enum Link: String, Sendable, Codable {
    case softmax, sigmoid
  }

  /// How many classes have a score.
  package let classCount: Int
  private let value: ValueFunction
  private let link: Link
  private let classStride: Int
  private let positionOffset: Int
  private let positionCount: Int
  private let positionStride: Int

  /// - Parameters:
  ///   - shape: the output's shape for one sample, without the batch axis.
  ///   - link: what the network itself ends in; softmax if in nothing. A single score is always read as a sigmoid's.
  ///   - position: the position of a sequence to read; `nil` takes the mean.
  ///   - channelsLast: maps are [H, W, C].
  /// - Throws: `LesionError` (`badModel`) with the shape, if it is none of the above or an index is out of range.
  package init(
    shape: [Int], value: ValueFunction, link: Link, position: Int?, channelsLast: Bool
  ) throws(LesionError) {
    let count = shape.reduce(1, *)
    guard count > 0 else { throw LesionError(.badModel, "the output of shape \(shape) has no elements") }
    self.value = value
    if case .output(let index) = value {
      guard index < count else {
        throw LesionError(.badModel, "output:\(index) is out of range: the output has \(count) elements (shape \(shape))")
      }
      (classCount, classStride, positionOffset, positionCount, positionStride) = (count, 1, 0, 1, 0)
      self.link = link
      return
    }
    var offset = 0
    var positions = 1
    var stride = 0
    switch (shape.count, channelsLast) {
    case (0, _), (1, _):
      (classCount, classStride) = (count, 1)
    case (2, _):
      (classCount, classStride) = (shape[1], 1)
      (positions, stride) = (shape[0], shape[1])
      if let position {
        guard position < shape[0] else {
          throw LesionError(.badModel, "position \(position) is out of range: the output has \(shape[0]) positions")
        }
        (offset, positions) = (position * shape[1], 1)
      }
    case (3, false):
      (classCount, classStride) = (shape[0], shape[1] * shape[2])
      (positions, stride) = (shape[1] * shape[2], 1)
    case (3, true):
      (classCount, classStride) = (shape[2], 1)
      (positions, stride) = (shape[0] * shape[1], shape[2])
    default:
      throw LesionError(
        .badModel,
        """
        an output of shape \(shape) for one stimulus has no class axis that could be told; use --value output:INDEX \
        to name one of its \(count) elements
        """)
    }
    if value == .margin && classCount < 2 {
      throw LesionError(.badModel, "a margin needs two classes, and the output of shape \(shape) has one")
    }
    positionOffset = offset
    positionCount = positions
    positionStride = stride
    self.link = classCount == 1 ? .sigmoid : link
  }

  /// The scores of all classes of one sample.
  package func scores(_ sample: UnsafeBufferPointer<Float>) -> [Float] {
    (0..<classCount).map { Float(score($0, sample)) }
  }

  /// Where a class's score is read from: the elements of one sample's output whose mean it is.
  package func elements(ofClass index: Int) -> [Int] {
    (0..<positionCount).map { index * classStride + positionOffset + $0 * positionStride }
  }

  /// v of one sample for a target class. NaN where the output is NaN.
  package func value(_ sample: UnsafeBufferPointer<Float>, target: Int) -> Float {
    switch value {
    case .output(let index):
      return sample[index]
    case .logit:
      return Float(score(target, sample))
    case .logProbability, .loss:
      return Float(logProbability(target, sample))
    case .probability:
      return Float(exp(logProbability(target, sample)))
    case .margin:
      var best = -Double.infinity
      for other in 0..<classCount where other != target {
        let x = score(other, sample)
        if x.isNaN { return .nan }
        best = max(best, x)
      }
      return Float(score(target, sample) - best)
    }
  }

  private func score(_ index: Int, _ sample: UnsafeBufferPointer<Float>) -> Double {
    let first = index * classStride + positionOffset
    if positionCount == 1 { return Double(sample[first]) }
    var sum = 0.0
    for position in 0..<positionCount { sum += Double(sample[first + position * positionStride]) }
    return sum / Double(positionCount)
  }

  private func logProbability(_ target: Int, _ sample: UnsafeBufferPointer<Float>) -> Double {
    switch link {
    case .sigmoid:
      let x = score(target, sample)
      // log(1 / (1 + e^-x)) without overflow on either side.
      return x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x))
    case .softmax:
      let x = (0..<classCount).map { score($0, sample) }
      let largest = x.max()!
      return x[target] - largest - log(x.reduce(0) { $0 + exp($1 - largest) })
    }
  }
}
