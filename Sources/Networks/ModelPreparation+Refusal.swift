import Lesion
import ModelGraph
import OnnxRuntime

extension ModelPreparation {
  /// The sentence for a model that doesn't run with a batch of 1 in place of the one that it has baked in; `nil` where it has none.
  func refusal(of model: Model, _ error: OnnxRuntimeError) -> LesionError? {
    bakedBatch.map { length in
      LesionError(
        .badModel,
        "\(model.label) has a batch of \(length) baked in and doesn't run with one of 1 in its place: export it with a batch of 1 or of any length (\(error))"
      )
    }
  }
}

extension SurveyRuns {
  /// Makes sure that a model with a batch baked in gives in each row of it what the model with a batch of 1 gives.
  ///
  /// Cost: a session and a forward pass of the whole batch.
  /// - Parameters:
  ///   - read: what the first stimulus gives at the tensor.
  ///   - fed: the model with a batch of 1, whose inputs are the original's.
  /// - Throws: `LesionError` where it gives something else.
  func check(_ original: Model, batch length: Int, gives read: Tensor, at tensor: String, as fed: Model) throws {
    // What can't be run as it is in the file, since a branch or a type had to be replaced, can't be compared, nor what is drawn.
    guard length <= 1 << 16, original.drawingOperators(reading: tensor).isEmpty, original.index.contains(tensor),
      let feed = try? feed(fed),
      let session = try? Session(runtime: runtime, model: original.exposing([tensor]).serialized(), options: options),
      let inputs = try? feed.tensors(session.inputNames, rows: [Int](repeating: 0, count: length)),
      let whole = try? session.run(inputs)[0], let numbers = whole.numbers(), let row = read.numbers()
    else { return }
    let tolerance = BatchPlace.tolerance(ElementType(rawValue: read.elementType))
    let largest = row.reduce(Float(1e-6)) { max($0, abs($1)) }
    guard whole.shape.count == read.shape.count,
      let axis = whole.shape.indices.first(where: { whole.shape[$0] == length * read.shape[$0] }),
      whole.count == length * read.count
    else { throw refusal(of: fed, length) }
    let inner = read.shape[axis...].reduce(1, *)
    for (place, number) in numbers.enumerated() {
      let (outer, within) = (place / (inner * length), place % inner)
      guard abs(number - row[outer * inner + within]) <= tolerance * largest else { throw refusal(of: fed, length) }
    }
  }

  private func refusal(of model: Model, _ length: Int) -> LesionError {
    LesionError(
      .badModel,
      "\(model.label) has a batch of \(length) baked in, and with one of 1 in its place it gives something else: export it with a batch of 1 or of any length"
    )
  }
}
