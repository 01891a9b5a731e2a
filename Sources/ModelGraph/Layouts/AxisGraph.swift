/// The axes of a network's tensors, and which of them count the same.
///
/// Some operators say what an axis counts: a convolution's second is channels. Others pass that on: a transposition turns
/// axes, a sum has the same ones on both sides. An axis takes the role whose source is nearest, counted in operators, where
/// sources that only suggest a role start farther away.
struct AxisGraph {
  /// How a role passes from one axis to another.
  enum Link {
    case same
    /// Into an axis of entries that the network chooses as it runs: they count the same, but which is which is told by no place.
    case chosen
    /// Into an axis that merges several.
    case merged
    /// Into one of the axes that an axis is split into; heads are the first of two, or what stands beside queries, keys and values.
    case part(Int, of: Int, isHead: Bool)
    /// Into one of all axes of a stimulus that are flattened, as features for what follows: they may count anything.
    case flattened(Int, of: Int)

    var isSame: Bool {
      switch self {
      case .same, .chosen: true
      default: false
      }
    }
    var chooses: Bool { if case .chosen = self { true } else { false } }
    var flattens: Bool { if case .flattened = self { true } else { false } }

    /// The role that arrives and how many operators it counts as; `nil` where nothing can be said.
    ///
    /// - Parameter isCertain: whether it came here along axes that are neither split nor merged.
    func pass(_ role: AxisRole, isCertain: Bool) -> (role: AxisRole, cost: Int)? {
      switch self {
      case .same, .chosen:
        return (role, 1)
      case .merged:
        switch role {
        // A part of features beside parts that count places, as where neighbouring patches are merged, doesn't make the whole
        // features: only where nothing else tells.
        case .channel, .feature: return (.feature, isCertain ? 2 : 500)
        case .batch: return (.batch, 2)
        case .head, .direction: return nil
        default: return (.position, 6)
        }
      case .part(let part, let count, let isHead):
        switch role {
        case .feature: return (isHead ? .head : .feature, 2)
        case .position, .token:
          switch count {
          case 2: return ([.height, .width][part], 3)
          case 3: return ([.depth, .height, .width][part], 3)
          default: return (.position, 3)
          }
        case .batch: return (part == 0 ? .batch : .window, 3)
        default: return (role, 2)
        }
      case .flattened(let part, let count):
        // Farther away than whatever else tells. Of two axes the last is likelier to hold features.
        guard role.isChannel else { return nil }
        return (count == 2 && part == 0 ? .position : .feature, 40)
      }
    }
  }

  /// What is known of an axis.
  struct Finding {
    var role: AxisRole
    /// How far away its source is.
    let cost: Int
    /// The operator that says so, and how.
    let reason: String
    /// Whether it holds for certain: where an axis is split or merged on the way, its parts could be otherwise.
    var isCertain = true
    /// The operator that says so, from 1 on; 0 is none, but how the network is run and read.
    var source = 0
    /// Whether what says so only suggests it.
    var isHint = false
    /// Whether nothing tells but that the axis is flattened with all others: no word on what it is made of.
    var isFlattened = false
    /// Whether the network chooses its entries, or those of the axis that tells, as it runs.
    var isChosen = false
  }

  /// What sources that only suggest a role cost at least.
  static let hint = 8
  /// What it costs to take rows for windows that stand for stimuli elsewhere: farther away than whatever else tells.
  private static let folded = 60
  /// What rows that are folded into the batch may count.
  private static let rows: Set<AxisRole> = [.token, .time, .position]

  private var first: [Int: Int] = [:]
  private var ranks: [Int: Int] = [:]
  /// By vertex; onward are those that an operator goes along from what it is given to what it makes, and both ways where axes stay the same.
  private var links: [[(to: Int, link: Link, isOnward: Bool)]] = []
  private var facts: [(axis: Int, finding: Finding)] = []
  private var findings: [Finding?] = []
  private var definitions: [Finding?] = []
  private var placedRows: Set<Int>?
  private var places: Set<Int> = []
  private var stimulusAxes: Set<Int> = []
  private var tokens: Set<Int> = []
  /// By vertex: of its axis.
  private var lengths: [Int] = []
  /// By vertex: the first of its tensor.
  private var origins: [Int] = []
  /// By the first vertex of a tensor: the axis that counts stimuli.
  private var batches: [Int: Int] = [:]
  /// The axes that others are folded into, with those in order.
  private var folds: [(whole: Int, parts: [Int])] = []
  /// The operator that speaks, from 1 on.
  var source = 0

