import ModelGraph

extension NetworkSurvey {
  /// What the model is given that can be scanned as its layers are, and what can't be, with the reason.
  ///
  /// - Throws: `LesionError` (`badRequest`) if the options name another number of axes for one.
  static func inputLayers(
    of model: Model, reading output: String, _ bindings: [InputBinding], _ inference: LayoutInference, _ request: ReadoutRequest
  ) throws -> (layers: [Layer], refusals: [(tensor: String, reason: String)]) {
    let states = Set(model.inputPorts(reading: output).filter(\.isState).map(\.name))
    let roles = model.layerRoles(of: model.inputNames, reading: output)
    var layers: [Layer] = []
    var refusals: [(tensor: String, reason: String)] = []
    for candidate in model.inputCandidates(reading: output) {
      let name = candidate.tensor
      guard let binding = bindings.first(where: { $0.name == name }), let role = roles[name] else { continue }
      if let reason = binding.reasonAgainstLesions(
        isState: states.contains(name), choosesRows: !model.embeddings(of: name).isEmpty)
      {
        refusals.append((name, reason))
        continue
      }
      let view = TensorView(tensor: name, elementType: binding.elementType, batch: .first, shape: binding.shape)
      let layout = try layout(of: name, view, inference, request)
      if layout.axes == nil {
        refusals.append((name, "\(layout.reason); say so with --layout \"\(name)=\(example(binding.shape.count))\""))
        continue
      }
      layers.append(Layer(candidate: candidate, shape: view.scannedShape, view: view, layout: layout, role: role))
    }
    return (layers, refusals)
  }
}

extension InputBinding {
  /// Why what it feeds can't be scanned; `nil` where it can.
  fileprivate func reasonAgainstLesions(isState: Bool, choosesRows: Bool) -> String? {
    if isState { return "it is a state from before the stimulus" }
    guard elementType == .float else {
      let remedy = choosesRows ? "the vectors that it chooses, by --layers embedding" : "what it is cast to"
      return "it is of \(elementType), and inputs are lesioned as float32 only: scan \(remedy)"
    }
    guard let batchAxis else { return "no axis of it counts stimuli" }
    if batchAxis > 0 { return "stimuli lie along its axis \(batchAxis), and inputs are scanned where that is the first" }
    return shape.reduce(1, *) < 2 || shape.count < 2 ? "it has one unit only" : nil
  }
}
