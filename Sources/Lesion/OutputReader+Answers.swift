internal import Glibc

/// What an output answers: a class, how sure of it the network is, and its energy.
extension OutputReader {
  /// Whether there is one score of which the network makes the chance of a yes.
  private var isYesOrNo: Bool { classCount == 1 && !value.readsElements && [.sigmoid, .chances].contains(readout.link) }

  /// The class that scores speak for: that of the largest one, the first of equal ones. A single score of which the network makes a
  /// chance speaks for 1, yes, or 0, no; any other single score for no class, `nil`.
  ///
  /// - Parameter scores: of all classes.
  package func predicted(_ scores: [Float]) -> Int? {
    if isYesOrNo { return scores[0] > (link == .chances ? 0.5 : 0) ? 1 : 0 }
    guard hasClasses, scores.count > 1 else { return nil }
    return scores.indices.max { scores[$0] < scores[$1] || scores[$0] == scores[$1] && $0 > $1 }
  }

  /// The class that one stimulus's output speaks for (`predicted`; 0 where there is none), and its probability.
  package func answer(_ sample: UnsafeBufferPointer<Float>, stimulus: Int) -> (predicted: Int, probability: Float) {
    let own = scores(sample, stimulus: stimulus)
    let best = predicted(own) ?? 0
    if isYesOrNo {
      let yes = link == .chances ? Double(own[0]) : 1 / (1 + exp(-Double(own[0])))
      return (best, Float(best == 1 ? yes : 1 - yes))
    }
    let scores = own.map(Double.init)
    switch link {
    case .sigmoid: return (best, Float(1 / (1 + exp(-scores[best]))))
    case .softmax: return (best, Float(1 / scores.reduce(0) { $0 + exp($1 - scores[best]) }))
    case .distribution, .chances: return (best, Float(scores[best]))
    }
  }

  /// −log Σ exp(scores) of one stimulus, whose answer is given; with a sigmoid, −log(1 + exp(largest score)). Small where an answer is sure.
  /// Where scores are probabilities already, −log Σ exp(probabilities), or −log(1 + exp(largest probability)).
  ///
  /// Source: Liu et al., NeurIPS 2020.
  package func energy(
    _ sample: UnsafeBufferPointer<Float>, answer: (predicted: Int, probability: Float), stimulus: Int
  ) -> Double {
    switch link {
    case .softmax: return log(Double(answer.probability)) - score(answer.predicted, sample, stimulus)
    // Where all scores say no, the probability may be too small for a number.
    case .sigmoid: return Self.logistic(-score(answer.predicted, sample, stimulus))
    case .distribution: return -log((0..<classCount).reduce(0) { $0 + exp(score($1, sample, stimulus)) })
    case .chances: return -log1p(exp(score(answer.predicted, sample, stimulus)))
    }
  }

  /// Whether the output speaks for a class: the largest of several scores, or one score of which the network makes the chance of a yes.
  package var saysClasses: Bool { hasClasses || isYesOrNo }

  /// Whether the scores are those of classes, so that the largest is an answer.
  package var hasClasses: Bool {
    switch value {
    case .output, .selection: false
    default: classCount > 1
    }
  }
}
