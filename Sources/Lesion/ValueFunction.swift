/// The value of a game: which scalar v of the network's output a lesion changes.
///
/// With x the scores (logits) of the classes and c the target class:
///
/// | name | v | needs |
/// |---|---|---|
/// | `logit` | x_c | |
/// | `logprob` | log p_c | |
/// | `prob` | p_c | |
/// | `margin` | x_c − max over the other classes | two classes |
/// | `loss` | −(cross-entropy) = log p_c; meant with the label as the target | two classes |
/// | `accuracy` | 1 if the largest score is x_c, else 0 | two classes |
/// | `logit[A] - logit[B]` | a sum of classes' x, log p or p, each with a factor: `ScoreExpression` | |
/// | `kl` | −Σ p⁰ log(p⁰/p), p⁰ being the intact network's | the intact answer |
/// | `js` | −½ Σ p⁰ log(p⁰/m) − ½ Σ p log(p/m), m = ½(p⁰ + p) | the intact answer |
/// | `cosine` | x·x⁰/(|x||x⁰|) | the intact answer |
/// | `loss(NAME)` | Σ over positions t of log p_{c_t} at t, c being an array's row: teacher forcing | positions |
/// | `cosine(NAME)` | x·r/(|x||r|), r being an array's row | no target |
/// | `output:INDEX` | one element of the flattened output as it stands | no target |
/// | `output:NAME[i,j,...]:REDUCTION` | elements of an output as it stands, and their sum, mean or maximum; without brackets the one there is | no target |
///
/// One score x that stands for two classes (`Readout.isDecision`) gives x_1 = x and x_0 = −x, whose margins are x and −x, or p_1 = x
/// and p_0 = 1 − x where it is a chance. p is the softmax of x, or the sigmoid of each score where the network ends in one or has one score only, or x itself where
/// the network gives probabilities.
package enum ValueFunction: Hashable, Sendable, Codable {
  case logit
  case logProbability
  case probability
  case margin
  case loss
  case accuracy
  case expression(ScoreExpression)
  case kullbackLeibler
  case jensenShannon
  case cosine
  /// The classes that are right at each position are in an array of this name.
  case continuation(String)
  /// The vector is in an array of this name.
  case cosineTo(String)
  case output(Int)
  case selection(OutputSelection)

  /// Reads the name that is used on the command line and in files; `nil` if it is none.
  package init?(name: String) { try? self.init(parsing: name) }

  /// Reads the name that is used on the command line and in files.
  ///
  /// - Throws: `LesionError` (`badRequest`) with the names that there are, or the place that isn't understood.
  package init(parsing name: String) throws(LesionError) {
    switch name {
    case "logit": self = .logit
    case "logprob": self = .logProbability
    case "prob": self = .probability
    case "margin": self = .margin
    case "loss": self = .loss
    case "accuracy": self = .accuracy
    case "kl": self = .kullbackLeibler
    case "js": self = .jensenShannon
    case "cosine": self = .cosine
    default:
      if let value = try Self.ofArray(name) {
        self = value
        return
      }
      if ScoreExpression.begins(name) {
        self = .expression(try ScoreExpression(parsing: name))
        return
      }
      guard name.hasPrefix("output:") else {
        throw LesionError(
          .badRequest,
          "\(name) is none of logit, logprob, prob, margin, loss, loss(ARRAY), accuracy, kl, js, cosine, cosine(ARRAY), a difference as logit[3] - logit[5], output:INDEX, output:NAME[i,j,...] with :sum, :mean or :max"
        )
      }
      let rest = String(name.dropFirst("output:".count))
      if let index = Int(rest), index >= 0 {
        self = .output(index)
      } else {
        self = .selection(try OutputSelection(parsing: rest))
      }
    }
  }

  /// Reads `loss(NAME)` and `cosine(NAME)`; `nil` for what begins otherwise.
  private static func ofArray(_ text: String) throws(LesionError) -> ValueFunction? {
    for (word, make) in [("loss(", ValueFunction.continuation), ("cosine(", ValueFunction.cosineTo)] where text.hasPrefix(word) {
      let name = text.dropFirst(word.count).dropLast()
      guard text.last == ")", !name.isEmpty else {
        throw LesionError(
          .badRequest,
          "\(text) can't be read: between the brackets stands the name of an array of the stimuli's .npz, or an .npy file, as in \(word)NAME)"
        )
      }
      return make(String(name))
    }
    return nil
  }

  /// The name on the command line and in files.
  package var name: String {
    switch self {
    case .logit: "logit"
    case .logProbability: "logprob"
    case .probability: "prob"
    case .margin: "margin"
    case .loss: "loss"
    case .accuracy: "accuracy"
    case .expression(let expression): expression.text
    case .kullbackLeibler: "kl"
    case .jensenShannon: "js"
    case .cosine: "cosine"
    case .continuation(let name): "loss(\(name))"
    case .cosineTo(let name): "cosine(\(name))"
    case .output(let index): "output:\(index)"
    case .selection(let selection): "output:\(selection.text)"
    }
  }

  /// Whether the value is made of elements of the output as it stands, and not of classes' scores.
  package var readsElements: Bool {
    switch self {
    case .output, .selection: true
    default: false
    }
  }

  /// Whether the value is an affine function of the tensor that is read.
  package var isAffineInScores: Bool {
    switch self {
    case .logit, .output: true
    case .expression(let expression): expression.isLinear
    case .selection(let selection): selection.reduction != .max
    case .logProbability, .probability, .margin, .loss, .accuracy, .kullbackLeibler, .jensenShannon, .cosine, .continuation,
      .cosineTo:
      false
    }
  }

  /// Whether the value is made of classes' probabilities.
  package var readsProbabilities: Bool {
    switch self {
    case .logProbability, .probability, .loss, .kullbackLeibler, .jensenShannon, .continuation: true
    case .expression(let expression): !expression.isLinear
    default: false
    }
  }

  /// Whether the value compares the answer with the intact network's.
  package var needsIntact: Bool {
    switch self {
    case .kullbackLeibler, .jensenShannon, .cosine: true
    default: false
    }
  }

  /// The array that the value takes its classes or its vector from: one of the stimuli's file, or an `.npy` file.
  package var array: String? {
    switch self {
    case .continuation(let name), .cosineTo(let name): name
    default: nil
    }
  }

  /// The file that the value takes something from; `nil` where it takes nothing, or from the stimuli's file.
  package var file: String? { array.flatMap { $0.hasSuffix(".npy") ? $0 : nil } }

  /// The same of another array.
  package func taking(array name: String) -> ValueFunction {
    switch self {
    case .continuation: .continuation(name)
    case .cosineTo: .cosineTo(name)
    default: self
    }
  }

  /// What the value is the sum of, where it is one of classes' scores.
  package var expression: ScoreExpression? {
    if case .expression(let expression) = self { expression } else { nil }
  }

  /// Whether the value compares classes or says how right an answer is, so that one score without classes has none.
  package var needsClasses: Bool { self == .loss || self == .accuracy || self == .margin }

  /// Whether the value is one class's, which a target names.
  package var isOfTarget: Bool {
    switch self {
    case .logit, .logProbability, .probability, .margin, .loss, .accuracy: true
    default: false
    }
  }
}
