/// How a tensor is laid out, as far as that could be told.
package struct TensorLayoutFinding: Hashable, Sendable {
  /// `nil` where nothing says which axis holds channels.
  package let axes: GridAxes?

  /// One name an axis of the scanned tensor, as in `N,C,H,W`; `?` where it isn't known.
  package let names: String

  /// What tells, or what is missing: the rest of a sentence that begins with the tensor.
  package let reason: String

  /// Whether nothing certain tells and one of several axes was taken for channels: where a Reshape is all there is the first, as pictures lie
  /// in ONNX.
  package let isGuess: Bool

  /// Whether a user says so.
  package let isGiven: Bool

  /// By axis that is taken for places, though it may be none of a stimulus's: why, a sentence's end that says what the axis counts.
  package let doubtfulPlaces: [Int: String]

  package init(
    axes: GridAxes?, names: String, reason: String, isGuess: Bool = false, isGiven: Bool = false,
    doubtfulPlaces: [Int: String] = [:]
  ) {
    self.axes = axes
    self.names = names
    self.reason = reason
    self.isGuess = isGuess
    self.isGiven = isGiven
    self.doubtfulPlaces = doubtfulPlaces
  }

  /// Whether several axes stand behind the grid's height, depth and height for example.
  package var isStacked: Bool { (axes?.height.count ?? 0) > 1 }
}

extension LayoutInference {
  /// The layout of a tensor as it is scanned.
  ///
  /// Channels and features are the grid's channels; tokens, time, depth and height its height; heads and width its width. A
  /// tensor without channels that has heads, as attention's weights have, takes those for channels. One axis needs no
  /// telling: it is a list of features.
  package func layout(of view: TensorView) -> TensorLayoutFinding {
    let shape = view.scannedShape
    let sources = view.sourceAxes
    let known = view.givenShape == nil ? findings(of: view.tensor) : nil
    let all = known ?? [AxisGraph.Finding?](repeating: nil, count: view.sourceShape.count)
    var found: [AxisGraph.Finding?] = sources.map { axis in
      guard let finding = all[axis] else { return nil }
      guard finding.role == .batch else { return finding }
      // Stimuli have an axis of their own now, so what remains of a folded one are the parts of a stimulus.
      return index.numbers[view.tensor].flatMap { axes.rows(of: $0, axis) }
        ?? AxisGraph.Finding(role: .window, cost: finding.cost, reason: finding.reason)
    }
    let defined = view.givenShape == nil ? definitions(of: view.tensor) : nil
    if known != nil {
      Self.settleTokens(of: &found, isOfTokens: sources.map { isOfTokens(view.tensor, $0) }, lengths: Array(shape.dropFirst()))
    }
    let before = found
    let conflict = Self.settleChannels(
      of: &found, defined: defined.map { defined in sources.map { defined[$0] } },
      places: known.map { _ in sources.map { isPlace(view.tensor, $0) } }, lengths: Array(shape.dropFirst()))
    // Exporters write convolutions along a sequence as such along a width, beside a height of 1.
    if found.count == 2, !hasHeight {
      for axis in found.indices where found[axis]?.role == .width { found[axis]?.role = .time }
    }
    let doubts = Dictionary(
      uniqueKeysWithValues: found.indices.compactMap { axis -> (Int, String)? in
        guard let finding = found[axis], !finding.role.isChannel else { return nil }
        if finding.isChosen { return (axis + 1, "what the network chooses as it runs") }
        // Features of another kind than those that other axes hold were taken for places, for want of anything else.
        guard let first = before[axis], first.role.isChannel, known != nil, !isOfStimuli(view.tensor, sources[axis]) else {
          return nil
        }
        return (axis + 1, "features (\(first.reason))")
      })
    let names = "N," + found.map { $0?.role.letter ?? "?" }.joined(separator: ",")
    let long = found.indices.filter { shape[$0 + 1] > 1 }
    guard found.count > 1 else {
      return TensorLayoutFinding(
        axes: GridAxes(height: [], width: [], channels: [1]), names: "N,C", reason: "one axis is a list of features")
    }
    if let conflict { return TensorLayoutFinding(axes: nil, names: names, reason: conflict) }
    var channels = found.indices.filter { found[$0]?.role.isChannel ?? false }
    let isGuess = long.count > 1 && long.allSatisfy { channels.contains($0) && !found[$0]!.isCertain }
    // What one operator tells of the axis that these were split from are channels together.
    let isSplit = Set(channels.map { found[$0]!.source }).count == 1 && channels.allSatisfy { !found[$0]!.isFlattened }
    if long.allSatisfy(channels.contains), long.count < 2 || channels.allSatisfy({ !found[$0]!.isCertain }) && !isSplit,
      channels.count > 1, let nearest = channels.min(by: { found[$0]!.cost < found[$1]!.cost })
    {
      channels = [nearest]
    }
    if channels.isEmpty { channels = found.indices.filter { found[$0]?.role == .head } }
    let roles = channels.compactMap { found[$0] }
    if channels.isEmpty {
      // An axis that alone is longer than 1 is a list of features where nothing tells what it counts.
      let isPlaced = long.contains { found[$0].map { $0.role != .batch && $0.role != .window } ?? false }
      guard long.count > 1 || isPlaced else {
        return finding(
          shape, found, channels: Array(found.indices.suffix(1)), names, "it has one axis that is longer than 1")
      }
      // The last of several axes of space still has neighbours that belong together, so a plane needs no channels.
      let isSpace = long.allSatisfy { found[$0].map { $0.role != .batch } ?? false }
      guard isSpace else {
        return TensorLayoutFinding(
          axes: nil, names: names,
          reason: "nothing in the network tells which of its axes \(shape) holds channels")
      }
      return finding(
        shape, found, channels: [], names, "\(found[long[0]]!.reason), and no axis holds channels", doubts: doubts)
    }
    return finding(shape, found, channels: channels, names, roles.first?.reason ?? "", isGuess: isGuess, doubts: doubts)
  }

