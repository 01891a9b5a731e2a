import ModelGraph
import OnnxRuntime
import Stimuli

/// Runs of models on the first stimuli, to see what they give.
struct SurveyRuns {
  let runtime: Runtime
  let stimuli: StimulusSet
  let options: Session.Options
  /// The tensor that is read, once it is known.
  var readTensor: String?

  func feed(_ model: Model) throws -> StimulusFeed {
    try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: model.inputPorts(reading: readTensor))
  }

  /// Tensors by name, for a batch with one stimulus a row.
  func run(_ model: Model, _ tensors: [String], rows: [Int]) throws -> [String: Tensor] {
    let feed = try feed(model)
    let exposed = Array(Set(tensors)).sorted()
    let session = try Session(runtime: runtime, model: model.exposing(exposed).serialized(), options: options)
    return Dictionary(
      uniqueKeysWithValues: zip(session.outputNames, try session.run(feed.tensors(session.inputNames, rows: rows))))
  }

  /// The same, but that a tensor that the runtime doesn't give is left out with the reason.
  ///
  /// Cost: one run, or about twice log₂ of the number of tensors for each that can't be had.
  func observe(_ model: Model, _ tensors: [String]) -> (seen: [String: Tensor], failures: [String: String]) {
    do {
      return (try run(model, tensors, rows: [0]), [:])
    } catch {
      guard tensors.count > 1 else { return ([:], tensors.isEmpty ? [:] : [tensors[0]: "\(error)"]) }
      let half = tensors.count / 2
      let (first, second) = (observe(model, Array(tensors[..<half])), observe(model, Array(tensors[half...])))
      return (
        first.seen.merging(second.seen) { a, _ in a }, first.failures.merging(second.failures) { a, _ in a }
      )
    }
  }

  /// The shapes of the whole numbers that a quantised network works with, which are no layers: products before they are scaled,
  /// rows of tables. Nothing where the network has none.
  ///
  /// Cost: as `shapes`, with one batch.
  func shapesOfIntegers(_ model: Model, _ output: String) -> [String: [Int]] {
    let tensors = model.quantizedTensors(reading: output)
    return tensors.isEmpty ? [:] : shapes(model, tensors, batches: [[0]])[0]
  }

  /// The shapes of tensors for each of some batches; nothing where they can't be had.
  ///
  /// Cost: a session and a run for each batch.
  func shapes(_ model: Model, _ tensors: [String], batches: [[Int]]) -> [[String: [Int]]] {
    let exposed = Array(Set(tensors)).sorted()
    guard let feed = try? feed(model),
      let session = try? Session(
        runtime: runtime, model: model.exposingShapes(of: exposed).serialized(), options: options)
    else { return batches.map { _ in [:] } }
    return batches.map { rows in
      guard let outputs = try? session.run(feed.tensors(session.inputNames, rows: rows)) else { return [:] }
      return Dictionary(
        uniqueKeysWithValues: zip(exposed, outputs).map { name, shape in
          (name, (shape.numbers() ?? []).map(Int.init))
        })
    }
  }
}
