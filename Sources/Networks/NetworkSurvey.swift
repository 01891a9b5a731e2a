package import Lesion
package import ModelGraph
package import OnnxRuntime
package import Stimuli

/// What running a model a few times tells about it: whether it takes batches, what is read of it, and which of its tensors
/// can be scanned and how they are laid out.
package struct NetworkSurvey: Sendable {
  /// A tensor that was found to be scannable.
  package struct Layer: Sendable {
    package let candidate: LayerCandidate
    /// As it is scanned, for a batch of one.
    package let shape: [Int]
    package let view: TensorView
    package let layout: TensorLayoutFinding
    /// What part it plays in the network.
    package let role: LayerRole
  }

  /// The model to scan: as `preparation` says.
  package let model: Model
  package let preparation: ModelPreparation
  /// Whether two stimuli in one batch give what each gives on its own.
  package let takesBatches: Bool
  /// What goes one way for all stimuli of a batch by what they hold, as messages call it, so that only equal ones may share a batch; `nil`
  /// where nothing does.
  package let operatorSteered: String?
  package let readout: Readout
  /// Upstream first, without what the model is given.
  package let layers: [Layer]
  /// What the model is given that can be scanned as its layers are.
  package let inputs: [Layer]
  /// What `--layers auto` takes.
  package let automatic: AutomaticLayers
  /// What axes of tensors count.
  package let layouts: LayoutInference
  /// Candidates that can't be scanned, with the reason.
  package let refusals: [(tensor: String, reason: String)]
  /// Inputs of the model that can't be scanned, with the reason.
  package let refusedInputs: [(tensor: String, reason: String)]
  /// Element types, by ONNX number, and shapes of all tensors that were seen.
  package let elementTypes: [String: ElementType]
  package let shapes: [String: [Int]]
  /// What a user should know about the above.
  package let notes: [String]
  /// Of what is read that it holds classes' scores; `nil` where something says so, or none are read.
  package let classDoubt: ClassDoubt?

  package var isBatchFreed: Bool { preparation.freesBatch }
  /// The tensor that is read.
  package var readTensor: String { readout.tensor }
  /// What turns the read tensor's elements into probabilities.
  package var link: OutputReader.Link { readout.link }
  /// The read tensor's shape for one stimulus, without batch axis.
  package var outputShape: [Int] { readout.shape }

  /// Runs the model on the first stimuli.
  ///
  /// Cost: some sessions, five forward passes, and the activations of all candidates at once in memory.
  /// - Throws: `OnnxRuntimeError` if the model doesn't load or run, `StimuliError` if the stimuli don't fit, `LesionError` if
  ///   what is to be read doesn't fit the model or can't be told.
  package init(
    model original: Model, stimuli: StimulusSet, runtime: Runtime, session options: Session.Options,
    reading request: ReadoutRequest
  ) throws {
    var runs = SurveyRuns(runtime: runtime, stimuli: stimuli, options: options)
    var notes: [String] = []
    var preparation = ModelPreparation()
    var model = original
    runs.readTensor = Self.readTensor(of: original, request)
    let (fed, own) = try Self.prepare(&model, &preparation, runs, &notes)

    var chosen = try ChosenOutput(of: model, for: request)
    let laidOut = chosen.laidOutTensors
    if !laidOut.isEmpty { chosen.follow(layouts: runs.observe(model, laidOut).seen.mapValues(\.shape)) }
    runs.readTensor = chosen.tensor
    notes += chosen.notes
    let candidates = own.layerCandidates(reading: chosen.tensor)
    let tensors = candidates.map(\.tensor) + [chosen.tensor] + laidOut.filter { $0 != chosen.tensor }
    var (alone, failures) = runs.observe(model, tensors)
    let read: Tensor
    do {
      read = try alone[chosen.tensor] ?? runs.run(model, [chosen.tensor], rows: [0])[chosen.tensor]!
    } catch let error as OnnxRuntimeError {
      if let refusal = StimulusFeed.refusal(of: fed, fed: stimuli, error) ?? preparation.refusal(of: fed, error) { throw refusal }
      throw error
    }
    alone[chosen.tensor] = read
    if let length = preparation.bakedBatch { try runs.check(original, batch: length, gives: read, at: chosen.tensor, as: fed) }

    let second = stimuli.count > 1 ? 1 : 0
    let other = second == 0 ? read : try runs.run(model, [chosen.tensor], rows: [second])[chosen.tensor]!
    let batchPlace = Self.findBatches(&model, &preparation, of: [read, other], at: chosen.tensor, second: second, runs, &notes)
    let takesBatches = batchPlace != nil

    // Where each tensor keeps the stimuli, and what its axes count.
    var places = TensorPlaces(
      model: model, alone: alone, takesBatches: takesBatches, second: second, runs: runs)
    places.set(batchPlace, of: chosen.tensor)
    let ownShapes = alone.mapValues(\.shape)
    let bindings = try runs.feed(model).bindings
    let inputShapes = bindings.map { ($0.name, $0.shape) }
    let shapes = ownShapes.merging(inputShapes) { seen, _ in seen }.merging(runs.shapesOfIntegers(model, chosen.tensor)) {
      seen, _ in seen
    }
    let inference = LayoutInference(
      of: model, shapes: shapes, batchAxes: places.batchAxes,
      classAxes: chosen.classAxis(shape: read.shape).map { [chosen.tensor: $0] } ?? [:])
    places.fill(from: inference)

    let readView = try chosen.view(of: read, places: places, model: model, request: request)
    let layout = inference.layout(of: readView)
    let readShape = Array(readView.scannedShape.dropFirst())
    let roleTensor = readView.givenShape == nil ? chosen.tensor : chosen.output
    let classAxis = try chosen.classAxis(of: readView, roles: inference.certainRoles(of: roleTensor), request: request, &notes)
    let positions = try chosen.positions(
      shape: readShape, classAxis: classAxis, layout: layout, request: request, feed: runs.feed(model))

    let roles = own.layerRoles(of: candidates.map(\.tensor), reading: chosen.tensor)
    let blocked = own.tensorsInChannelBlocks
    var layers: [Layer] = []
    var refusals: [(tensor: String, reason: String)] = []
    for candidate in candidates {
      let name = candidate.tensor
      if blocked.contains(name) {
        refusals.append((name, Self.reasonAgainstBlocks))
      } else if let tensor = alone[name] {
        switch places.view(of: name, tensor, in: model) {
        case .failure(let refusal): refusals.append((name, refusal.reason))
        case .success(let view):
          let layout = try Self.layout(of: name, view, inference, request)
          if layout.axes == nil {
            refusals.append((name, "\(layout.reason); say so with --layout \"\(name)=\(Self.example(view.scannedShape.count))\""))
          } else {
            layers.append(
              Layer(candidate: candidate, shape: view.scannedShape, view: view, layout: layout, role: roles[name]!))
          }
        }
      } else {
        refusals.append((name, "the runtime doesn't give it: \(failures[name] ?? "")"))
      }
    }
    layouts = inference
    (inputs, refusedInputs) = try Self.inputLayers(of: model, reading: chosen.tensor, bindings, inference, request)
    // What axes of inputs count is for stimuli, too.
    let known = Set(candidates.map(\.tensor) + original.inputNames)
    if let unknown = request.layouts.compactMap(\.tensor).first(where: { !known.contains($0) }) {
      try model.require(unknown)
      throw LesionError(.badRequest, "--layout names \"\(unknown)\", which is no layer that could be scanned")
    }

    automatic = own.automaticChoice(reading: chosen.tensor, amongOthers: layers.map(\.candidate.tensor))
    preparation.views = (layers.map(\.view) + [readView]).filter { !$0.isPlain }
    self.model = model.presenting(preparation.views)
    self.preparation = preparation
    self.takesBatches = takesBatches
    let link = try chosen.link(
      reading: [read, other], of: readView, classAxis: classAxis, model: model, value: request.value)
    if (link == .distribution || link == .chances) && !request.value.readsElements {
      notes.append("\"\(chosen.tensor)\" holds probabilities already, of which \(request.value.name) is made as they stand.")
    }
    var readout = Readout(
      output: chosen.output, tensor: chosen.tensor, shape: readShape, classAxis: classAxis, positions: positions, link: link,
      value: request.value, classes: request.classes)
    (readout.continuation, readout.vectors) = (request.continuation, request.vectors)
    let padding = try chosen.padding(
      shape: readShape, classAxis: classAxis, positions: positions, request: request, feed: runs.feed(model), model: model,
      sourceAxes: readView.sourceAxes, layouts: inference)
    readout.unmasked = padding.unmasked
    if let note = padding.note { notes.append(note) }
    readout.decide(by: request.decision)
    if let note = try chosen.note(onOneScoreOf: readout, model: model) { notes.append(note) }
    if let note = chosen.note(onMeansOf: readout, view: readView) { notes.append(note) }
    self.readout = readout
    operatorSteered = model.operatorSteered(
      by: Set(bindings.filter { $0.batchAxis != nil }.map(\.name)), reading: chosen.tensor)
    classDoubt = ClassDoubt(
      of: own, readout, source: chosen.source, axis: classAxis.map { readView.sourceAxes[$0] }, inputs: bindings,
      stimuli: stimuli,
      request: request)
    self.layers = layers
    self.refusals = refusals
    var types = alone.mapValues { ElementType(rawValue: $0.elementType) }
    var surveyed = shapes
    for view in preparation.views {
      (types[view.tensor], types[view.nameAsMade], types[view.nameAsRead]) = (.float, view.elementType, view.elementType)
      (surveyed[view.tensor], surveyed[view.nameAsMade], surveyed[view.nameAsRead]) = (view.scannedShape, view.shape, view.shape)
    }
    self.elementTypes = types
    self.shapes = surveyed
    self.notes = notes + (try runs.feed(fed).stimuli.notes)
  }

  /// What would be read of a model as it is in its file; `nil` where that can't be told before it has run.
  package static func readTensor(of model: Model, _ request: ReadoutRequest) -> String? {
    try? ChosenOutput(of: model, for: request).tensor
  }

  /// All that can be scanned, upstream first.
  package var scannable: [Layer] { inputs + layers }

  /// Why a tensor can't be scanned, by its name.
  package var reasons: [String: String] {
    Dictionary((refusals + refusedInputs).map { ($0.tensor, $0.reason) }, uniquingKeysWith: { first, _ in first })
  }

  /// Why there is no layer to scan, where there is none: a clause.
  package var reasonForNoLayers: String {
    refusals.first.map { "\"\($0.tensor)\": \($0.reason)" } ?? "nothing lies between its inputs and \"\(readTensor)\""
  }

  /// By scannable tensor: the share of the network's forward cost that a lesioned pass repeats.
  package var suffixCostShares: [String: Double] {
    model.suffixCostShares(
      of: scannable.map(\.candidate.tensor), reading: readTensor, costs: model.forwardCosts(shapes: shapes))
  }

  /// Floating-point operations of a forward pass of one stimulus.
  package var forwardCost: Double {
    model.forwardCost(reading: readTensor, costs: model.forwardCosts(shapes: shapes))
  }

  /// What a tensor's axes count: as the options say, for it or for all of its rank, or as it is inferred.
  ///
  /// - Throws: `LesionError` (`badRequest`) if the options name another number of axes for it.
  static func layout(
    of tensor: String, _ view: TensorView, _ inference: LayoutInference, _ request: ReadoutRequest
  ) throws -> TensorLayoutFinding {
    let rank = view.scannedShape.count
    let own = request.layouts.last { $0.tensor == tensor }
    guard let override = own ?? request.layouts.last(where: { $0.tensor == nil && $0.axes(rank: rank) != nil }) else {
      return inference.layout(of: view)
    }
    guard let axes = override.axes(rank: rank) else {
      throw LesionError(
        .badRequest,
        "--layout \(tensor)=\(override.layout) names \(override.layout.count) axes, and the tensor has shape \(view.scannedShape)"
      )
    }
    return TensorLayoutFinding(axes: axes, names: names(override.layout), reason: "--layout says so", isGiven: true)
  }

  private static func names(_ layout: String) -> String {
    layout.uppercased().map(String.init).joined(separator: ",")
  }

  static func example(_ rank: Int) -> String {
    switch rank {
    case 3: "ntc\" or \"nct"
    case 4: "nchw\" or \"nhwc"
    case 5: "ncdhw\" or \"ndhwc"
    default: "n..."
    }
  }
}
