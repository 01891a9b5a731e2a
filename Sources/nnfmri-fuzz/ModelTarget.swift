import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli

/// ONNX files.
struct ModelTarget: FuzzTarget {
  let name: String
  let fileExtension = "onnx"
  let seeds: [[UInt8]] = ModelSeeds.all.indices.map { [UInt8($0)] }
  /// Runs what is read too; without it the graph is only looked at.
  let runtime: Runtime?

  /// The seed is the number of a network, whose parts are changed as messages; every fourth time its bytes are changed, and
  /// every sixteenth both.
  func mutated(_ seed: [UInt8], by mutator: inout Mutator) -> [UInt8] {
    var model = ModelSeeds.all[Int(seed[0])]
    let changesBytes = mutator.isDrawn(oneIn: 4)
    if !changesBytes || mutator.isDrawn(oneIn: 4) { mutator.change(&model) }
    let bytes = (try? Model(proto: model).serialized()) ?? []
    return changesBytes ? mutator.mutated(bytes) : bytes
  }

  func read(_ path: String) throws {
    // Weights of larger files stay where they are; here of every file.
    _ = try? Model(contentsOf: path, holdingUpTo: 0)
    let model = try Model(contentsOf: path)
    if let runtime {
      guard !Self.loopsForLong(model), !Self.padsByMuch(model) else { return }
      let stimuli = try StimulusSet.zeros(for: model)
      guard stimuli.inputs.allSatisfy({ $0.elementCount <= 1 << 16 }) else { return }
      let survey = try NetworkSurvey(
        model: model, stimuli: stimuli, runtime: runtime, session: Session.Options(for: model),
        reading: ReadoutRequest())
      try look(at: survey.model, types: survey.elementTypes, shapes: survey.shapes, reading: survey.readTensor)
    } else {
      try look(at: model, types: [:], shapes: [:], reading: nil)
    }
  }

  /// Whether a loop is told to go round so often that a pass takes long, as it then rightly does.
  private static func loopsForLong(_ model: Model) -> Bool {
    let graph = model.proto.graph
    return graph.node.contains { node in
      guard node.opType == "Loop", let count = graph.initializer.first(where: { $0.name == node.input.first }) else {
        return false
      }
      let bytes = count.rawData.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return !(0...1000).contains(Int64(bitPattern: bytes))
    }
  }

  /// Whether an operator is told to pad by so much that a pass takes gigabytes, as it then rightly does.
  private static func padsByMuch(_ model: Model) -> Bool {
    model.proto.graph.node.contains { node in
      node.attribute.contains { $0.name == "pads" && $0.ints.contains { $0.magnitude > 1 << 16 } }
    }
  }

  /// What a scan asks of a graph.
  private func look(at model: Model, types: [String: ElementType], shapes: [String: [Int]], reading: String?) throws {
    let types = model.elementTypes().merging(types) { $1 }
    let output = reading ?? model.scoreOutput(types: types).source.tensor
    let candidates = model.inputCandidates(reading: output).prefix(1) + model.layerCandidates(reading: output)
    _ = model.layerRoles(of: candidates.map(\.tensor), reading: output)
    _ = model.automaticChoice(reading: output, amongOthers: candidates.map(\.tensor))
    _ = model.drawingOperators(reading: output) + model.trainingOperators(reading: output)
    for input in model.inputs { _ = model.embeddings(of: input.name) }
    if let freed = model.freeingBatchAxis() { _ = try freed.serialized() }
    let branchings = model.branchings(stimuli: Set(model.inputs.map(\.name)))
    for taken in [true, false] {
      let inlined = model.inliningBranches(Dictionary(branchings.map { ($0.output, taken) }) { $1 })
      _ = try inlined.serialized()
    }
    _ = model.mixture(in: output)
    _ = try model.roundingToBfloat16().serialized()
    let steps = Dictionary(model.recurrentInputs().map { ($0, [3, 1, 1]) }, uniquingKeysWith: { first, _ in first })
    _ = try model.unrollingRecurrence(shapes: steps).serialized()
    _ = try model.spellingOut(model.spelledOperators(shapes: shapes, types: types)).serialized()
    let costs = model.forwardCosts(shapes: shapes)
    _ = model.suffixCostShares(of: candidates.map(\.tensor), reading: output, costs: costs)
    _ = model.peakActivationBytes(shapes: shapes)
    for candidate in candidates.prefix(4) {
      _ = model.quantization(of: candidate.tensor)
      let cut = try model.cut(at: candidate.tensor, reading: output, types: types)
      _ = try (cut.prefix.serialized(), cut.suffix.serialized())
    }
  }
}
