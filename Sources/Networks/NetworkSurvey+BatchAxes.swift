import ModelGraph
import OnnxRuntime
import Stimuli

extension NetworkSurvey {
  /// Finds which axis of the inputs counts stimuli, where nothing in the file tells and stimuli change each other along the first that is
  /// free: the next free one along which they don't, as in a sequence of shape [time, stimuli, features].
  ///
  /// Cost: none where the file tells; else three runs of two stimuli for each axis that is tried.
  static func findBatchAxes(
    _ model: inout Model, _ preparation: inout ModelPreparation, _ runs: SurveyRuns, _ notes: inout [String]
  ) throws {
    for port in model.inputPorts(reading: runs.readTensor) {
      guard let axis = port.axisTakenForTime else { continue }
      notes.append(
        "The model calls axis \(axis) of \"\(port.name)\" its batch, and a recurrent operator runs along it as along time: stimuli in one batch change each other, and each is given alone."
      )
    }
    guard let read = runs.readTensor, runs.stimuli.count > 1, !model.quantizesActivations else { return }
    let fed = Set(try runs.feed(model).bindings.filter { $0.batchAxis != nil }.map(\.name))
    let ports = model.inputPorts(reading: read).filter { fed.contains($0.name) && !$0.isState }
    let open = ports.filter { !$0.isBatchCertain && !$0.freeAxes.dropFirst().isEmpty }
    guard !open.isEmpty, open.count == ports.count else { return }
    func isApart(_ model: Model) -> Bool {
      [model.freeingBatchAxis(), model].compactMap(\.self).contains { model in
        func run(_ rows: [Int]) -> Tensor? { (try? runs.run(model, [read], rows: rows))?[read] }
        guard let first = run([0]), let second = run([1]), let both = run([0, 1]) else { return false }
        let tolerance = BatchPlace.tolerance(ElementType(rawValue: first.elementType))
        return BatchPlace.find(both, alone: [first, second], tolerance: tolerance) != nil
      }
    }
    guard !isApart(model) else { return }
    for number in 1..<(open.map(\.freeAxes.count).min() ?? 1) {
      let axes = Dictionary(uniqueKeysWithValues: open.map { ($0.name, $0.freeAxes[number]) })
      let declared = model.declaringBatch(along: axes)
      guard isApart(declared) else { continue }
      model = declared
      preparation.batchAxes = axes
      let list = open.map { "axis \(axes[$0.name]!) of \"\($0.name)\"" }.joined(separator: ", ")
      notes.append(
        "Stimuli lie along \(list) of the model's inputs, since they would change each other along axis \(open[0].batchAxis!).")
      return
    }
  }
}
