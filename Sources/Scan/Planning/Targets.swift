import ScanPlan

extension MeasurementOptions {
  /// The class with the largest score, by stimulus. - Parameter scores: [stimuli][classes].
  func predictions(_ scores: [[Float]]) -> [Int] {
    scores.map { scores in
      scores.indices.max { scores[$0] < scores[$1] || scores[$0] == scores[$1] && $0 > $1 } ?? 0
    }
  }

  /// The class whose score is the value, by stimulus. - Parameter labels: there where `target` is the label.
  func targets(_ predictions: [Int], labels: [Int]?) -> [Int] {
    switch target {
    case .predicted: predictions
    case .label: labels!
    case .fixed(let index): predictions.map { _ in index }
    }
  }
}
