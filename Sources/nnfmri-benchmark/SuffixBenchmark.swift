import Anatomy
import Lesion
import ModelGraph
import OnnxRuntime
import Shapley
import Stimuli

/// The layers that a scan would take by itself, each to be timed with and without what a rank adds to a forward pass.
struct SuffixBenchmark {
  struct Layer {
    let tensor: String
    let grid: Grid
    fileprivate let cut: Cut
  }

  /// Median seconds of a batch.
  struct Timing {
    let bare: Double
    let rank: Double
  }

  let layers: [Layer]
  private let feed: StimulusFeed
  private let reader: OutputReader
  private let batch: Int

  init(model path: String, stimuli: StimulusSet, grid: GridSize, batch: Int) throws {
    let runtime = try Runtime()
    let survey = try NetworkSurvey(
      model: Model(contentsOf: path), stimuli: stimuli, runtime: runtime, session: Session.Options(), readsRaw: false)
    let scannable = Dictionary(
      survey.layers.map { ($0.candidate.tensor, $0.shape) }, uniquingKeysWith: { first, _ in first })
    layers = try survey.model.automaticLayers(reading: survey.readTensor) { scannable[$0] != nil }.map { tensor in
      Layer(
        tensor: tensor, grid: Grid(grid, over: try TensorGeometry(shape: scannable[tensor]!)),
        cut: try survey.model.cut(at: tensor, reading: survey.readTensor, types: survey.elementTypes))
    }
    feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputs)
    reader = try OutputReader(
      shape: survey.outputShape, value: .logit, link: survey.link, position: nil, channelsLast: false)
    self.batch = survey.takesBatches ? batch : 1
  }

  /// Cost: a few prefix runs and, for each round, two suffix runs.
  func time(_ layer: Layer, rounds: Int) throws -> Timing {
    let blocks = layer.grid.blocks()
    let network = try LesionedNetwork(
      cut: layer.cut, feed: feed, stimulus: 0,
      configuration: LesionedNetwork.Configuration(
        stencil: Stencil(
          regionCount: layer.grid.regionCount, rowLength: blocks.length, patternOfRow: blocks.patternOfBlock,
          patterns: blocks.regions),
        reader: reader, batch: batch, lesion: .zero, session: Session.Options(), cacheBytes: 64 << 20))
    try network.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    let players = layer.grid.regionCount
    let design = try Design(
      estimator: .regression, players: players,
      budget: max(
        (rounds + 1) * batch, Design.minimumRowCount(estimator: .regression, players: players, index: .shapley)),
      seed: 42)

    let prefix = try Session(runtime: feed.runtime, model: layer.cut.prefix.serialized())
    let suffix = try Session(runtime: feed.runtime, model: layer.cut.suffix.serialized())
    let inputs = try prefix.run(feed.tensors(prefix.inputNames, rows: [Int](repeating: 0, count: batch)))
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
