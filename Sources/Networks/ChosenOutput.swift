import Lesion
import ModelGraph
import OnnxRuntime
import Stimuli

/// The output that is read, as the user named it or as it was found.
struct ChosenOutput {
  let output: String
  let source: OutputSource
  /// The tensor that is read.
  let tensor: String
  private(set) var notes: [String] = []
  private let label: String
  private let opset: Int
  /// What else than scores the tensor holds.
  private let mixture: OutputMixture?

  /// - Throws: `LesionError` (`badRequest`) with the outputs that there are, if the user names another.
  init(of model: Model, for request: ReadoutRequest) throws {
    label = model.label
    opset = model.opset
    guard !model.outputs.isEmpty else {
      throw LesionError(.badModel, "\(model.label) has no outputs, so nothing depends on its layers")
    }
    var wanted = request.output
    if case .selection(let selection) = request.value, !selection.output.isEmpty {
      guard wanted == nil || wanted == selection.output else {
        throw LesionError(
          .badRequest, "--output \(wanted!) and --value output:\(selection.text) name two outputs: leave one out")
      }
      wanted = selection.output
    }
    let list = model.outputs.map { port in
      "\"\(port.name)\"\(port.dimensions.map { " [\($0.map(\.description).joined(separator: ", "))]" } ?? "")"
    }.joined(separator: ", ")
    if let wanted {
      guard model.outputs.contains(where: { $0.name == wanted }) else {
        throw LesionError(.badRequest, "\(model.label) has no output \"\(wanted)\"; it has \(list)")
      }
      (output, source) = (wanted, model.source(ofOutput: wanted))
    } else {
      (output, source) = model.scoreOutput()
      if model.outputs.count > 1 {
        notes.append(
          "Of the model's outputs \(list), \"\(output)\" is read, which looks most like scores; --output names another.")
      }
    }
    tensor = request.value.readsElements ? output : source.tensor
    mixture = model.mixture(in: tensor)
    if tensor != output {
      let what: String? =
        switch source.activation {
        case .softmax: "softmax"
        case .logSoftmax: "logSoftmax"
        case .sigmoid: "sigmoid"
        case nil: source.decision
        }
      if let what { notes.append("The model ends in \(what); scores are read before it, at \"\(tensor)\".") }
    }
    if model.makesNoTensor(tensor) {
      throw LesionError(
        .badModel,
        "\(label): the output \"\(tensor)\" is a sequence, a map or an optional value, and one tensor is needed; name another with --output"
      )
    }
    if let operatorType = model.choosingOperator(of: tensor, learns: true) {
      throw LesionError(
        .badModel,
        "\(label): the output \"\(tensor)\" is as long as values say (by \(operatorType)), so that lesions would change its length; name another with --output: the model has \(list)"
      )
    }
    if model.index.producer(of: tensor) == nil {
      throw LesionError(
        .badModel, "\(model.label): the output \"\(output)\" is an input or a weight, so nothing depends on its layers")
    }
  }

  /// The axis along which what ends the network compares classes, in the tensor that is read.
  func classAxis(shape: [Int]) -> Int? {
    guard tensor == source.tensor, let given = source.classAxis else { return nil }
    let axis = given < 0 ? given + shape.count : given
    guard shape.indices.contains(axis) else { return nil }
    if source.coversLaterAxes, shape[(axis + 1)...].contains(where: { $0 > 1 }) { return nil }
    return axis
  }

  /// How the tensor is read.
  func view(of read: Tensor, places: TensorPlaces, model: Model) throws -> TensorView {
    let type = ElementType(rawValue: read.elementType)
    guard Tensor.byteSize(of: read.elementType) != nil else {
      throw LesionError(
        .badModel, "\(label): the output \"\(tensor)\" is of \(type), and numbers are needed; name another with --output")
    }
    if places[tensor] == nil, let reason = places.refusal(of: tensor) {
      throw LesionError(.badModel, "\(label): the output \"\(tensor)\" can't be read: \(reason); name another with --output")
    }
    return TensorView(
      tensor: tensor, elementType: type, batch: places[tensor] ?? .none, shape: read.shape,
      quantization: type.isFloat ? nil : model.quantization(of: tensor))
  }

