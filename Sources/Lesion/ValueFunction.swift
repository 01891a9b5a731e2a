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
/// | `output:INDEX` | one element of the flattened output as it stands | no target |
///
/// p is the softmax of x, or the sigmoid of each score where the network ends in one or has one score only.
package enum ValueFunction: Hashable, Sendable, Codable {
  case logit
  case logProbability
  case probability
  case margin
  case loss
  case output(Int)

  /// Reads the name that is used on the command line and in files; `nil` if it is none.
  package init?(name: String) {
    switch name {
    case "logit": self = .logit
    case "logprob": self = .logProbability
    case "prob": self = .probability
    case "margin": self = .margin
    case "loss": self = .loss
    default:
      guard name.hasPrefix("output:"), let index = Int(name.dropFirst("output:".count)), index >= 0 else { return nil }
      self = .output(index)
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
    case .output(let index): "output:\(index)"
    }
  }
}
