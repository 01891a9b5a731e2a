import Lesion
import ScanPlan

extension OutputReader {
  /// The class that the network predicts, by stimulus; none where it predicts no classes. - Parameter scores: [stimuli][classes].
  func predictions(_ scores: [[Float]]) -> [Int] {
    let predictions = scores.compactMap(predicted)
    return predictions.count == scores.count ? predictions : []
  }

  /// The class whose score is the value, by stimulus.
  ///
  /// - Parameters:
  ///   - scores: [stimuli][classes].
  ///   - labels: there where `target` is the label.
  func targets(_ target: MeasurementOptions.Target, _ scores: [[Float]], labels: [Int]?) -> [Int] {
    switch target {
    case .label: labels!
    case .fixed(let index): scores.map { _ in index }
    // A single score is read as it is, whatever it speaks for.
    case .predicted: scores.map { $0.count == 1 ? 0 : predicted($0) ?? 0 }
    }
  }
}
