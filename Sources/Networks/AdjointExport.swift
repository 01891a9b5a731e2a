import Files
package import Lesion
package import ModelGraph
import OnnxRuntime
import Stimuli
import UserErrors

/// The adjoint graph of a layer of a network, made for users to run elsewhere.
package struct AdjointExport: Sendable {
  /// What is derived by what.
  package struct Request: Sendable {
    /// An ONNX file.
    package var model: String
    /// Stimuli that fit it; `nil` runs it on zeros of its declared shapes.
    package var data: String?
    /// The tensor to derive by.
    package var layer: String
    package var value: ValueFunction
    /// The class whose score is read; `nil` leaves that to whoever runs the graph.
    package var target: Int?
    /// The position of a sequence to read; `nil` takes the mean.
    package var position: Int?
    /// Whether maps are [H, W, C].
    package var channelsLast: Bool

    package init(
      model: String, data: String? = nil, layer: String, value: ValueFunction = .logit, target: Int? = nil,
      position: Int? = nil, channelsLast: Bool = false
    ) {
      self.model = model
      self.data = data
      self.layer = layer
      self.value = value
      self.target = target
      self.position = position
      self.channelsLast = channelsLast
    }
  }

  /// How many rows the network is run with for its shapes.
  private static let rows = 7

  /// What was read.
  private let filesRead: InputFiles
  package let cut: Cut
  package let network: AdjointNetwork
  /// What the graph's inputs and outputs are, one line each.
  package let description: [String]
  /// What a user of the derivatives should know.
  package var notes: [String] { network.notes }

  /// Cuts the network at the layer, runs it for the shapes, and writes the graph.
  ///
  /// Cost: that of a survey, two sessions more and two passes of one or two rows.
  /// - Throws: `Failure` where an operator has no rule or the layer or value isn't the network's, or what a module throws.
  package init(_ request: Request) throws {
    // The graph is to be a file of its own, so weights are taken along.
    let model = try Model(contentsOf: request.model, holdingUpTo: .max)
    let stimuli =
      try request.data.map { try StimulusSet(contentsOf: $0, inputs: model.inputs.map(ModelInput.init)) }
      ?? StimulusSet.zeros(for: model)
    filesRead = InputFiles(try Model(contentsOf: request.model).files(request.model) + stimuli.files)
    let options = Session.Options(for: model)
    let runtime = try Runtime()
    var reading = try ReadoutRequest(
      value: request.value, position: request.position.map { .at($0) } ?? .mean,
      layouts: request.channelsLast ? [LayoutOverride(parsing: "nhwc")] : [])
    reading.decision = request.value.needsClasses ? .always : .whereItIsAChance
    let survey = try NetworkSurvey(model: model, stimuli: stimuli, runtime: runtime, session: options, reading: reading)
    let feed = try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: survey.model.inputPorts(reading: survey.readTensor))
    let cut = try survey.model.cut(at: request.layer, reading: survey.readTensor, types: survey.elementTypes)
    guard request.value.isOfTarget && request.value != .accuracy || request.value.readsElements else {
      throw Failure(
        .usage,
        "--value \(request.value.name) has no adjoint graph of its own: give logit, logprob, prob, margin, loss or output:INDEX")
    }
    // Says what a value that can't be read lacks.
    let reader = try OutputReader(survey.readout)
    if let target = request.target, !(0..<reader.classCount).contains(target) {
      throw Failure(.usage, "--target \(target) is none of the output's \(reader.classCount) classes, counted from 0")
    }

    // Of one score there is nothing to choose.
    let target = request.target ?? (reader.classCount == 1 ? 0 : nil)

    let prefix = try Session(runtime: runtime, model: cut.prefix.serialized(), options: options)
    func inputs(rows: [Int]) throws -> [String: Tensor] {
      Dictionary(uniqueKeysWithValues: zip(prefix.outputNames, try prefix.run(feed.tensors(prefix.inputNames, rows: rows))))
    }
    func graph(rows: [Int]) throws -> (network: AdjointNetwork, shapes: [String: [Int]]) {
      let tensors = try inputs(rows: rows)
      let sized = cut.declaringSizes(fedWith: prefix.outputNames.map { tensors[$0]!.shape })
      let (cut, observed) = try sized.observed(runtime: runtime, options: options) { $0.map { tensors[$0]! } }
      do throws(Undifferentiable) {
        let network = try cut.adjoint(
          of: AdjointValue(
            survey.readout, hasBatchAxis: observed.shapes[cut.output]!.count > survey.outputShape.count),
          observed: observed)
        return (target.map(network.fixing) ?? network, observed.shapes)
      } catch {
        throw Failure(.badInput, "\(model.label): no gradient by \"\(cut.tensor)\", since \(error.reason)")
      }
    }
    // A number of rows that hardly any length of a network is a multiple of tells which axes count rows.
    var made = try graph(rows: survey.takesBatches ? (0..<Self.rows).map { $0 % feed.stimuli.count } : [0])
    var takesRows = survey.takesBatches
    if takesRows {
      // Where stimuli lie along an axis with others, as both halves of a pair, it doesn't tell, and the graph is for one row.
      let rows = [0, 1 % feed.stimuli.count]
      let (fed, other) = (try inputs(rows: rows), try graph(rows: rows).network)
      func given(_ network: AdjointNetwork) throws -> [[Float]] {
        let session = try Session(runtime: runtime, model: network.model.serialized(), options: options)
        let target = try Tensor(runtime: runtime, shape: [1], elementType: ElementType.int64.rawValue)
        target.bytes.storeBytes(of: 0, as: Int64.self)
        return try session.run(session.inputNames.map { fed[$0] ?? target }).map { $0.numbers() ?? [] }
      }
      takesRows = try Self.agree((try? given(made.network)) ?? [], given(other))
      if !takesRows { made = try graph(rows: [0]) }
    }
    network =
      takesRows
      ? made.network
      : made.network.declaringInputs(
        of: made.shapes.filter { name, _ in name == cut.tensor || cut.sideInputs.contains { $0.name == name } })
    self.cut = cut
    description = Self.describe(cut, network, request, hasTarget: target == nil, made.shapes, takesRows: takesRows)
  }

  /// Whether two graphs give the same but for rounding.
  private static func agree(_ a: [[Float]], _ b: [[Float]]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { a, b in
        let scale = b.reduce(0) { max($0, abs($1)) }
        return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || abs($0 - $1) <= 1e-2 * scale || $1.isNaN }
      }
  }

  private static func describe(
    _ cut: Cut, _ network: AdjointNetwork, _ request: Request, hasTarget: Bool, _ shapes: [String: [Int]], takesRows: Bool
  ) -> [String] {
    func line(_ kind: String, _ name: String, _ meaning: String) -> String {
      let shape = shapes[name].map { shape in
        var axes = shape.map(String.init)
        if takesRows, let first = shape.first, first.isMultiple(of: Self.rows) {
          axes[0] = first == Self.rows ? "rows" : "rows·\(first / Self.rows)"
        }
        return ", [" + axes.joined(separator: ", ") + "]"
      }
      return "\(kind) \"\(name)\": \(meaning)\(shape ?? "")"
    }
    var lines = [line("input", cut.tensor, "the layer's activations")]
    for side in cut.sideInputs { lines.append(line("input", side.name, "what passes the layer on its side")) }
    if hasTarget {
      lines.append(line("input", network.target, "the class whose score is read, int64, one for all rows or one a row"))
    }
    lines.append(line("output", network.output, "the tensor that is read"))
    lines.append(line("output", network.value, "v (\(request.value.name)), one number a row"))
    lines.append(line("output", network.gradient, "the derivative of v by \"\(cut.tensor)\", of its shape"))
    return lines
  }

  /// Writes the graph as an ONNX file, in the place of an earlier one.
  ///
  /// - Throws: `FileError` where that would be one of the files that were read, or another than a model's, or can't be written; `Failure` where
  ///   weights that lie in files of their own would be out of its reach.
  package func write(to path: String) throws {
    let model = network.model
    if let file = model.externalFiles.first, let folder = model.folder {
      let own = Files.folder(of: path)
      guard own == folder || own == "." && folder.isEmpty else {
        throw Failure(.usage, "\(path): the graph reads weights from \(file) beside it, so write it into \(folder)")
      }
    }
    try filesRead.check(path)
    // A model's first field is the version of its format.
    try checkReplaced(path, holds: "an ONNX model", option: "--out") { $0.first == 0x08 }
    try replaceFile(model.serialized(), at: path, option: "--out")
  }
}
