import Foundation
import TestSupport

/// The value of an output by its definition, from plain arithmetic.
struct PlainReading {
  /// Of each class; the mean over positions or space.
  let scores: [Double]
  /// What the network itself ends in, flattened.
  private let output: [Double]
  /// Whether that is a probability of each class.
  private let hasOwnProbabilities: Bool

  init(_ tensors: [String: PlainEvaluator.Value], of bench: Bench) {
    let isMap = bench.network.name == "segmenter"
    let names = ["perceptron": "logits", "labeller": "scores", "detector": "score", "segmenter": "classes"]
    let read = tensors[names[bench.network.name] ?? (tensors["logits"] == nil ? "roots" : "logits")]!
    hasOwnProbabilities = tensors["probabilities"] != nil || tensors["labels"] != nil
    output = (tensors["probabilities"] ?? tensors["labels"] ?? read).elements
    let classes = isMap ? read.shape[1] : read.shape.last!
    let positions = read.elements.count / classes
    scores = (0..<classes).map { c in
      (0..<positions).reduce(0) { $0 + read.elements[isMap ? c * positions + $1 : $1 * classes + c] }
        / Double(positions)
    }
  }

  func value(_ name: String, target: Int) -> Double {
    switch name {
    case "logit": scores[target]
    case "prob": probability(target)
    case "logprob", "loss": log(probability(target))
    case "margin": scores[target] - scores.enumerated().filter { $0.offset != target }.map(\.element).max()!
    default: output[Int(name.dropFirst("output:".count))!]
    }
  }

  private func probability(_ target: Int) -> Double {
    if hasOwnProbabilities { return output[target] }
    if scores.count == 1 { return 1 / (1 + exp(-scores[0])) }
    return exp(scores[target]) / scores.reduce(0) { $0 + exp($1) }
  }
}
