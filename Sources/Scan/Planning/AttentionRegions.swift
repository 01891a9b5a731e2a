import Files
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan
import Stimuli

/// Regions that a transformer's tensors have by themselves: heads, tokens, patches of a picture.
struct AttentionRegions {
  /// What a layer is divided into.
  struct Division {
    let labels: RegionLabels
    /// How regions are laid out, where they have places.
    var size: GridSize?
    var names: [String]
    var notes: [String] = []
  }

  /// Tokens that stand for no patch of a picture: none, a class's, a class's and a distillation's or four registers beside it.
  private static let tokensApart = [0, 1, 2, 5]

  private let heads: AttentionHeads
  private let feed: StimulusFeed
  private let model: Model
  private let shapes: [String: [Int]]
  private let layouts: LayoutInference
  private let vocabulary: Vocabulary?
  /// [height, width] of the pictures; `nil` where stimuli are none.
  private let picture: (height: Int, width: Int)?

  /// The tensors that keep heads apart, the first of each attention that can be scanned.
  let headLayers: [String]
  /// A tensor that keeps heads apart, scannable or not; `nil` where none does.
  let hiddenHeads: String?
  /// What else weighs positions, by what its softmax makes, though no heads could be told.
  let unrecognised: [String]

  /// - Parameter path: of a tokenizer's vocabulary.
  /// - Throws: `FileError` where it can't be read; `StimuliError` where stimuli don't fit the model.
  init(_ survey: NetworkSurvey, stimuli: StimulusSet, runtime: Runtime, vocabulary path: String?) throws {
    heads = AttentionHeads(of: survey.model, shapes: survey.shapes)
    let scannable = Set(survey.layers.map(\.candidate.tensor))
    let viewed = Dictionary(survey.preparation.views.map { ($0.nameAsMade, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    unrecognised = heads.unrecognised.map { viewed[$0] ?? $0 }
    headLayers = heads.chains.compactMap { $0.first(where: scannable.contains) }
    hiddenHeads = heads.chains.first?.last
    vocabulary = try path.map { path throws(FileError) in try Vocabulary(path) }
    model = survey.model
    shapes = survey.shapes
    layouts = survey.layouts
    feed = try StimulusFeed(
      runtime: runtime, stimuli: stimuli, inputs: survey.model.inputPorts(reading: survey.readTensor))
    let shape = feed.bindings.first { $0.shape.count == 4 }?.shape
    picture = shape.flatMap { shape in
      [1, 3].contains(shape[1]) ? (shape[2], shape[3]) : [1, 3].contains(shape[3]) ? (shape[1], shape[2]) : nil
    }
  }

  /// The axis of a layer that counts tokens, or patches as stretches of a picture.
  ///
  /// - Throws: `GridError` (`badInput`) where none is known to, or where it may count other things, as those of a layer's state.
  private static func tokenAxis(of layer: NetworkSurvey.Layer, _ words: String) throws(GridError) -> Int {
    let tensor = layer.candidate.tensor
    let letters = layer.layout.names.split(separator: ",")
    let known = letters.indices.filter { letters[$0] == "T" }
    var found = known.count == 1 ? known.first : nil
    if found == nil, let axes = layer.layout.axes, layer.shape.count == 3, axes.height.count == 1, axes.width.isEmpty {
      found = axes.height[0]
    }
    guard let axis = found else {
      let axes = layer.layout.axes
      let channels = axes?.channels ?? [layer.shape.count - 1]
      let hint =
        if let axes, !axes.height.isEmpty, !axes.width.isEmpty {
          "its places lie in rows and columns, and --regions positions takes each"
        } else if let likely = layer.shape.indices.dropFirst().last(where: { !channels.contains($0) && letters[$0] != "head" }) {
          "say so with --layout \"\(tensor)=\(naming(likely, of: layer))\""
        } else {
          "it is one list of features"
        }
      throw GridError(.badInput, "none of its axes is known to count \(words); \(hint)")
    }
    if let doubt = layer.layout.doubtfulPlaces[axis] {
      throw GridError(
        .badInput,
        """
        its axis of \(layer.shape[axis]) may count no \(words), but \(doubt); if it does count them say so with --layout \
        \"\(tensor)=\(naming(axis, of: layer))\"
        """)
    }
    return axis
  }

  /// A layout of a layer in which an axis counts tokens.
  private static func naming(_ axis: Int, of layer: NetworkSurvey.Layer) -> String {
    var others = Array("hwd")
    let channels = layer.layout.axes?.channels.first ?? layer.shape.indices.last { $0 != axis }
    return layer.shape.indices.dropFirst().reduce(into: "n") { name, place in
      name.append(place == axis ? "t" : place == channels ? "c" : others.isEmpty ? "?" : others.removeFirst())
    }
  }

  /// - Throws: `GridError` (`badInput`) with the end of a sentence that begins with the layer where it has no such regions.
  func division(of layer: NetworkSurvey.Layer, by source: RegionSource) throws -> Division {
    switch source {
    case .heads: try headDivision(layer, byPosition: false)
    case .headPositions: try headDivision(layer, byPosition: true)
    case .tokens: try tokenDivision(layer)
    case .patches: try patchDivision(layer)
    case .file: preconditionFailure("files are read elsewhere")
    }
  }

  private func headDivision(_ layer: NetworkSurvey.Layer, byPosition: Bool) throws -> Division {
    guard let finding = heads[tensor: layer.candidate.tensor], finding.shape == layer.shape else {
      throw GridError(.badInput, "it keeps no heads apart that could be found in the graph")
    }
    let count = finding.headCount
    guard byPosition else {
      let labels = try Self.labels(layer.shape, along: finding.headAxes) { entries in
        entries.reduce(0) { $0 + finding.head(ofEntry: $1.entry, along: $1.axis) }
      }
      return Division(labels: labels, names: (0..<count).map { "head \($0)" })
    }
    guard !finding.hasFeaturesFirst else {
      throw GridError(
        .badInput,
        "its positions lie behind each head's features, and no division of that kind is known; --regions heads takes whole heads")
    }
    // Beside heads and what is last, features, what attention makes has positions alone.
    let others = layer.shape.indices.dropFirst().dropLast().filter { !finding.headAxes.contains($0) }
    guard others.count == 1, let axis = others.first else {
      throw GridError(.badInput, "which of its axes counts positions can't be told")
    }
    let length = layer.shape[axis]
    let labels = try Self.labels(layer.shape, along: finding.headAxes + [axis]) { entries in
      let head = entries.reduce(0) { $1.axis == axis ? $0 : $0 + finding.head(ofEntry: $1.entry, along: $1.axis) }
      return head * length + (entries.first { $0.axis == axis }?.entry ?? 0)
    }
    return Division(
      labels: labels, size: GridSize(height: count, width: length, channels: 1),
      names: (0..<count * length).map { "head \($0 / length) at \($0 % length)" })
  }

  private func tokenDivision(_ layer: NetworkSurvey.Layer) throws -> Division {
    let axis = try Self.tokenAxis(of: layer, "tokens")
    let length = layer.shape[axis]
    if !layer.layout.isGiven, let other = feed.otherTokens(thanPositions: length, of: layer.candidate.tensor, in: model) {
      throw GridError(
        .badInput,
        """
        its \(length) positions aren't the \(other.count) tokens of \"\(other.input)\"; to take them all the same say --layout \
        \"\(layer.candidate.tensor)=\(Self.naming(axis, of: layer))\"
        """)
    }
    let tokens = try TokenAxis(
      feed, length: length, of: layer.candidate.tensor, along: layer.view.sourceAxes[axis - 1], in: model, layouts)
    let presence = tokens.presence
    let kept = presence.indices.filter { presence[$0] > 0 }
    let number = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    let labels = try Self.labels(layer.shape, along: [axis]) { number[$0[0].entry] ?? Int(RegionLabels.intact) }
    var names: [String] = []
    for position in kept {
      var name = "token \(position)"
      if let vocabulary, let token = tokens.token(at: position) { name += " " + (try vocabulary.token(token)) }
      names.append(name)
    }
    var division = Division(labels: labels, names: names)
    if let some = kept.first(where: { presence[$0] < feed.stimuli.count }) {
      division.notes.append(
        "At token \(some), and perhaps at others, some stimuli have padding: compare stimuli of one length, or read their own maps."
      )
    }
    if let reason = tokens.mask?.reason {
      division.notes.append("All positions are taken for tokens, padding among them: \(reason).")
    }
    return division
  }

  private func patchDivision(_ layer: NetworkSurvey.Layer) throws -> Division {
    let axis = try Self.tokenAxis(of: layer, "patches")
    let length = layer.shape[axis]
    guard let (apart, cut) = patches(length, of: layer.candidate.tensor, along: layer.view.sourceAxes[axis - 1]) else {
      throw GridError(
        .badInput,
        "its \(length) positions are no grid of patches of a picture, with or without 1, 2 or 5 tokens apart: --regions tokens takes each"
      )
    }
    let labels = try Self.labels(layer.shape, along: [axis]) {
      $0[0].entry < apart ? Int(RegionLabels.intact) : cut.patch(ofToken: $0[0].entry - apart)
    }
    var division = Division(
      labels: labels, size: GridSize(height: cut.rows, width: cut.columns, channels: 1),
      names: (0..<cut.count).map { "patch \($0 / cut.columns), \($0 % cut.columns)" })
    if apart > 0 {
      division.notes.append(
        "The first \(apart == 1 ? "token, a class's, stays" : "\(apart) tokens, which are no patches, stay") intact in layers that have \(apart == 1 ? "it" : "them"); --regions tokens measures \(apart == 1 ? "it" : "them") too."
      )
    }
    return division
  }

  /// How many tokens stand apart, and how the others were cut out of the picture: by a convolution, or else row by row as squares.
  ///
  /// `nil` where no convolution makes as many patches that the axis counts, and the stimuli are no pictures, squares of no size are as
  /// many, or the axis counts nothing of a stimulus, as queries that were learnt.
  private func patches(_ length: Int, of tensor: String, along axis: Int) -> (apart: Int, cut: PatchCut)? {
    let cuts = model.patchCuts(upstreamOf: tensor, shapes: shapes)
    for apart in Self.tokensApart {
      let fitting = cuts.first {
        $0.cut.count > 1 && $0.cut.count == length - apart && layouts.countsSame($0.tokens, (tensor, axis))
      }
      if let fitting { return (apart, fitting.cut) }
    }
    guard let picture, layouts.isOfStimuli(tensor, axis) else { return nil }
    for apart in Self.tokensApart where length > apart + 1 {
      for size in 1...min(picture.height, picture.width)
      where picture.height % size == 0 && picture.width % size == 0
        && picture.height / size * (picture.width / size) == length - apart
      {
        return (apart, PatchCut(rows: picture.height / size, columns: picture.width / size, goesByColumns: false))
      }
    }
    return nil
  }

  /// Labels that depend on the entries along some axes alone.
  private static func labels(
    _ shape: [Int], along axes: [Int], _ region: (_ entries: [(axis: Int, entry: Int)]) -> Int
  ) throws(GridError) -> RegionLabels {
    let axes = axes.sorted()
    let lengths = axes.map { shape[$0] }
    let regions = (0..<lengths.reduce(1, *)).map { number in
      var rest = number
      var entries: [(axis: Int, entry: Int)] = []
      for (axis, length) in zip(axes, lengths).reversed() {
        entries.append((axis, rest % length))
        rest /= length
      }
      return region(entries)
    }
    let own = shape.indices.dropFirst().map { axes.contains($0) ? shape[$0] : 1 }
    return try RegionLabels(shape: own, regions: regions, place: "it")
  }
}
