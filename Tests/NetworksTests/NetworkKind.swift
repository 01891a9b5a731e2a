import Arrays
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport

/// A network of some kind, written so that one of its tensors can be multiplied by a mask that is fed: what a lesion does,
/// without any of what the scanner does to a graph.
struct NetworkKind: Sendable, CustomStringConvertible {
  let description: String
  /// By input: its shape without that of stimuli. The first axis of stimuli's arrays counts stimuli.
  let inputs: [(name: String, shape: [Int], tokens: Int?)]
  let opset: Int
  let build: @Sendable (inout Writer) -> Void

  init(
    _ description: String, inputs: [(name: String, shape: [Int], tokens: Int?)] = [("x", [6], nil)], opset: Int = 17,
    build: @escaping @Sendable (inout Writer) -> Void
  ) {
    self.description = description
    self.inputs = inputs
    self.opset = opset
    self.build = build
  }

  struct Writer {
    var builder: GraphBuilder
    private var random = WeightGenerator(seed: 5)
    private var weights = 0
    private let masked: (tensor: String, rank: Int)?

    fileprivate init(_ kind: NetworkKind, masking masked: (tensor: String, rank: Int)?) {
      builder = GraphBuilder(name: kind.description, opset: kind.opset)
      self.masked = masked
      if let masked { builder.input("mask", [Int?](repeating: nil, count: masked.rank)) }
    }

    mutating func weight(_ shape: Int..., scale: Float = 0.7) -> String {
      weights += 1
      builder.weight("w\(weights)", shape, random.floats(shape.reduce(1, *), scale: scale))
      return "w\(weights)"
    }

    mutating func constant(_ values: [Int64], isScalar: Bool = false) -> String {
      weights += 1
      builder.weight("w\(weights)", isScalar ? [] : [values.count], values)
      return "w\(weights)"
    }

    mutating func number(_ value: Float) -> String {
      weights += 1
      builder.weight("w\(weights)", [], [value])
      return "w\(weights)"
    }

    /// Adds an operator; what it makes goes through the mask if it is the tensor asked for.
    @discardableResult
    mutating func add(
      _ operatorType: String, _ inputs: [String], to output: String,
      _ attributes: [String: GraphBuilder.Attribute] = [:], domain: String = ""
    ) -> String {
      builder.node(operatorType, inputs, [output], attributes, domain: domain)
      guard masked?.tensor == output else { return output }
      builder.node("CastLike", ["mask", output], ["mask_of_type"])
      return builder.node("Mul", [output, "mask_of_type"], [output + "_masked"])
    }
  }

  func proto(masking masked: (tensor: String, rank: Int)? = nil) -> Onnx_ModelProto {
    var writer = Writer(self, masking: masked)
    build(&writer)
    var proto = writer.builder.model
    if proto.graph.node.contains(where: { $0.domain == "ai.onnx.ml" }) {
      var operatorSet = Onnx_OperatorSetIdProto()
      (operatorSet.domain, operatorSet.version) = ("ai.onnx.ml", 1)
      proto.opsetImport.append(operatorSet)
    }
    return proto
  }

  /// The network as it is read from a file.
  func model(masking masked: (tensor: String, rank: Int)? = nil) throws -> Model {
    try Model(bytes: Model(proto: proto(masking: masked)).serialized(), folder: nil, label: "kind.onnx")
  }

  func stimuli(_ count: Int) throws -> StimulusSet {
    try StimulusSet(
      inputs.enumerated().map { number, input in
        var random = WeightGenerator(seed: 90 + UInt64(number))
        let size = input.shape.reduce(count, *)
        let shape = [count] + input.shape
        let array =
          if let tokens = input.tokens {
            NumericArray(shape: shape, int64: (0..<size).map { _ in Int64.random(in: 0..<Int64(tokens), using: &random) })
          } else {
            NumericArray(shape: shape, floats: random.floats(size))
          }
        return (input.name, array)
      }, description: "stimuli of \(description)")
  }
}

/// A network of some kind, surveyed and ready to be lesioned, with its masked twin beside it.
struct KindBench {
  static let stimulusCount = 4

