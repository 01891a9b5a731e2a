            NumericArray(shape: shape, floats: random.floats(size))
            NumericArray(shape: shape, int64: (0..<size).map { _ in Int64.random(in: 0..<Int64(tokens), using: &random) })
          difference = max(difference, abs(value - expected))
          if let tokens = input.tokens {
          let expected = Self.mean(output, axis: classAxis, at: target)
          let output = try twin(layer, coalition, stimulus: stimulus, model: model)
          let value = try network.values(of: [coalition])[0]
          scale = max(scale, abs(expected))
          }
          } else {
        batch: survey.takesBatches ? batch : 1, lesion: .zero, session: Session.Options(), cacheBytes: 1 << 20))
        for coalition in coalitions {
        let array =
        let shape = [count] + input.shape
        let size = input.shape.reduce(count, *)
        return (input.name, array)
        stencil: Stencil(grid(layer)), reader: OutputReader(survey.readout),
        try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
        var random = WeightGenerator(seed: 90 + UInt64(number))
        }
      _ attributes: [String: GraphBuilder.Attribute] = [:], domain: String = ""
      _ operatorType: String, _ inputs: [String], to output: String,
      builder = GraphBuilder(name: kind.description, opset: kind.opset)
      builder.node("CastLike", ["mask", output], ["mask_of_type"])
      builder.node(operatorType, inputs, [output], attributes, domain: domain)
      builder.weight("w\(weights)", [], [value])
      builder.weight("w\(weights)", isScalar ? [] : [values.count], values)
      builder.weight("w\(weights)", shape, random.floats(shape.reduce(1, *), scale: scale))
      configuration: LesionedNetwork.Configuration(
      cut: survey.model.cut(at: layer.candidate.tensor, reading: survey.readTensor, types: survey.elementTypes),
      feed: feed, stimulus: 0,
      for (unit, region) in regions.enumerated() { mask.floats[unit] = coalition[Int(region)] ? 1 : 0 }
      for target in 0..<2 {
      guard masked?.tensor == output else { return output }
      guard name == "mask" else { return try feed.tensors([name], rows: [stimulus])[0] }
      if let masked { builder.input("mask", [Int?](repeating: nil, count: masked.rank)) }
      inputs.enumerated().map { number, input in
      let mask = try Tensor(runtime: runtime, shape: layer.view.shape)
      model: Model(proto: kind.proto(), label: "kind.onnx"), stimuli: stimuli, runtime: runtime,
      over: try TensorGeometry(shape: layer.shape, height: axes.height, width: axes.width, channels: axes.channels))
      proto: kind.proto(masking: (layer.candidate.tensor, layer.view.shape.count)), label: "twin.onnx")
      return "w\(weights)"
      return builder.node("Mul", [output, "mask_of_type"], [output + "_masked"])
      return mask
      self.masked = masked
      session: Session.Options(), reading: request)
      size,
      weights += 1
      }
      }, description: "stimuli of \(description)")
    ) -> String {
    /// Adds an operator; what it makes goes through the mask if it is the tensor asked for.
    @discardableResult
    _ description: String, inputs: [(name: String, shape: [Int], tokens: Int?)] = [("x", [6], nil)], opset: Int = 17,
    build(&writer)
    build: @escaping @Sendable (inout Writer) -> Void
    feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputs)
    fileprivate init(_ kind: NetworkKind, masking masked: (tensor: String, rank: Int)?) {
    for stimulus in 0..<2 {
    let axes = layer.layout.axes!
    let chosen = tensor.numbers()!.enumerated().filter { $0.offset / inner % length == place }.map { Double($0.element) }
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: 6)
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let inputs = try session.inputNames.map { name -> Tensor in
    let length = tensor.shape[axis]
    let model = Model(
    let network = try lesioned(layer)
    let regions = try grid(layer).regionCount
    let regions = try grid(layer).regionOfUnit()
    let session = try Session(runtime: runtime, model: model.exposing([survey.readTensor]).serialized())
    mutating func add(
    mutating func constant(_ values: [Int64], isScalar: Bool = false) -> String {
    mutating func number(_ value: Float) -> String {
    mutating func weight(_ shape: Int..., scale: Float = 0.7) -> String {
    private let masked: (tensor: String, rank: Int)?
    private var random = WeightGenerator(seed: 5)
    private var weights = 0
    return difference / scale
    return Float(chosen.reduce(0, +) / Double(chosen.count))
    return Grid(
    return try session.run(inputs)[0]
    return writer.builder.model
    runtime = try TestRuntime.make()
    self.build = build
    self.description = description
    self.inputs = inputs
    self.kind = kind
    self.opset = opset
    stimuli = try kind.stimuli(Self.stimulusCount)
    survey = try NetworkSurvey(
    try LesionedNetwork(
    try StimulusSet(
    var builder: GraphBuilder
    var difference: Float = 0
    var scale: Float = 0
    var writer = Writer(self, masking: masked)
    }
  ) {
  ///
  /// - Parameter classAxis: of the tensor that is read, in the shape that the network gives it.
  /// By input: its shape without that of stimuli. The first axis of stimuli's arrays counts stimuli.
  /// largest score.
  /// The largest difference between lesioned scores and those of the masked twin, over some coalitions, as a share of the
  /// The mean of the elements at one place along an axis.
  /// What the masked twin gives at the tensor that is read, in its own shape.
  func deviation(_ layer: NetworkSurvey.Layer, classAxis: Int) throws -> Float {
  func grid(_ layer: NetworkSurvey.Layer, _ size: GridSize = GridSize(height: 2, width: 2, channels: 2)) throws -> Grid {
  func layer(_ tensor: String) -> NetworkSurvey.Layer? { survey.layers.first { $0.candidate.tensor == tensor } }
  func lesioned(_ layer: NetworkSurvey.Layer, batch: Int = 3) throws -> LesionedNetwork {
  func proto(masking masked: (tensor: String, rank: Int)? = nil) -> Onnx_ModelProto {
  func stimuli(_ count: Int) throws -> StimulusSet {
  func twin(_ layer: NetworkSurvey.Layer, _ coalition: Coalition, stimulus: Int, model: Model) throws -> Tensor {
  init(
  init(_ kind: NetworkKind, reading request: ReadoutRequest = ReadoutRequest()) throws {
  let build: @Sendable (inout Writer) -> Void
  let description: String
  let feed: StimulusFeed
  let inputs: [(name: String, shape: [Int], tokens: Int?)]
  let kind: NetworkKind
  let opset: Int
  let runtime: Runtime
  let stimuli: StimulusSet
  let survey: NetworkSurvey
  static func mean(_ tensor: Tensor, axis: Int, at place: Int) -> Float {
  static let stimulusCount = 4
  struct Writer {
  }
/// A network of some kind, surveyed and ready to be lesioned, with its masked twin beside it.
/// A network of some kind, written so that one of its tensors can be multiplied by a mask that is fed: what a lesion does,
/// without any of what the scanner does to a graph.
import Arrays
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
struct KindBench {
struct NetworkKind: Sendable, CustomStringConvertible {
}
