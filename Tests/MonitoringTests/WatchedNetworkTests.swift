import Foundation
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

  /// The same by plain arithmetic: the mean and the largest unit of each cell, by the place of its first unit.
  private func cells(_ tensor: Tensor, _ pool: CellPool, row: Int) -> (means: [Float], peaks: [Float]) {
    let inner = Array(pool.shape.dropFirst())
    let pooled = Array(pool.pooledShape.dropFirst())
    let size = inner.reduce(1, *)
    var sums = [Double](repeating: 0, count: pooled.reduce(1, *))
    var counts = sums
    var peaks = [Float](repeating: -.infinity, count: sums.count)
    for unit in 0..<size {
      var (rest, cell, stride) = (unit, 0, 1)
      for axis in inner.indices.reversed() {
        cell += rest % inner[axis] / pool.lengths[axis] * stride
        stride *= pooled[axis]
        rest /= inner[axis]
      }
      sums[cell] += Double(tensor.floats[row * size + unit])
      counts[cell] += 1
      peaks[cell] = max(peaks[cell], tensor.floats[row * size + unit])
    }
    return (zip(sums, counts).map { Float($0 / $1) }, peaks)
  }

  @Test(
    "gives the means and peaks of each layer's cells, whatever its axes are, and cells at the end that are cut short",
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
    let ranges = CellLayout.ranges(network.layouts)
    for (number, layer) in layers.enumerated() {
      let tensor = tensors[session.outputNames.firstIndex(of: layer.tensor)!]
      for row in rows.indices {
        let (means, peaks) = cells(tensor, layer.pool, row: row)
        let expected = layer.pool.hasPeaks ? means + peaks : means
        #expect(layer.pool.hasPeaks || peaks == means)
        let given = Array(observed[row].cells[ranges[number]])
        #expect(given.count == expected.count && zip(given, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(layer.tensor)")
        try check(observed[row].layers[number], of: layer, cells: means, peaks: peaks)
      }
    }
  }

  /// Holds a reading against the same by plain arithmetic over the places of the layer.
  private func check(_ reading: LayerReading, of layer: WatchedLayer, cells: [Float], peaks: [Float]) throws {
    let layout = try CellLayout(layer)
    let geometry = try layer.geometry()
    let places = layout.channelsOfGroup.map { channels in
      channels.flatMap { channel in
        (0..<geometry.height).flatMap { h in
          (0..<geometry.width).map { w in geometry.offset(height: h, width: w, channel: channel) }
        }
      }
    }
    let groups = places.map { $0.map { Double(cells[$0]) } }
    let means = groups.map { $0.reduce(0, +) / Double($0.count) }
    let spreads = zip(groups, means).map { cells, mean in
      (cells.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(cells.count)).squareRoot()
    }
    let excesses = places.map { places in
      let squares = places.reduce(0.0) { $0 + pow(Double(peaks[$1]) - Double(cells[$1]), 2) }
      return (squares / Double(places.count)).squareRoot()
    }
    let second = layer.pool.hasPeaks ? excesses : geometry.height * geometry.width > 1 ? spreads : []
    let expected = means + second
    #expect(reading.moments.count == expected.count && zip(reading.moments, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    let bounds = [Double(cells.min()!), means.reduce(0, +) / Double(means.count), Double(cells.max()!)]
    #expect(zip(reading.bounds, bounds).allSatisfy { abs($0 - $1) < 1e-5 })
    let grid = try layer.grid()
    var regions = [Double](repeating: 0, count: grid.regionCount)
    var counts = regions
    for channel in 0..<geometry.channels {
      for h in 0..<geometry.height {
        for w in 0..<geometry.width {
          let region = grid.region(height: h, width: w, channel: channel)
          regions[region] += Double(cells[geometry.offset(height: h, width: w, channel: channel)])
          counts[region] += 1
        }
      }
    }
    #expect(
      zip(layout.regionMeans((layer.pool.hasPeaks ? cells + peaks : cells)[...]), zip(regions, counts)).allSatisfy {
        abs($0 - $1.0 / $1.1) < 1e-5
      })
  }

  @Test(
    "takes NaN and infinity in any place for what they are, in layers of any order of memory", arguments: [Float.nan, .infinity])
  func notFinite(_ value: Float) throws {
    for (axes, shape) in [
      (GridAxes(layout: "nchw")!, [1, 3, 4, 5]), (GridAxes(layout: "nhwc")!, [1, 4, 5, 3]),
    ] {
      let layer = WatchedLayer(tensor: "x", shape: shape, axes: axes, grid: GridSize(height: 4, width: 5, channels: 3))
      let layout = try CellLayout(layer)
      for place in [0, 17, 59] {
        var cells = [Float](repeating: 1, count: 60)
        #expect(cells.withUnsafeBufferPointer { LayerReading($0, layout: layout).isFinite })
        cells[place] = value
        #expect(cells.withUnsafeBufferPointer { !LayerReading($0, layout: layout).isFinite })
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
