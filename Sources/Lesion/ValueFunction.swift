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
/// | `loss` | −(cross-entropy) = log p_c; meant with the label as the target | |
/// | `accuracy` | 1 if the largest score is x_c, else 0 | two classes |
/// | `logit[A] - logit[B]` | a sum of classes' x, log p or p, each with a factor: `ScoreExpression` | |
/// | `kl` | −Σ p⁰ log(p⁰/p), p⁰ being the intact network's | the intact answer |
/// | `js` | −½ Σ p⁰ log(p⁰/m) − ½ Σ p log(p/m), m = ½(p⁰ + p) | the intact answer |
/// | `cosine` | x·x⁰/(|x||x⁰|) | the intact answer |
/// | `output:INDEX` | one element of the flattened output as it stands | no target |
/// | `output:NAME[i,j,...]:REDUCTION` | elements of an output as it stands, and their sum, mean or maximum | no target |
///
/// p is the softmax of x, or the sigmoid of each score where the network ends in one or has one score only.
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
      if ScoreExpression.begins(name) {
        self = .expression(try ScoreExpression(parsing: name))
        return
      }
      guard name.hasPrefix("output:") else {
        throw LesionError(
          .badRequest,
          "\(name) is none of logit, logprob, prob, margin, loss, accuracy, kl, js, cosine, a difference as logit[3] - logit[5], output:INDEX, output:NAME[i,j,...] with :sum, :mean or :max"
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

  /// Whether the value compares the answer with the intact network's.
  package var needsIntact: Bool {
    switch self {
    case .kullbackLeibler, .jensenShannon, .cosine: true
    default: false
    }
  }

  /// What the value is the sum of, where it is one of classes' scores.
  package var expression: ScoreExpression? {
    if case .expression(let expression) = self { expression } else { nil }
  }

  /// Whether the value is one class's, which a target names.
  package var isOfTarget: Bool {
    switch self {
    case .logit, .logProbability, .probability, .margin, .loss, .accuracy: true
    default: false
    }
  }
}
