import ModelGraph
import OnnxRuntime
import Stimuli

/// What is done to a model before it is looked at, each step noted in `ModelPreparation` so that all ranks do the same.
extension NetworkSurvey {
  /// Why a tensor isn't scanned whose channels lie in blocks.
  static let reasonAgainstBlocks =
    "its channels lie in blocks, as ONNX Runtime lays them out for a processor; scan the model as it was exported, or save it with ORT_ENABLE_EXTENDED at most"

  /// Frees a batch that is baked in, finds the batch axes of inputs, takes the branches that all stimuli take, and computes what is of
  /// bfloat16 in float32.
  ///
  /// - Parameter model: as it is in its file; then as it runs.
  /// - Returns: the model whose inputs stimuli are fed to, and the one whose tensors are the network's own.
  static func prepare(
    _ model: inout Model, _ preparation: inout ModelPreparation, _ runs: SurveyRuns, _ notes: inout [String]
  ) throws -> (fed: Model, own: Model) {
    let names = model.inputPorts(reading: runs.readTensor).filter(\.isRead).map(\.name)
    if let length = model.bakedBatch(feeding: runs.stimuli.shapes(of: names), count: runs.stimuli.allCount) {
      model = model.replacingBakedBatch(length)
      preparation.bakedBatch = length
      notes.append("The model has a batch of \(length) baked in, which is taken for a batch: stimuli run as they are given.")
    }
    try findBatchAxes(&model, &preparation, runs, &notes)
    let fed = model
    try takeBranches(&model, &preparation, runs, &notes)
    let own = model
    if model.computesInBfloat16 {
      model = model.roundingToBfloat16()
      preparation.roundsToBfloat16 = true
      notes.append(
        "ONNX Runtime computes no bfloat16 on processors: operators of that type run in float32, and what they give is rounded to it."
      )
    }
    return (fed, own)
  }

  /// Whether batches give what each stimulus gives alone: with the batch axis freed, else as the model is.
  ///
  /// Cost: a run of two stimuli for each, of quantised networks three.
  /// - Parameters:
  ///   - alone: what is read of the first stimulus and of another one, by themselves.
  ///   - second: the other one's number.
  /// - Returns: where what is read keeps the stimuli; `nil` where coalitions run one at a time.
  static func findBatches(
    _ model: inout Model, _ preparation: inout ModelPreparation, of alone: [Tensor], at tensor: String, second: Int,
    _ runs: SurveyRuns, _ notes: inout [String]
  ) -> TensorView.Batch? {
    let tolerance = BatchPlace.tolerance(ElementType(rawValue: alone[0].elementType))
    let isQuantized = model.quantizesActivations
    preparation.isQuantized = isQuantized
    func place(in model: Model) -> TensorView.Batch? {
      func pair(_ rows: [Int]) -> Tensor? { (try? runs.run(model, [tensor], rows: rows))?[tensor] }
      guard let mixed = pair([0, second]) else { return nil }
      guard isQuantized else { return BatchPlace.find(mixed, alone: alone, tolerance: tolerance) }
      guard let first = pair([0, 0]), let last = pair([second, second]) else { return nil }
      return BatchPlace.find(mixed, copies: [first, last], alone: alone)
    }
    if let freed = model.freeingBatchAxis(), let place = place(in: freed) {
      model = freed
      preparation.freesBatch = true
      notes.append("The batch axis of 1 that the model had baked in was freed.")
      return place
    }
    let place = place(in: model)
    if place == nil { notes.append("The model doesn't take batches: coalitions run one at a time.") }
    return place
  }
}