  let kind: NetworkKind
  let runtime: Runtime
  let options: Session.Options
  let stimuli: StimulusSet
  let survey: NetworkSurvey
  let feed: StimulusFeed

  init(_ kind: NetworkKind, reading request: ReadoutRequest = ReadoutRequest()) throws {
    self.kind = kind
    runtime = try TestRuntime.make()
    stimuli = try kind.stimuli(Self.stimulusCount)
    let model = try kind.model()
    options = Session.Options(for: model)
    survey = try NetworkSurvey(model: model, stimuli: stimuli, runtime: runtime, session: options, reading: request)
    feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputs)
  }

  func layer(_ tensor: String) -> NetworkSurvey.Layer? { survey.layers.first { $0.candidate.tensor == tensor } }

  func grid(_ layer: NetworkSurvey.Layer, _ size: GridSize = GridSize(height: 2, width: 2, channels: 2)) throws -> Grid {
    let axes = layer.layout.axes!
    return Grid(
      size,
      over: try TensorGeometry(shape: layer.shape, height: axes.height, width: axes.width, channels: axes.channels))
  }

  func configuration(_ layer: NetworkSurvey.Layer, batch: Int) throws -> LesionedNetwork.Configuration {
    LesionedNetwork.Configuration(
      mask: RegionMask(try grid(layer)), reader: try OutputReader(survey.readout), batch: survey.takesBatches ? batch : 1,
      lesion: .zero, session: options, cacheBytes: 1 << 20)
  }

  func lesioned(_ layer: NetworkSurvey.Layer, batch: Int = 3) throws -> LesionedNetwork {
    try LesionedNetwork(
      cut: survey.model.cut(at: layer.candidate.tensor, reading: survey.readTensor, types: survey.elementTypes),
      feed: feed, stimulus: 0, configuration: configuration(layer, batch: batch))
  }

  /// What the masked twin gives at the tensor that is read, in its own shape.
  func twin(_ layer: NetworkSurvey.Layer, _ coalition: Coalition, stimulus: Int, model: Model) throws -> Tensor {
    let regions = try grid(layer).regionOfUnit()
    let session = try Session(runtime: runtime, model: model.exposing([survey.readTensor]).serialized(), options: options)
    let inputs = try session.inputNames.map { name -> Tensor in
      guard name == "mask" else { return try feed.tensors([name], rows: [stimulus])[0] }
      let mask = try Tensor(runtime: runtime, shape: layer.view.shape)
      for (unit, region) in regions.enumerated() { mask.floats[unit] = coalition[Int(region)] ? 1 : 0 }
      return mask
    }
    return try session.run(inputs)[0]
  }

  /// The largest difference between lesioned scores and those of the masked twin, over some coalitions, as a share of the
  /// largest score.
  ///
  /// - Parameter classAxis: of the tensor that is read, in the shape that the network gives it.
  func deviation(_ layer: NetworkSurvey.Layer, classAxis: Int, batch: Int = 3) throws -> Float {
    let network = try lesioned(layer, batch: batch)
    let model = try kind.model(masking: (layer.candidate.tensor, layer.view.shape.count))
    let regions = try grid(layer).regionCount
    let coalitions = LesionedNetwork.mixedCoalitions(regions: regions, count: 6)
    var difference: Float = 0
    var scale: Float = 0
    for stimulus in 0..<2 {
      for target in 0..<2 {
        try network.begin(LesionedNetwork.Series(stimulus: stimulus, target: target))
        for coalition in coalitions {
          let value = try network.values(of: [coalition])[0]
          let output = try twin(layer, coalition, stimulus: stimulus, model: model)
          let expected = Self.mean(output, axis: classAxis, at: target)
          difference = max(difference, abs(value - expected))
          scale = max(scale, abs(expected))
        }
      }
    }
    return difference / scale
  }

  /// The mean of the elements at one place along an axis.
  static func mean(_ tensor: Tensor, axis: Int, at place: Int) -> Float {
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let length = tensor.shape[axis]
    let chosen = tensor.numbers()!.enumerated().filter { $0.offset / inner % length == place }.map { Double($0.element) }
    return Float(chosen.reduce(0, +) / Double(chosen.count))
  }
}
