package import Lesion
package import ModelGraph
package import OnnxRuntime
package import Stimuli

/// What running a model a few times tells about it: whether it takes batches, and which of its tensors can be scanned.
package struct NetworkSurvey: Sendable {
  /// A tensor that was found to be scannable.
  package struct Layer: Sendable {
    package let candidate: LayerCandidate
    /// For a batch of one.
    package let shape: [Int]
  }

  /// The model to scan: with its batch axis freed where that was possible and needed.
  package let model: Model
  package let isBatchFreed: Bool
  /// Whether two stimuli in one batch give what each gives on its own.
  package let takesBatches: Bool
  /// The tensor that is read.
  package let readTensor: String
  /// What turns the read tensor's elements into probabilities.
  package let link: OutputReader.Link
  /// The read tensor's shape for one stimulus, without batch axis.
  package let outputShape: [Int]
  /// Upstream first.
  package let layers: [Layer]
  /// Candidates that can't be scanned, with the reason.
  package let refusals: [(tensor: String, reason: String)]
  /// Element types, by ONNX number, and shapes of all tensors that were seen.
  package let elementTypes: [String: ElementType]
  package let shapes: [String: [Int]]
  /// What a user should know about the above.
  package let notes: [String]

  /// Runs the model on the first stimuli.
  ///
  /// Cost: two or three sessions, four forward passes, and the activations of all candidates at once in memory.
  /// - Parameter readsRaw: read the output as it stands, not the tensor before a closing softmax.
  /// - Throws: `OnnxRuntimeError` if the model doesn't load or run, `StimuliError` if the stimuli don't fit.
  package init(
    model original: Model, stimuli: StimulusSet, runtime: Runtime, session options: Session.Options, readsRaw: Bool
  ) throws {
    guard let output = original.outputs.first else {
      throw LesionError(.badModel, "\(original.label) has no outputs, so nothing depends on its layers")
    }
    var notes: [String] = []
    let readout = original.readout(of: output.name)
    let readTensor = readsRaw ? output.name : readout.tensor
    if readTensor != output.name, let activation = readout.activation {
      notes.append("The model ends in \(activation); scores are read before it, at \"\(readTensor)\".")
    }
    if original.outputs.count > 1 {
      notes.append("The model has \(original.outputs.count) outputs; the first, \"\(output.name)\", is read.")
    }

    func run(_ model: Model, _ tensors: [String], rows: [Int]) throws -> [String: Tensor] {
      let feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: model.inputs)
      let exposed = Array(Set(tensors)).sorted()
      let session = try Session(runtime: runtime, model: model.exposing(exposed).serialized(), options: options)
      return Dictionary(
        uniqueKeysWithValues: zip(session.outputNames, try session.run(feed.tensors(session.inputNames, rows: rows))))
    }

    let candidates = original.layerCandidates(reading: readTensor)
    let tensors = candidates.map(\.tensor) + [readTensor]
    let alone: [String: Tensor]
    do {
      alone = try run(original, tensors, rows: [0])
    } catch let error as OnnxRuntimeError {
      throw StimulusFeed.refusal(of: original, fed: stimuli, error) ?? error
    }
    let read = alone[readTensor]!

    let second = stimuli.count > 1 ? 1 : 0
    let other = second == 0 ? read : try run(original, [readTensor], rows: [second])[readTensor]!
    let freed = original.freeingBatchAxis()
    let pair = try? run(freed ?? original, [readTensor], rows: [0, second])[readTensor]
    let takesBatches = pair.map { Self.agree($0, with: [read, other]) } ?? false
    if takesBatches, freed != nil {
      notes.append("The batch axis of 1 that the model had baked in was freed.")
    } else if !takesBatches {
      notes.append("The model doesn't take batches: coalitions run one at a time.")
    }

    var layers: [Layer] = []
    var refusals: [(tensor: String, reason: String)] = []
    for candidate in candidates {
      let tensor = alone[candidate.tensor]!
      if let reason = Self.refusal(tensor) {
        refusals.append((candidate.tensor, reason))
      } else {
        layers.append(Layer(candidate: candidate, shape: tensor.shape))
      }
    }

    guard read.elementType == ElementType.float.rawValue else {
      throw LesionError(
        .badModel,
        "\(original.label): the output \"\(readTensor)\" is of \(ElementType(rawValue: read.elementType)), and float32 is needed")
    }
    self.model = takesBatches ? freed ?? original : original
    self.isBatchFreed = takesBatches && freed != nil
    self.takesBatches = takesBatches
    self.readTensor = readTensor
    self.link = readout.activation == .sigmoid ? .sigmoid : .softmax
    self.outputShape = read.shape.first == 1 ? Array(read.shape.dropFirst()) : read.shape
    self.layers = layers
    self.refusals = refusals
    self.elementTypes = alone.mapValues { ElementType(rawValue: $0.elementType) }
    let feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: original.inputs)
    self.shapes = alone.mapValues(\.shape).merging(feed.bindings.map { ($0.name, $0.shape) }) { seen, _ in seen }
    self.notes = notes + feed.stimuli.notes
  }

  /// By scannable tensor: the share of the network's forward cost that a lesioned pass repeats.
  package var suffixCostShares: [String: Double] {
    model.suffixCostShares(
      of: layers.map(\.candidate.tensor), reading: readTensor, costs: model.forwardCosts(shapes: shapes))
  }

  /// Floating-point operations of a forward pass of one stimulus.
  package var forwardCost: Double {
    model.forwardCost(reading: readTensor, costs: model.forwardCosts(shapes: shapes))
  }

  private static func refusal(_ tensor: Tensor) -> String? {
    if tensor.elementType != ElementType.float.rawValue {
      return "it is of \(ElementType(rawValue: tensor.elementType)), and float32 is needed"
    }
    if tensor.shape.first != 1 || tensor.shape.count < 2 {
      return "its shape for one stimulus is \(tensor.shape), without a batch axis of 1 in front"
    }
    if tensor.count < 2 { return "it has one unit only" }
    return nil
  }

  /// Whether a batch's rows are what each stimulus gave alone, within 1e-3 of the largest score.
  private static func agree(_ batch: Tensor, with alone: [Tensor]) -> Bool {
    guard batch.shape.first == alone.count, batch.elementType == 1, alone.allSatisfy({ $0.elementType == 1 }) else {
      return false
    }
    let width = batch.count / alone.count
    for (row, single) in alone.enumerated() {
      guard single.count == width else { return false }
      let scale = single.floats.reduce(Float.leastNormalMagnitude) { $1.isFinite ? max($0, abs($1)) : $0 }
      for index in 0..<width {
        let (a, b) = (batch.floats[row * width + index], single.floats[index])
        guard a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-3 * scale else { return false }
      }
    }
    return true
  }
}
