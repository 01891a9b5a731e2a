import Distribution
import Grids
import Lesion
import Networks
import ScanPlan

/// What lesioned units of a layer become, or are drawn by: means over the stimuli, and over what the lesion says, or what a
/// file says; [units], of noise [2 x units], means and then standard deviations.
struct AverageTask: RankTask, Hashable {
  var layer = 0

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&layer) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> FloatList {
    let rest = worker.request.measurement.lesion.rest
    if rest == .file, let given = try worker.baselineActivations(layer) { return FloatList(given) }
    let network = try worker.makeNetwork(layer, lesion: .zero)
    // What a file has in place of stimuli follows after them.
    if rest == .file { return FloatList(Array(try network.activations(of: worker.plan.stimulusCount))) }
    let units = worker.geometry[layer].grid.unitCount
    var mean = MeanActivation(unitCount: units)
    try forEachStimulus(of: network, worker, pause: pause) { mean.add($0) }
    switch rest {
    case .channel: return FloatList(worker.geometry[layer].grid.geometry.channelMeans(of: mean.means).map { Float($0) })
    case .spread:
      let means = mean.means
      var squares = [Double](repeating: 0, count: units)
      try forEachStimulus(of: network, worker, pause: pause) { activations in
        for (unit, activation) in activations.enumerated() {
          squares[unit] += (Double(activation) - means[unit]) * (Double(activation) - means[unit])
        }
      }
      let deviations = squares.map { Float(($0 / Double(worker.plan.stimulusCount - 1)).squareRoot()) }
      return FloatList(mean.floats + deviations)
    case .unit, .file, nil: return FloatList(mean.floats)
    }
  }

  private func forEachStimulus(
    of network: LesionedNetwork, _ worker: Worker, pause: () throws -> Void,
    _ body: (UnsafeBufferPointer<Float>) -> Void
  ) throws {
    for stimulus in 0..<worker.plan.stimulusCount {
      body(try network.activations(of: stimulus))
      try pause()
    }
  }
}

/// What `AverageTask` found of a layer.
struct MeansNotice: RankNotice {
  var layer = 0
  /// [units], of noise [2 x units]
  var means = FloatList()

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&means)
  }

  func apply(to worker: Worker) { worker.means[layer] = means.values }
}
