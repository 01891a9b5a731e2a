import Lesion
import ModelGraph

/// What is said of scores that are means over positions.
extension ChosenOutput {
  /// What a user should know of a value that is made of mean scores; `nil` where there is one position or one is read.
  func note(onMeansOf readout: Readout, view: TensorView) -> String? {
    guard readout.isOfMeans else { return nil }
    let hasOneAxis = readout.shape.indices.count(where: { $0 != readout.classAxis && readout.shape[$0] > 1 }) == 1
    let means = "means over \(readout.unmasked == nil ? "all \(readout.positionCount)" : "the") positions of \"\(output)\""
    let name = readout.value.name
    guard readout.isOfMeansAlone else {
      let classes = hasClasses(readout) ? ", and a predicted class has the largest mean" : ""
      let way = hasOneAxis ? "--position reads one" : "--value 'output:\(output)[...]' reads elements of your own"
      return "v is made of \(means)\(classes); \(way)."
    }
    var ways: [String] = []
    let givesItself =
      switch (source.activation, readout.value) {
      case (.softmax, .probability), (.sigmoid, .probability), (.logSoftmax, .logProbability), (.logSoftmax, .loss): true
      default: false
      }
    if tensor != output, source.decision == nil, source.factor == 1, givesItself, readout.isDecision != true {
      ways.append(
        "--value 'output:\(output)\(selection(of: readout, view))' is that mean\(hasClasses(readout) ? " for class C" : "")")
    }
    if hasOneAxis { ways.append("--position reads one") }
    return
      "Scores are \(means), and \(name) is made of these means: it isn't the mean of \(name) over positions\(ways.isEmpty ? "" : " (\(ways.joined(separator: "; ")))")."
  }

  private func hasClasses(_ readout: Readout) -> Bool { readout.classAxis.map { readout.shape[$0] > 1 } ?? false }

  /// Indices of all positions of a class C of the output.
  private func selection(of readout: Readout, _ view: TensorView) -> String {
    let batch: Int? =
      switch view.batch {
      case .first: 0
      case .axis(let axis): axis
      case .folded, .none: nil
      }
    guard let batch, view.givenShape == nil else { return "[...]:mean" }
    let own: [Int?] = axes?.axes ?? Array(view.shape.indices)
    let classes = hasClasses(readout) ? readout.classAxis.map { view.sourceAxes[$0] } : nil
    let rest = own.filter { $0 != batch }
    guard own.count - rest.count == 1, classes == nil || rest.contains(classes) else { return "[...]:mean" }
    return "[\(rest.map { $0 != nil && $0 == classes ? "C" : ":" }.joined(separator: ","))]:mean"
  }
}