  mutating func addTensor(_ tensor: Int, _ shape: [Int]) {
    guard first[tensor] == nil else { return }
    let rank = shape.count
    first[tensor] = links.count
    ranks[tensor] = rank
    lengths += shape
    origins += [Int](repeating: links.count, count: rank)
    links += [[(to: Int, link: Link, isOnward: Bool)]](repeating: [], count: rank)
  }

  private func vertex(_ tensor: Int, _ axis: Int) -> Int? {
    guard let first = first[tensor], let rank = ranks[tensor] else { return nil }
    let axis = axis < 0 ? axis + rank : axis
    return axis >= 0 && axis < rank ? first + axis : nil
  }

  /// An axis whose role an operator tells. Negative axes count from the end. `cost` says how sure it is: 0 is a definition.
  mutating func state(_ tensor: Int, _ axis: Int, _ role: AxisRole, cost: Int, _ reason: String) {
    guard let axis = vertex(tensor, axis) else { return }
    if role == .batch, cost == 0 { batches[origins[axis]] = axis }
    facts.append((axis, Finding(role: role, cost: cost, reason: reason, source: source, isHint: cost >= Self.hint)))
  }

  /// Two axes that count the same.
  ///
  /// - Parameter isChosen: whether the network chooses as it runs which entries of the one stand where in the other.
  mutating func link(_ a: Int, _ axisA: Int, _ b: Int, _ axisB: Int, isChosen: Bool = false) {
    guard let a = vertex(a, axisA), let b = vertex(b, axisB) else { return }
    links[a].append((b, isChosen ? .chosen : .same, true))
    links[b].append((a, isChosen ? .chosen : .same, true))
  }

  /// An axis of length 1 whose one entry is taken for each of another: it has that one's role, and tells nothing of that one.
  mutating func repeated(_ a: Int, _ axisA: Int, along b: Int, _ axisB: Int) {
    guard let a = vertex(a, axisA), let b = vertex(b, axisB) else { return }
    links[b].append((a, .same, false))
  }

  /// An axis that merges others, slowest first.
  ///
  /// - Parameters:
  ///   - isWhole: whether these are all axes of a stimulus.
  ///   - isSplit: whether the operator splits the one axis into the others.
  mutating func merge(_ tensor: Int, _ axes: [Int], into merged: Int, _ axis: Int, isWhole: Bool = false, isSplit: Bool = false) {
    guard let whole = vertex(merged, axis) else { return }
    folds.append((whole, axes.compactMap { vertex(tensor, $0) }.filter { lengths[$0] > 1 }))
    let heads = Self.heads(among: axes.map { vertex(tensor, $0).map { lengths[$0] } ?? 0 })
    for (part, axis) in axes.enumerated() {
      guard let axis = vertex(tensor, axis) else { continue }
      links[axis].append((whole, .merged, !isSplit))
      let link: Link =
        isWhole ? .flattened(part, of: axes.count) : .part(part, of: axes.count, isHead: part == heads)
      links[whole].append((axis, link, isSplit))
    }
  }

  /// Which of the axes that features are split into counts heads, if they do: of [heads, features], [3, heads, features] or [heads, 3,
  /// features].
  private static func heads(among lengths: [Int]) -> Int? {
    guard lengths.count == 3 else { return lengths.count == 2 ? 0 : nil }
    return lengths[0] == 3 ? 1 : lengths[1] == 3 ? 0 : nil
  }

