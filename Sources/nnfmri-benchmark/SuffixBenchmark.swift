import Anatomy
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Shapley

/// Times a layer's batches with and without what a rank adds to a forward pass.
struct SuffixBenchmark {
  /// Median seconds of a batch.
  struct Timing {
    let bare: Double
    let rank: Double
  }

  let model: ScannedModel

  /// Cost: a few prefix runs and, for each round, two suffix runs.
  func time(_ layer: ScannedModel.Layer, rounds: Int) throws -> Timing {
    let network = try model.network(layer)
    try network.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    let batch = model.batch
    let players = layer.grid.regionCount
    let design = try Design(
      estimator: .regression, players: players,
      budget: max(
        (rounds + 1) * batch, Design.minimumRowCount(.complementPairs, players: players, index: .shapley)),
      seed: 42)

    let feed = model.feed
    let inputs = try model.suffixInputs(layer)
    let suffix = try Session(
      runtime: feed.runtime, model: layer.cut.suffix.serialized(), options: Session.Options(isOnProcessor: true))
    let outputs = try suffix.run(inputs)

    func bare() throws { try suffix.run(inputs, into: outputs) }
    func rank(_ round: Int) throws {
      // A small grid has fewer coalitions than there are rounds, and starts over.
      let start = round * batch % max(design.rowCount - batch + 1, 1)
      _ = try network.values(of: design.coalitions(in: start..<min(start + batch, design.rowCount)))
    }
    try bare()
    try rank(0)
    var times: (bare: [Duration], rank: [Duration]) = ([], [])
    let clock = ContinuousClock()
    for round in 1...rounds {
      // In turns, and each as often first as second: whatever else the machine does meets both alike.
      if round.isMultiple(of: 2) { times.bare.append(try clock.measure { try bare() }) }
      times.rank.append(try clock.measure { try rank(round) })
      if !round.isMultiple(of: 2) { times.bare.append(try clock.measure { try bare() }) }
    }
    return Timing(bare: median(times.bare), rank: median(times.rank))
  }

  private func median(_ times: [Duration]) -> Double {
    times.sorted()[times.count / 2] / .seconds(1)
  }
}
