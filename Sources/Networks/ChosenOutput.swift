import Lesion
import ModelGraph
import OnnxRuntime
import Stimuli

/// The output that is read, as the user named it or as it was found.
struct ChosenOutput {
  let output: String
  private(set) var source: OutputSource
  /// The tensor that is read.
  private(set) var tensor: String
  private(set) var notes: [String] = []
  /// How the output lays out anew what is read, once it is known; `nil` where it has the same axes.
  private(set) var axes: OutputAxes?
  private let label: String
  private let opset: Int
  /// Whether what is read is the logarithm of a softmax over several axes together.
  private var isLogarithmOfSeveralAxes = false
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
      let times = source.factor == 1 ? "" : ", times \(source.factor.inWords)"
      if let what = what.map({ $0 + times }) {
        notes.append("The model ends in \(what); scores are read before it, at \"\(tensor)\".")
      }
    }
    if !request.value.readsElements, let numbers = model.sourceOfSmallest(tensor) {
      throw LesionError(
        .badRequest,
        "\(label): the output \"\(output)\" tells of the smallest numbers of \"\(numbers.tensor)\" (by \(numbers.operatorType)), and is no score; name another with --output, or an element with --value output:INDEX: the model has \(list)"
      )
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

  /// The tensors whose shapes tell how the output lays out anew what is read, and what a softmax compares.
  var laidOutTensors: [String] {
    guard tensor == source.tensor else { return [] }
    let compared = source.coversLaterAxes || source.summedAxes != nil ? [tensor] : []
    return compared + source.layouts.map(\.output) + (source.layouts.last.map { [$0.input] } ?? [])
  }

  /// Takes in how the output lays out anew what is read. Where its axes are no axes of the tensor, and no Reshape by itself makes
  /// them of it, the output itself is read.
  ///
  /// - Parameter shapes: of `laidOutTensors`, for one stimulus.
  mutating func follow(layouts shapes: [String: [Int]]) {
    if let together = shapes[tensor].flatMap(source.axesTogether), together.count > 1, let activated = source.activated {
      readSoftmaxOfSeveralAxes(together, activated)
      return
    }
    axes = source.axes(shapes: shapes)
    guard let axes, !axes.isWhole, !axes.keepsOrder, source.activation == .sigmoid else { return }
    notes.removeAll { $0.hasPrefix("The model ends in ") }
    notes.append(
      "The model ends in sigmoid and lays out anew what it gives, so that \"\(output)\" has axes that the scores before it haven't; it is read as it stands."
    )
    (source, tensor) = (OutputSource(tensor: output, activation: nil), output)
    self.axes = nil
  }

  /// Reads what a softmax gives over several axes together, whose numbers are no probabilities of classes at a position.
  private mutating func readSoftmaxOfSeveralAxes(_ axes: [Int], _ activated: OutputSource.Activated) {
    notes.removeAll { $0.hasPrefix("The model ends in ") }
    let list = axes.map(String.init)
    isLogarithmOfSeveralAxes = source.activation == .logSoftmax
    let scores = tensor
    tensor = source.decision == nil ? output : activated.tensor
    notes.append(
      """
      The model ends in a softmax over axes \(list.dropLast().joined(separator: ", ")) and \(list.last!) of "\(scores)" together\(source.coversLaterAxes ? ", by the rule of operator sets below 13" : ""), so \
      no position has classes' probabilities of its own; "\(tensor)" is read as it stands.
      """)
    source =
      source.decision == nil
      ? OutputSource(tensor: output, activation: nil)
      : OutputSource(
        tensor: tensor, activation: nil, classAxis: activated.classAxis, decision: source.decision, comparison: source.comparison)
    self.axes = nil
  }

  /// The shape of the output, where what is read has the same numbers in the same order and is given it: where axes of the output,
  /// or the one that is named, are no axes of the tensor.
  private func givenShape(_ place: TensorView.Batch, _ shape: [Int], request: ReadoutRequest) -> [Int]? {
    guard let axes, axes.keepsOrder, tensor == source.tensor, place == .first && axes.shape.first == 1 || place == .none else {
      return nil
    }
    // What a softmax compares has to stay an axis.
    if let compared = classAxis(shape: shape), !axes.axes.contains(compared) { return nil }
    let named = request.classAxis.map { $0 < 0 ? $0 + axes.shape.count : $0 }
    let isNamed = named.map { axes.axes.indices.contains($0) && axes.axes[$0] == nil } ?? false
    return axes.isWhole && !isNamed ? nil : axes.shape
  }

  /// The axis along which what ends the network compares classes, in the tensor that is read.
  func classAxis(shape: [Int]) -> Int? {
    guard tensor == source.tensor, let given = source.classAxis else { return nil }
    let axis = given < 0 ? given + shape.count : given
    guard shape.indices.contains(axis) else { return nil }
    // The one axis that is longer than 1 is all that is compared.
    if source.coversLaterAxes, let together = source.axesTogether(shape: shape) {
      return together.count > 1 ? nil : together.first ?? axis
    }
    return axis
  }

  /// How the tensor is read.
  func view(of read: Tensor, places: TensorPlaces, model: Model, request: ReadoutRequest) throws -> TensorView {
    let type = ElementType(rawValue: read.elementType)
    guard Tensor.byteSize(of: read.elementType) != nil else {
      throw LesionError(
        .badModel, "\(label): the output \"\(tensor)\" is of \(type), and numbers are needed; name another with --output")
    }
    if places[tensor] == nil, let reason = places.refusal(of: tensor) {
      throw LesionError(.badModel, "\(label): the output \"\(tensor)\" can't be read: \(reason); name another with --output")
    }
    let place = places[tensor] ?? .none
    return TensorView(
      tensor: tensor, elementType: type, batch: place, shape: read.shape,
      quantization: type.isFloat ? nil : model.quantization(of: tensor),
      givenShape: givenShape(place, read.shape, request: request))
  }

  /// The axis of classes of what is read for one stimulus; `nil` for a single score, or where elements are named.
  ///
  /// - Parameter roles: of the axes of the view's source shape, as far as they are certain.
  /// - Throws: `LesionError` (`badRequest`) with the shape and the option that settles it, if it can't be told.
  func classAxis(
    of view: TensorView, roles: [AxisRole?]?, request: ReadoutRequest, _ notes: inout [String]
  ) throws -> Int? {
    guard !request.value.readsElements else { return nil }
    let shape = Array(view.scannedShape.dropFirst())
    let sources = view.sourceAxes
    let outputAxes = view.givenShape == nil ? axes : nil
    if let given = request.classAxis {
      let declared = outputAxes?.shape ?? view.sourceShape
      let axis = given < 0 ? given + declared.count : given
      let name = outputAxes == nil ? tensor : output
      guard declared.indices.contains(axis) else {
        throw LesionError(
          .badRequest, "--class-axis \(given) is out of range: for one stimulus \"\(name)\" has shape \(declared)")
      }
      guard let source = outputAxes == nil ? axis : outputAxes!.axes[axis] else {
        throw LesionError(
          .badRequest,
          """
          --class-axis \(given): axis \(axis) of "\(output)", of shape \(declared) for one stimulus, is no axis of "\(tensor)", of shape \
          \(view.shape), where scores are read before they are laid out anew
          """)
      }
      guard let place = sources.firstIndex(of: source) else {
        throw LesionError(
          .badRequest,
          "--class-axis \(given) is the axis of stimuli: for one stimulus \"\(name)\" has shape \(declared)")
      }
      return place
    }
    // How an axis that is found is named: as the output has it.
    func named(_ place: Int) -> Int { outputAxes?.axes.firstIndex(of: sources[place]) ?? sources[place] }
    let described =
      outputAxes.map { "\"\(output)\", whose shape for one stimulus is \($0.shape)" }
      ?? "\"\(view.givenShape == nil ? tensor : output)\", whose shape for one stimulus is \(view.sourceShape)"
    if view.givenShape == nil, let mixture,
      let place = sources.firstIndex(of: mixture.axis < 0 ? mixture.axis + view.shape.count : mixture.axis),
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
    if let compared = classAxis(shape: view.shape) {
      let axis = view.givenShape == nil ? compared : axes?.axes.firstIndex(of: compared)
      if let axis, let place = sources.firstIndex(of: axis) { return place }
    }
    func role(_ place: Int) -> AxisRole? { roles?[sources[place]] }
    let channels = shape.indices.filter { role($0)?.isChannel ?? false }
    // Where one axis only is longer than 1, it is that of classes, unless it is known to be another.
    if long.count == 1, channels.isEmpty || channels == long, role(long[0])?.isChannel ?? true { return long[0] }
    if channels.isEmpty, view.givenShape != nil, Self.isPicture(shape) {
      notes.append("Classes lie along axis \(sources[0]) of \(described); --class-axis names another.")
      return 0
    }
    guard channels.count == 1 else {
      if channels.isEmpty, long.count == 1, let other = role(long[0]) {
        throw LesionError(
          .badRequest,
          """
          \(label): no axis of the output "\(outputAxes == nil && view.givenShape == nil ? tensor : output)" counts classes: of its shape for \
          one stimulus, \(outputAxes?.shape ?? view.sourceShape), axis \(named(long[0])) counts \(other.entries). Name elements with \
          --value output:INDEX or output:NAME[...], or take it for classes with --class-axis \(named(long[0]))
          """)
      }
      throw LesionError(
        .badRequest,
        """
        \(label): which axis of the output "\(outputAxes == nil && view.givenShape == nil ? tensor : output)" counts classes can't be \
        told: its shape for one stimulus is \(outputAxes?.shape ?? view.sourceShape)\(outputAxes == nil ? batchWords(view) : ""). Say so \
        with --class-axis (\(shape.indices.map { "\(named($0))" }.joined(separator: " or "))), \
        or name elements with --value output:INDEX or output:NAME[...]
        """)
    }
    notes.append("Classes lie along axis \(named(channels[0])) of \(described); --class-axis names another.")
    return channels[0]
  }

  /// Whether a shape without stimuli is that of a square picture of one channel or three.
  private static func isPicture(_ shape: [Int]) -> Bool {
    shape.count == 3 && [1, 3].contains(shape[0]) && shape[1] == shape[2] && shape[1] > 3
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
  ///
  /// - Throws: `LesionError` (`badRequest`) for a value that is made of probabilities where the scores are a multiple of them.
  func link(
    reading seen: [Tensor], of view: TensorView, classAxis: Int?, model: Model, value: ValueFunction
  ) throws -> OutputReader.Link {
    switch tensor == source.tensor ? source.activation : nil {
    case .sigmoid where isComparedElsewhere && isOne(view, classAxis): return .softmax
    case .sigmoid: return .sigmoid
    case .softmax, .logSoftmax: return .softmax
    case nil: break
    }
    if isLogarithmOfSeveralAxes, value.readsProbabilities {
      throw LesionError(
        .badRequest,
        """
        \(label): "\(tensor)" holds logarithms of a softmax over positions and classes together, so \(value.name) of a class can't be \
        made of them; take --value logit for them as they stand, or name elements with --value output:INDEX or output:NAME[...]
        """)
    }
    let shape = Array(view.scannedShape.dropFirst())
    if let classAxis, shape[classAxis] > 1, seen.allSatisfy({ sumsToOne($0, along: view.sourceAxes[classAxis]) }) {
      return .distribution
    }
    if model.holdsChances(tensor) { return .chances }
    if value.readsProbabilities, let factor = model.factorOfChances(tensor) {
      throw LesionError(
        .badRequest,
        """
        \(label): "\(tensor)" holds numbers between 0 and 1, such as probabilities, times \(factor.inWords), of which \(value.name) \
        can't be made; take --value logit for them as they stand, or name elements with --value output:INDEX
        """)
    }
    return .softmax
  }

  private func isOne(_ view: TensorView, _ classAxis: Int?) -> Bool {
    classAxis.map { view.scannedShape[$0 + 1] == 1 } ?? true
  }

  /// Whether the network says yes elsewhere than where what is read is above 0.
  private var isComparedElsewhere: Bool {
    tensor == source.tensor && source.comparison.map { !$0.isOfSign(behind: source.activation) } ?? false
  }

  /// What a user should know of one score: that it stands for two classes, or why no class follows from it; `nil` of several.
  ///
  /// - Throws: `LesionError` (`badRequest`) where it can't stand for two classes and would have to, or is the logarithm of a chance and
  ///   taken for log-odds.
  func note(onOneScoreOf readout: Readout, model: Model) throws -> String? {
    guard !readout.value.readsElements, readout.classAxis.map({ readout.shape[$0] == 1 }) ?? true else { return nil }
    let isDecision = readout.isDecision == true
    if isDecision || readout.value.readsProbabilities, readout.link == .softmax, model.holdsNothingAboveZero(tensor) {
      throw LesionError(
        .badRequest,
        "\(label): \"\(tensor)\" holds nothing above 0, such as logarithms of chances, of which \(readout.value.name) would be made as of log-odds; take --value logit without --target for it as it stands"
      )
    }
    guard isComparedElsewhere, let comparison = source.comparison else { return isDecision ? Readout.noteOnDecision : nil }
    let place =
      "The network says yes where \(source.activation == nil ? "\"\(tensor)\"" : "the \(source.activation == .sigmoid ? "sigmoid" : "softmax") of \"\(tensor)\"") is \(comparison.isAbove ? "above" : "below") \(comparison.threshold.map(\.inWords) ?? "a threshold")"
    guard isDecision else { return "\(place), so no class follows from the sign of its score." }
    throw LesionError(
      .badRequest,
      "\(label): \(readout.value.name) of a class is asked for. \(place), and not where its score is above 0, so the score can't stand for yes and no; take --value logit without --target"
    )
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
}

extension Double {
  /// In single precision, as weights are, without a fraction of 0.
  fileprivate var inWords: String {
    let single = Float(self)
    return single == single.rounded() && abs(single) < 1e6 ? "\(Int(single))" : "\(single)"
  }
}
