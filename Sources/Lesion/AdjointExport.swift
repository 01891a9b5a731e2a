package import ModelGraph
package import OnnxRuntime
import Stimuli

/// The adjoint graph of a layer of a surveyed network, made for users to run elsewhere.
package struct AdjointExport: Sendable {
  package let cut: Cut
  package let network: AdjointNetwork
  /// What the graph's inputs and outputs are, one line each.
  package let description: [String]

  /// Cuts the network at the layer, runs it for the shapes, and writes the graph.
  ///
  /// Cost: two sessions and two passes of one or two rows.
  /// - Parameters:
  ///   - feed: of stimuli that fit the surveyed model; the first ones tell the shapes.
  ///   - layer: the tensor to derive by.
  ///   - position: the position of a sequence to read; `nil` takes the mean.
  ///   - channelsLast: whether maps are [H, W, C].
  /// - Throws: `Undifferentiable` with the operator that has no rule, `LesionError` for a layer or value that the network
  ///   doesn't have, `OnnxRuntimeError` where it doesn't run.
  package init(
    survey: NetworkSurvey, feed: StimulusFeed, layer: String, value: ValueFunction, position: Int? = nil,
    channelsLast: Bool = false, session options: Session.Options
  ) throws {
    let cut = try survey.model.cut(at: layer, reading: survey.readTensor, types: survey.elementTypes)
    // Says what a value that can't be read lacks.
    _ = try OutputReader(
      shape: survey.outputShape, value: value, link: survey.link, position: position, channelsLast: channelsLast)
    let rows = survey.takesBatches ? [0, min(1, feed.stimuli.count - 1)] : [0]
    let prefix = try Session(runtime: feed.runtime, model: cut.prefix.serialized(), options: options)
    let entering = try prefix.run(feed.tensors(prefix.inputNames, rows: rows))
    let observation = try Session(runtime: feed.runtime, model: cut.observation.serialized(), options: options)
    let tensors = Dictionary(uniqueKeysWithValues: zip(prefix.outputNames, entering))
    let observed = ObservedTensors(
      observation.outputNames, try observation.run(observation.inputNames.map { tensors[$0]! }))
    let shapes = observed.shapes
    let read = shapes[cut.output]!
    network = try cut.adjoint(
      of: AdjointValue(
        shape: survey.outputShape, value: value, link: survey.link, position: position, channelsLast: channelsLast,
        hasBatchAxis: read.count > survey.outputShape.count),
      observed: observed)
    self.cut = cut
    description =
      ["input \"\(cut.tensor)\": the layer's activations, \(Self.rows(shapes[cut.tensor]!))"]
      + cut.sideInputs.map { "input \"\($0.name)\": what passes the layer on its side, \(Self.rows(shapes[$0.name] ?? []))" }
      + [
        "input \"\(network.target)\": the class whose score is read, int64, one for all rows or one a row",
        "output \"\(cut.output)\": the tensor that is read, \(Self.rows(read))",
        "output \"\(network.value)\": v, \(value.name), one number a row",
        "output \"\(network.gradient)\": the derivative of v by \"\(cut.tensor)\", of its shape",
      ]
  }

  /// A shape as it is for a number of rows.
  private static func rows(_ shape: [Int]) -> String {
    "[" + (["rows"] + shape.dropFirst().map(String.init)).joined(separator: ", ") + "]"
  }
}
