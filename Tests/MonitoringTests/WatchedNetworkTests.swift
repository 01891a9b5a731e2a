import Grids
import ModelGraph
import Monitoring
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Testing

@Suite("A watched network")
struct WatchedNetworkTests {
  private func survey(_ network: SmallNetwork) throws -> (NetworkSurvey, StimulusFeed) {
    let runtime = try TestRuntime.make()
    let survey = try NetworkSurvey(
      model: network.model, stimuli: network.stimuli(3), runtime: runtime, session: Session.Options(),
      reading: ReadoutRequest())
    return (survey, try StimulusFeed(runtime: runtime, stimuli: network.stimuli(3), inputs: survey.model.inputs))
  }

  /// The same by plain arithmetic: the mean of each cell, by the place of its first unit.
  private func cellMeans(_ tensor: Tensor, _ pool: CellPool, row: Int) -> [Float] {
    let inner = Array(pool.shape.dropFirst())
    let pooled = Array(pool.pooledShape.dropFirst())
    let size = inner.reduce(1, *)
    var sums = [Double](repeating: 0, count: pooled.reduce(1, *))
    var counts = sums
    for unit in 0..<size {
      var (rest, cell, stride) = (unit, 0, 1)
      for axis in inner.indices.reversed() {
        cell += rest % inner[axis] / pool.lengths[axis] * stride
        stride *= pooled[axis]
        rest /= inner[axis]
      }
      sums[cell] += Double(tensor.floats[row * size + unit])
      counts[cell] += 1
    }
    return zip(sums, counts).map { Float($0 / $1) }
  }

  @Test(
    "gives each layer's means over cells, whatever its axes are, and cells at the end that are cut short",
    arguments: [SmallNetwork.residual, .perceptron, .tokens, .segmenter, .sequence],
    [
      GridSize(height: 2, width: 3, channels: 2), GridSize(height: 4, width: 4, channels: 3),
      GridSize(height: 1, width: 1, channels: 1),
    ])
  func means(_ small: SmallNetwork, _ grid: GridSize) throws {
    let (survey, feed) = try survey(small)
    let layers = survey.layers.map {
      WatchedLayer(tensor: $0.candidate.tensor, shape: $0.shape, axes: $0.layout.axes!, grid: grid)
    }.filter(\.pool.isSupported)
    #expect(!layers.isEmpty)
    let network = try WatchedNetwork(
      model: survey.model, readout: survey.readout, layers: layers, runtime: feed.runtime, options: Session.Options())
    let rows = survey.takesBatches ? [0, 2] : [1]
    let observed = try network.observe(feed, rows: rows)
    let exposed = survey.model.exposing(layers.map(\.tensor))
    let session = try Session(runtime: feed.runtime, model: exposed.serialized())
    let tensors = try session.run(feed.tensors(session.inputNames, rows: rows))
    for (number, layer) in layers.enumerated() {
      let tensor = tensors[session.outputNames.firstIndex(of: layer.tensor)!]
      for row in rows.indices {
        let expected = cellMeans(tensor, layer.pool, row: row)
        let given = observed[row].layers[number]
        #expect(zip(observed[row].cells[number], expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(layer.tensor)")
        #expect(observed[row].cells[number].count == expected.count)
        let sum = expected.reduce(0) { $0 + Double($1) }
        // Every cell belongs to one region and one group of channels.
        let layout = try CellLayout(layer)
        #expect(given.means.count == layout.channelsOfGroup.count)
        if expected.count.isMultiple(of: given.means.count) {
          let mean = given.means.reduce(0, +) / Double(given.means.count)
          #expect(abs(mean - sum / Double(expected.count)) < 1e-5)
        }
        #expect(abs(given.quantiles.first! - Double(expected.min()!)) < 1e-5)
        #expect(abs(given.quantiles.last! - Double(expected.max()!)) < 1e-5)
      }
    }
  }

  @Test("answers as the network itself does")
  func answer() throws {
    let (survey, feed) = try survey(.residual)
    let layers = survey.layers.map {
      WatchedLayer(tensor: $0.candidate.tensor, shape: $0.shape, axes: $0.layout.axes!, grid: .standard)
    }
    let network = try WatchedNetwork(
      model: survey.model, readout: survey.readout, layers: layers, runtime: feed.runtime, options: Session.Options())
    let plain = try Session(runtime: feed.runtime, model: survey.model.exposing([survey.readTensor]).serialized())
    for row in 0..<3 {
      let expected = try plain.run(feed.tensors(plain.inputNames, rows: [row]))[0].floats
      let observation = try network.observe(feed, rows: [row])[0]
      #expect(zip(observation.output, expected).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
      #expect(observation.answer?.predicted == expected.indices.max { expected[$0] < expected[$1] })
    }
  }
}