  /// The axes that operators name for channels where others define another axis so.
  func losers(of tensor: Int, _ shape: [Int]) -> [Int] {
    guard shape.count > 2, let before = axes.findings(of: tensor), let defined = axes.definitions(of: tensor) else { return [] }
    var found = before
    Self.settleTokens(of: &found, isOfTokens: found.indices.map { axes.isOfTokens(tensor, $0) }, lengths: shape)
    let own = found
    _ = Self.settleChannels(of: &found, defined: defined, places: nil, lengths: shape)
    guard found.indices.contains(where: { found[$0]?.role.isChannel ?? false && defined[$0]?.role.isChannel ?? false }) else {
      return []
    }
    return found.indices.filter { own[$0]?.role != found[$0]?.role && own[$0]!.source > 0 }
  }

  /// Takes no tokens for channels: convolutions and products that go along them mix tokens, as in a network of perceptrons. What such a
  /// convolution takes for its places is features, where no other axis holds any.
  private static func settleTokens(of found: inout [AxisGraph.Finding?], isOfTokens: [Bool], lengths: [Int]) {
    let channels = found.indices.filter { found[$0]?.role.isChannel ?? false }
    let mixed = channels.filter { isOfTokens[$0] }
    guard !mixed.isEmpty else { return }
    if channels.count == mixed.count {
      let others = found.indices.filter { lengths[$0] > 1 && !isOfTokens[$0] && found[$0]?.role != .batch }
      // Scores of tokens by tokens hold no features.
      if !others.isEmpty || found.indices.filter({ lengths[$0] > 1 && isOfTokens[$0] }).count < 2 {
        guard others.count == 1, found[others[0]] != nil else { return }
        found[others[0]]!.role = .feature
      }
    }
    for axis in mixed { found[axis]!.role = .token }
  }