  /// Links axes that are folded into one with those that it is unfolded into, where these are as long: windows and heads in the batch are
  /// windows and heads again.
  ///
  /// Cost: linear in axes and links.
  mutating func linkRefolded() {
    var group = [Int?](repeating: nil, count: links.count)
    for start in links.indices where group[start] == nil {
      group[start] = start
      var waiting = [start]
      while let axis = waiting.popLast() {
        for (other, link, _) in links[axis]
        where link.isSame && !link.chooses && lengths[other] == lengths[axis] && group[other] == nil {
          group[other] = start
          waiting.append(other)
        }
      }
    }
    var first: [[Int]: [Int]] = [:]
    for fold in folds where fold.parts.count > 1 {
      let key = [group[fold.whole]!] + fold.parts.map { lengths[$0] }
      guard let others = first[key] else {
        first[key] = fold.parts
        continue
      }
      // Heads that are folded into the batch are none of it.
      func isBatch(_ axis: Int) -> Bool { batches[origins[axis]] == axis }
      for (axis, other) in zip(fold.parts, others) where axis != other && !isBatch(axis) && !isBatch(other) {
        links[axis].append((other, .same, true))
        links[other].append((axis, .same, true))
      }
    }
  }

  /// Gives every axis its nearest source's role. Cost: linear in axes and links, times the logarithm of few.
  mutating func settle() {
    findings = spread(facts) { _ in true }
    // Rows that are folded into the batch stand for stimuli there, but for those that are known to be places.
    placedRows = Set(findings.indices.filter { isRow($0) && findings[$0].map { Self.rows.contains($0.role) } ?? false })
    findings = spread(facts) { _ in true }
    definitions = spread(facts.filter { $0.finding.cost == 0 && $0.finding.source > 0 }, along: \.isSame)
  }

  private func spread(_ facts: [(axis: Int, finding: Finding)], along isPassed: (Link) -> Bool) -> [Finding?] {
    var findings = [Finding?](repeating: nil, count: links.count)
    var waiting: [[(axis: Int, finding: Finding)]] = []
    func put(_ axis: Int, _ finding: Finding, into waiting: inout [[(axis: Int, finding: Finding)]]) {
      while waiting.count <= finding.cost { waiting.append([]) }
      waiting[finding.cost].append((axis, finding))
    }
    for fact in facts { put(fact.axis, fact.finding, into: &waiting) }
    var cost = 0
    while cost < waiting.count {
      var next = 0
      while next < waiting[cost].count {
        let (axis, finding) = waiting[cost][next]
        next += 1
        guard findings[axis] == nil else { continue }
        findings[axis] = finding
        for (other, link, _) in links[axis] where findings[other] == nil && isPassed(link) {
          // Heads that are folded into the batch further on are none of it where the stimuli have an axis of their own.
          if case .merged = link, finding.role == .batch, let own = batches[origins[other]], own != other { continue }
          // Rows that are chosen for stimuli are no stimuli.
          if link.chooses, finding.role == .batch { continue }
          guard var passed = link.pass(finding.role, isCertain: finding.isCertain) else { continue }
          // Nor are tokens that a Reshape folds into the batch, or has folded, where the stimuli have an axis of their own.
          if link.isSame, finding.role == .batch, placedRows?.contains(other) ?? isRow(other) { passed = (.window, Self.folded) }
          let arriving = Finding(
            role: passed.role, cost: finding.cost + passed.cost, reason: finding.reason,
            isCertain: finding.isCertain && link.isSame, source: finding.source, isHint: finding.isHint,
            isFlattened: finding.isFlattened || link.flattens, isChosen: finding.isChosen || link.chooses)
          put(other, arriving, into: &waiting)
        }
      }
      waiting[cost] = []
      cost += 1
    }
    return findings
  }

  /// Whether an axis isn't that of the stimuli, where its tensor is known to have one.
  private func isRow(_ axis: Int) -> Bool { lengths[axis] > 1 && batches[origins[axis]].map { $0 != axis } ?? false }

  /// What the rows count that are folded into a tensor's axis of stimuli; `nil` where they aren't places that some other tensor has an axis
  /// of, beside that of its stimuli.
  func rows(of tensor: Int, _ axis: Int) -> Finding? {
    guard let start = vertex(tensor, axis), lengths[start] > 1 else { return nil }
    var seen: Set<Int> = [start]
    var waiting = [start]
    while let axis = waiting.popLast() {
      for (other, link, _) in links[axis] where link.isSame && !link.chooses && lengths[other] == lengths[start] {
        guard seen.insert(other).inserted else { continue }
        if !isRow(other) { waiting.append(other) }
        if isRow(other), let finding = findings[other], Self.rows.contains(finding.role) { return finding }
      }
    }
    return nil
  }

