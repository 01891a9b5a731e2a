import Distribution
import Grids
import Lesion
import Networks
import ScanPlan

/// What lesioned units of a layer become: means over the stimuli, and over what the lesion says; [units].
struct AverageTask: RankTask, Hashable {
  var layer = 0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&layer) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> FloatList {
    let network = try worker.makeNetwork(layer, lesion: .zero)
    let count = worker.plan.stimulusCount
    var sums = [Double](repeating: 0, count: worker.geometry[layer].grid.unitCount)
    for stimulus in 0..<count {
      for (unit, activation) in try network.activations(of: stimulus).enumerated() { sums[unit] += Double(activation) }
      try pause()
    }
    let means = sums.map { $0 / Double(count) }
    switch worker.request.measurement.lesion.rest {
    case .unit, nil: return FloatList(means.map { Float($0) })
    case .channel: return FloatList(worker.geometry[layer].grid.geometry.channelMeans(of: means).map { Float($0) })
    }
  }
}

/// A layer's mean activations, for mean lesions.
struct MeansNotice: RankNotice {
  var layer = 0
  /// [units]
  var means = FloatList()

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&means)
  }

  func apply(to worker: Worker) { worker.means[layer] = means.values }
}
