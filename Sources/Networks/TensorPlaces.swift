import ModelGraph
import OnnxRuntime
import Stimuli

/// Where a network's tensors keep the stimuli of a batch.
struct TensorPlaces {
  /// Why a tensor can't be scanned.
  struct Refusal: Error {
    let reason: String
  }

  private var places: [String: TensorView.Batch] = [:]
  private var refusals: [String: String] = [:]
  private let shapes: [String: [Int]]
  private let takesBatches: Bool

  /// - Parameter alone: what the first stimulus gives.
  /// - Cost: a run with two stimuli and one with each of a few others, for shapes, and, where entries of a stimulus lie along
  ///   the batch axis, two more that read those tensors.
  init(model: Model, alone: [String: Tensor], takesBatches: Bool, second: Int, runs: SurveyRuns) {
    shapes = alone.mapValues(\.shape)
    self.takesBatches = takesBatches
    // Where values tell lengths, stimuli differ in them; elsewhere two are asked for the sake of what isn't known.
    let compared = model.hasLengthsOfValues ? 8 : 2
    let others = Array((0..<runs.stimuli.count).dropFirst().prefix(compared - 1))
    let seen = runs.shapes(
      model, Array(alone.keys), batches: (takesBatches ? [[0, second]] : []) + others.map { [$0] })
    for (name, tensor) in alone {
      let lengths = seen.suffix(others.count).compactMap { $0[name] }
      if let other = lengths.first(where: { $0 != tensor.shape }) {
        refusals[name] = "its shape follows from values: it is \(tensor.shape) for one stimulus and \(other) for another"
      }
    }
    if model.hasLengthsOfValues {
      for name in alone.keys where refusals[name] == nil {
        if let operatorType = model.choosingOperator(of: name, learns: true) {
          refusals[name] = "its shape follows from values, by \(operatorType), so that lesions before it change it"
        }
      }
    }
    guard takesBatches else {
      for (name, tensor) in alone where tensor.shape.first == 1 { places[name] = .first }
      return
    }
    let two = seen[0]
    var folded: [String] = []
    for (name, tensor) in alone where refusals[name] == nil {
      guard let shape = two[name] else {
        if tensor.shape.first == 1 { places[name] = .first }
        continue
      }
      guard let axis = BatchPlace.axis(one: tensor.shape, two: shape) else {
        refusals[name] =
          shape == tensor.shape
          ? "its shape is \(shape) for one stimulus and for two: it has no batch axis"
          : "its shape is \(tensor.shape) for one stimulus and \(shape) for two: no axis counts stimuli"
        continue
      }
      if tensor.shape[axis] > 1 { folded.append(name) } else { places[name] = BatchPlace.place(shape: tensor.shape, axis: axis) }
    }
    guard !folded.isEmpty, let pair = try? runs.run(model, folded, rows: [0, second]),
      let other = try? runs.run(model, folded, rows: [second])
    else {
      for name in folded {
        refusals[name] = "its batch axis holds \(shapes[name]!) entries of one stimulus, in an order that isn't known"
      }
      return
    }
    for name in folded {
      let type = ElementType(rawValue: alone[name]!.elementType)
      places[name] = BatchPlace.find(
        pair[name]!, alone: [alone[name]!, other[name]!], tolerance: BatchPlace.tolerance(type))
      if places[name] == nil {
        refusals[name] = "what it holds of one stimulus (shape \(shapes[name]!)) can't be found in a batch of two"
      }
    }
  }

  mutating func set(_ place: TensorView.Batch?, of tensor: String) {
    guard let place else { return }
    places[tensor] = place
    refusals[tensor] = nil
  }

  /// By tensor, the axis that counts stimuli and nothing else.
  var batchAxes: [String: Int] {
    places.compactMapValues { place in
      switch place {
      case .first: 0
      case .axis(let axis): axis
      case .folded, .none: nil
      }
    }
  }

  /// Takes what the network's operators tell, for tensors of a network that takes one stimulus at a time.
  mutating func fill(from inference: LayoutInference) {
    guard !takesBatches else { return }
    for (name, shape) in shapes where places[name] == nil {
      let roles = inference.roles(of: name) ?? []
      let axis = roles.indices.first { roles[$0] == .batch && shape[$0] == 1 }
      places[name] = axis.map { BatchPlace.place(shape: shape, axis: $0) } ?? TensorView.Batch.none
    }
  }

  subscript(tensor: String) -> TensorView.Batch? { places[tensor] }

  /// Why a tensor can't be scanned, where that is known.
  func refusal(of tensor: String) -> String? { refusals[tensor] }

  /// How a tensor is scanned, or why it can't be.
  func view(of name: String, _ tensor: Tensor, in model: Model) -> Result<TensorView, Refusal> {
    let type = ElementType(rawValue: tensor.elementType)
    let quantization = type.isFloat ? nil : model.quantization(of: name)
    guard type.isFloat || quantization != nil else {
      return .failure(Refusal(reason: "it is of \(type), and nothing says what its integers stand for"))
    }
    if let reason = refusals[name] { return .failure(Refusal(reason: reason)) }
    guard let place = places[name] else { return .failure(Refusal(reason: "its batch axis isn't known")) }
    if tensor.count < 2 {
      return .failure(Refusal(reason: tensor.count == 1 ? "it has one unit only" : "it is empty: its shape is \(tensor.shape)"))
    }
    if place == .first, tensor.shape.count < 2 {
      return .failure(Refusal(reason: "its shape for one stimulus is \(tensor.shape): it has no axis beside its batch"))
    }
    return .success(
      TensorView(tensor: name, elementType: type, batch: place, shape: tensor.shape, quantization: quantization))
  }
}