  /// Takes axes for places, and those that count the same, with what a mean over positions suggests.
  mutating func takeForPlaces(_ losers: [(tensor: Int, axis: Int)]) {
    places = counted(
      losers.compactMap { vertex($0.tensor, $0.axis) } + facts.filter { $0.finding.role == .position }.map(\.axis), along: links)
  }

  /// Follows the axes that operators know to count tokens to those that are as long: a convolution may give more or fewer of something else.
  mutating func followTokens() {
    let asLong = links.indices.map { axis in links[axis].filter { lengths[$0.to] == lengths[axis] } }
    tokens = counted(facts.filter { $0.finding.role == .token && lengths[$0.axis] > 1 }.map(\.axis), along: asLong)
  }

  /// Axes that count the same as some, those among them; what is repeated along one counts nothing.
  private func counted(_ axes: [Int], along links: [[(to: Int, link: Link, isOnward: Bool)]]) -> Set<Int> {
    var waiting = axes
    var found = Set(waiting)
    while let axis = waiting.popLast() {
      for (other, link, isOnward) in links[axis] where link.isSame && isOnward && found.insert(other).inserted {
        waiting.append(other)
      }
    }
    return found
  }

  /// Whether two axes count the same. Cost: linear in the axes that count the same as the first.
  func countsSame(_ one: (tensor: Int, axis: Int), _ other: (tensor: Int, axis: Int)) -> Bool {
    guard let first = vertex(one.tensor, one.axis), let second = vertex(other.tensor, other.axis) else { return false }
    return counted([first], along: links).contains(second)
  }

  /// Whether an axis counts the same as one that is known to count tokens.
  func isOfTokens(_ tensor: Int, _ axis: Int) -> Bool { vertex(tensor, axis).map(tokens.contains) ?? false }

  /// Whether an axis counts the same as one that is known for places.
  func isPlace(_ tensor: Int, _ axis: Int) -> Bool { vertex(tensor, axis).map(places.contains) ?? false }

  /// Follows the axes of what the network is fed through all that keeps, merges and splits them.
  mutating func followAxes(of inputs: [Int]) { stimulusAxes = followed(from: inputs) }

  /// The axes of some tensors, and those that count what these count or were made of them.
  private func followed(from tensors: [Int]) -> Set<Int> {
    var waiting = tensors.flatMap { tensor in (0..<(ranks[tensor] ?? 0)).compactMap { vertex(tensor, $0) } }
    var found = Set(waiting)
    while let axis = waiting.popLast() {
      for (other, link, isOnward) in links[axis] where isOnward && !link.chooses && found.insert(other).inserted {
        waiting.append(other)
      }
    }
    return found
  }

  /// Whether an axis counts what one of another tensor's counts, or was made of such ones. Cost: linear in what follows from that tensor.
  func isMade(_ axis: (tensor: Int, axis: Int), of tensor: Int) -> Bool {
    vertex(axis.tensor, axis.axis).map(followed(from: [tensor]).contains) ?? false
  }

  /// Whether an axis counts what one of the stimuli's counts, or was made of such ones.
  func isOfStimuli(_ tensor: Int, _ axis: Int) -> Bool { vertex(tensor, axis).map(stimulusAxes.contains) ?? false }

  /// By axis; `nil` for a tensor that isn't there.
  func findings(of tensor: Int) -> [Finding?]? { part(of: findings, tensor) }

  /// The same of nothing but definitions: the nearest along axes that are neither split nor merged, however far it is.
  func definitions(of tensor: Int) -> [Finding?]? { part(of: definitions, tensor) }

  private func part(of findings: [Finding?], _ tensor: Int) -> [Finding?]? {
    guard let first = first[tensor], let rank = ranks[tensor] else { return nil }
    return Array(findings[first..<first + rank])
  }
}