  /// Where operators name several axes for channels, those that are defined so are, and the others are places: weights that go along
  /// the width of a picture, whose channels a convolution tells, mix places. Axes that came of one axis are channels together.
  ///
  /// - Parameters:
  ///   - defined: what operators that define roles tell, by axis.
  ///   - places: which axes count the same as one that is known for places; `nil` where that isn't asked.
  /// - Returns: what is wrong where operators that are equally sure differ.
  private static func settleChannels(
    of found: inout [AxisGraph.Finding?], defined: [AxisGraph.Finding?]?, places: [Bool]?, lengths: [Int]
  ) -> String? {
    let long = found.indices.filter { lengths[$0] > 1 }
    func makePlace(_ axis: Int) {
      found[axis] = AxisGraph.Finding(role: .position, cost: found[axis]!.cost, reason: found[axis]!.reason)
    }
    // Channels of a convolution before features along a last axis, those before what weights go along, and hints last.
    func doubt(_ axis: Int) -> Int {
      guard let role = defined?[axis]?.role, role.isChannel else { return found[axis]!.isHint ? 3 : 2 }
      return role == .channel ? 0 : 1
    }
    func isClasses(_ axis: Int) -> Bool { found[axis]!.source == 0 && doubt(axis) >= 2 }
    // What is only suggested holds no channels where it counts the same as known places and other features, or heads, are left.
    func makeHintedPlaces() {
      let channels = found.indices.filter { found[$0]?.role.isChannel ?? false }
      let hinted = channels.filter { (places?[$0] ?? false) && found[$0]!.isCertain && doubt($0) == 3 }
      if hinted.count < channels.count || found.contains(where: { $0?.role == .head }) { hinted.forEach(makePlace) }
    }
    // Where anything tells features for certain, what is flattened with them is places.
    if found.contains(where: { $0.map { $0.role.isChannel && $0.isCertain } ?? false }) {
      found.indices.filter { found[$0]?.isFlattened ?? false }.forEach(makePlace)
    }
    makeHintedPlaces()
    var channels = found.indices.filter { found[$0]?.role.isChannel ?? false }
    let isAll = long.allSatisfy(channels.contains)
    if isAll, long.count > 1 {
      // What an axis was split or merged of says less than what defines it.
      for axis in channels where !found[axis]!.isCertain { found[axis] = defined?[axis] ?? found[axis] }
      channels = found.indices.filter { found[$0]?.role.isChannel ?? false }
    }
    // What the end compares is classes, or positions where operators name other features and nothing else is left for places.
    if isAll, !channels.allSatisfy(isClasses) {
      channels.filter(isClasses).forEach(makePlace)
    }
    channels = long.filter { found[$0]?.role.isChannel ?? false }
    guard channels.count > 1 else { return nil }
    let certain = channels.filter { found[$0]!.isCertain }
    guard isAll || certain.count == channels.count else { return nil }
    // Where a Reshape that flattens them all is all that tells, the first is taken, as pictures lie in ONNX.
    if certain.isEmpty { return nil }
    // Classes contradict nobody: features of each class lie along another axis.
    let rivals = isAll ? channels : channels.filter { !isClasses($0) }
    let sure = rivals.filter { found[$0]!.isCertain }
    guard let least = sure.map(doubt).min() else { return nil }
    var kept = sure.filter { doubt($0) == least }
    let unplaced = kept.filter { !(places?[$0] ?? false) }
    if least >= 2, !unplaced.isEmpty { kept = unplaced }
    let sources = kept.map { least < 2 ? defined![$0]! : found[$0]! }
    if Set(sources.map(\.source)).count > 1 {
      let reasons = zip(kept, sources).map { "\($1.reason), along axis \($0 + 1)" }
      return "several of its axes \([1] + lengths) could hold channels (\(reasons.joined(separator: "; ")))"
    }
    rivals.filter { !kept.contains($0) }.forEach(makePlace)
    return nil
  }

  private func finding(
    _ shape: [Int], _ found: [AxisGraph.Finding?], channels: [Int], _ names: String, _ reason: String,
    isGuess: Bool = false, doubts: [Int: String] = [:]
  ) -> TensorLayoutFinding {
    let others = found.indices.filter { !channels.contains($0) }
    var width = others.filter { axis in
      switch found[axis]?.role {
      case .width, .head, .direction: true
      default: false
      }
    }
    // Windows along each axis of space, which a folded batch was split into, go with those axes in order.
    let windows = others.filter { found[$0]?.role == .window }
    let space = others.filter { axis in
      switch found[axis]?.role {
      case .height, .width, .depth: true
      default: false
      }
    }
    let places = windows.count == space.count ? Dictionary(uniqueKeysWithValues: zip(windows, space)) : [:]
    width = others.filter { width.contains($0) || width.contains(places[$0] ?? $0) }
    // Two axes that aren't told apart are a plane.
    if width.isEmpty, others.filter({ shape[$0 + 1] > 1 }).count > 1 { width = [others.last!] }
    let height = others.filter { !width.contains($0) }.sorted { (places[$0] ?? $0, $0) < (places[$1] ?? $1, $1) }
    return TensorLayoutFinding(
      axes: GridAxes(height: height.map { $0 + 1 }, width: width.map { $0 + 1 }, channels: channels.map { $0 + 1 }),
      names: names, reason: reason, isGuess: isGuess, doubtfulPlaces: doubts)
  }
}