  /// The axis of classes of what is read for one stimulus; `nil` for a single score, or where elements are named.
  ///
  /// - Throws: `LesionError` (`badRequest`) with the shape and the option that settles it, if it can't be told.
  func classAxis(
    of view: TensorView, roles: [AxisRole?]?, request: ReadoutRequest, _ notes: inout [String]
  ) throws -> Int? {
    guard !request.value.readsElements else { return nil }
    let shape = Array(view.scannedShape.dropFirst())
    let sources = view.sourceAxes
    if let given = request.classAxis {
      let axis = given < 0 ? given + view.shape.count : given
      guard let place = sources.firstIndex(of: axis) else {
        let why = view.shape.indices.contains(axis) ? "is the axis of stimuli" : "is out of range"
        throw LesionError(
          .badRequest, "--class-axis \(given) \(why): for one stimulus \"\(tensor)\" has shape \(view.shape)")
      }
      return place
    }
    if let mixture, let place = sources.firstIndex(of: mixture.axis < 0 ? mixture.axis + view.shape.count : mixture.axis),
      shape[place] > 1
    {
      func list(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
      throw LesionError(
        .badRequest,
        """
        \(label): axis \(sources[place]) of the output "\(tensor)", of shape \(view.shape) for one stimulus, joins scores \
        (\(list(mixture.scores))) with other numbers (\(list(mixture.others))), so its entries are no classes. Name elements \
        with --value output:NAME[...], or say --class-axis \(sources[place]) to take all of them
        """)
    }
    let long = shape.indices.filter { shape[$0] > 1 }
    if long.isEmpty { return shape.isEmpty ? nil : shape.count - 1 }
    if let compared = classAxis(shape: view.shape), let place = sources.firstIndex(of: compared) { return place }
    func role(_ place: Int) -> AxisRole? { roles?[sources[place]] }
    let channels = shape.indices.filter { role($0)?.isChannel ?? false }
    // Where one axis only is longer than 1, it is that of classes, unless it is known to be another.
    if long.count == 1, channels.isEmpty || channels == long, role(long[0])?.isChannel ?? true { return long[0] }
    guard channels.count == 1 else {
      throw LesionError(
        .badRequest,
        """
        \(label): which axis of the output "\(tensor)" counts classes can't be told: its shape for one stimulus is \
        \(view.shape)\(batchWords(view)). Say so with --class-axis (\(long.map { "\(sources[$0])" }.joined(separator: " or "))), \
        or name elements with --value output:INDEX or output:NAME[...]
        """)
    }
    notes.append(
      "Classes lie along axis \(sources[channels[0]]) of \"\(tensor)\", whose shape for one stimulus is \(view.shape); --class-axis names another."
    )
    return channels[0]
  }

  private func batchWords(_ view: TensorView) -> String {
    switch view.batch {
    case .first: ", with stimuli along axis 0"
    case .axis(let axis), .folded(let axis, _, _): ", with stimuli along axis \(axis)"
    case .none: ""
    }
  }

  /// What makes probabilities of the scores: nothing where they are some already, since the network's end says so or since all
  /// that stimuli have are at least 0 and sum to 1.
  func link(reading seen: [Tensor], of view: TensorView, classAxis: Int?, model: Model) -> OutputReader.Link {
    switch tensor == source.tensor ? source.activation : nil {
    case .sigmoid: return .sigmoid
    case .softmax, .logSoftmax: return .softmax
    case nil: break
    }
    let shape = Array(view.scannedShape.dropFirst())
    if let classAxis, shape[classAxis] > 1, seen.allSatisfy({ sumsToOne($0, along: view.sourceAxes[classAxis]) }) {
      return .distribution
    }
    return model.holdsChances(tensor) ? .chances : .softmax
  }

  private func sumsToOne(_ tensor: Tensor, along axis: Int) -> Bool {
    guard let values = tensor.numbers(), values.allSatisfy({ $0 >= 0 }) else { return false }
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let length = tensor.shape[axis]
    let tolerance = Double(BatchPlace.tolerance(ElementType(rawValue: tensor.elementType)))
    return (0..<values.count / length).allSatisfy { place in
      let first = place / inner * inner * length + place % inner
      return abs((0..<length).reduce(-1.0) { $0 + Double(values[first + $1 * inner]) }) <= tolerance
    }
  }

  /// The positions that are read.
  func positions(
    shape: [Int], classAxis: Int?, layout: TensorLayoutFinding, request: ReadoutRequest, feed: StimulusFeed
  ) throws -> [Int] {
    guard request.position != .mean else { return [] }
    guard !request.value.readsElements else {
      throw LesionError(.badRequest, "--position and --value \(request.value.name) exclude each other: the value names elements")
    }
    if case .continuation = request.value {
      throw LesionError(
        .badRequest,
        "--position \(request.position.name) and --value \(request.value.name) exclude each other: a continuation is summed over its positions"
      )
    }
    let others = shape.indices.filter { $0 != classAxis && shape[$0] > 1 }
    guard others.count == 1, let axis = others.first else {
      throw LesionError(
        .badRequest,
        others.isEmpty
          ? "--position \(request.position.name): the output \"\(tensor)\" has shape \(shape) for one stimulus, so it has one position only"
          : "--position \(request.position.name): the output \"\(tensor)\" has shape \(shape) for one stimulus, with several axes of positions; name elements with --value output:NAME[...]"
      )
    }
    let count = shape[axis]
    func place(_ number: Int) throws -> Int {
      let place = number < 0 ? number + count : number
      guard place >= 0, place < count else {
        throw LesionError(.badRequest, "--position \(number) is out of range: the output has \(count) positions")
      }
      return place
    }
    switch request.position {
    case .mean: return []
    case .at(let number): return [try place(number)]
    case .perStimulus(let numbers):
      guard numbers.count >= feed.stimuli.count else {
        throw LesionError(
          .badRequest, "--position names \(numbers.count) positions for \(feed.stimuli.count) stimuli: give one for each")
      }
      return try numbers.prefix(feed.stimuli.count).map(place)
    case .lastUnmasked(let mask):
      guard feed.bindings.contains(where: { $0.name == mask }) else {
        throw LesionError(
          .badRequest,
          "--position last-unmasked \(mask): the model has no input of that name; it has \(feed.bindings.map(\.name).joined(separator: ", "))"
        )
      }
      return try (0..<feed.stimuli.count).map { stimulus in
        let values = try feed.tensors([mask], rows: [stimulus])[0].numbers() ?? []
        guard values.count == count, let last = values.lastIndex(where: { $0 != 0 }) else {
          throw LesionError(
            .badStimulus,
            values.count == count
              ? "stimulus \(stimulus): all of the mask \"\(mask)\" is 0, so it has no last position"
              : "the mask \"\(mask)\" has \(values.count) entries for one stimulus, and the output has \(count) positions")
        }
        return last
      }
    }
  }
}
