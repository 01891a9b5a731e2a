import Anatomy
import Grids
import Lesion
import ScanPlan
import Shapley
package import Statistics
package import UserErrors

/// Two groups of stimuli against each other, in every layer: of one scan, or the stimuli of two.
package struct ScanContrast: Sendable {
  /// A layer's contrasts.
  package struct Layer: Sendable {
    package var layer: ScanResult.Layer
    /// Of ζ, in v; `nil` where the groups' values are no one quantity.
    package var zeta: GroupContrast?
    /// Of φ, in units of the activation.
    package var density: GroupContrast
    /// How the groups' mean maps of ζ correlate over the regions; `nil` where one doesn't vary, or ζ isn't compared.
    package var agreement: Double?
  }

  /// A group of stimuli.
  package struct Group: Sendable, Hashable {
    package var name: String
    /// What people read: the name, or `class 3` of a class without one.
    package var label: String
    /// Numbers of the scan's stimuli.
    package var stimuli: [Int]
    /// The class's; `nil` of a group by something else.
    package var number: Int?

    /// - Parameter label: the name unless given.
    package init(name: String, label: String? = nil, stimuli: [Int], number: Int? = nil) {
      self.name = name
      self.label = label ?? name
      self.stimuli = stimuli
      self.number = number
    }
  }

  /// Effects are the mean of this group minus that of the other.
  package let first: Group
  package let second: Group
  package let layers: [Layer]
  /// Whether each stimulus of the first is compared with the same one of the second.
  package let isPaired: Bool
  /// What the groups' means are compared within, in the plural; `nil` where they aren't.
  package let within: String?
  /// What a reader should know: why ζ isn't compared, which layers aren't.
  package let notes: [String]

  /// Compares ζ and φ of the two groups. Series that were skipped don't count. Where stimuli are in clusters or of a stream, what is
  /// compared are means of these, each with its own where both groups have it.
  ///
  /// - Parameter notes: what a reader should know of the groups.
  /// - Throws: `Failure` (`badInput`) if a group is too small, with the number needed.
  package init(
    _ result: ScanResult, _ first: Group, _ second: Group, notes: [String] = [], permutations: Int
  ) throws(Failure) {
    let units = IndependentUnits(result.plan, result.request)
    let isWithin = Self.isWithin(units, first, second)
    (self.first, self.second, isPaired, within) = (first, second, false, isWithin ? units.name : nil)
    let mixture = ClassMixture(first, second, of: result)
    self.notes =
      notes
      + [mixture].compactMap {
        $0?.note((first.name, second.name), help: "scan with --value margin, --value prob, or one class for all (--target 3)")
      } + [isWithin ? Self.note(within: units, first, second) : Self.note(on: units, first, second)].compactMap(\.self)
    var layers: [Layer] = []
    for layer in result.layers {
      let make = Self.maker(result, layer.plan.number, permutations)
      /// Of the groups' stimuli that count, rows of them as means by unit.
      func compare(_ a: [Int], _ b: [Int], _ kind: UInt64, _ row: (Int) -> [Double]) throws(Failure) -> GroupContrast {
        let (a, b) = isWithin ? units.common(a, b) : (a, b)
        let (x, y) = (units.means(a.map(row), of: a), units.means(b.map(row), of: b))
        try Self.check(x.count, y.count, units, first, second, layer.plan.number)
        return make(x, y, nil, kind, isWithin)
      }
      func measured(_ group: Group) -> [Int] { group.stimuli.filter { layer.series[$0] != nil } }
      let density = try compare(first.stimuli, second.stimuli, 1) { layer.densities[$0] }
      let contrast = mixture == .disjoint ? nil : try compare(measured(first), measured(second), 0) { layer.series[$0]!.zeta }
      layers.append(Layer(layer: layer, zeta: contrast, density: density, agreement: contrast?.agreement))
    }
    self.layers = layers
  }

  /// Compares the stimuli of two scans in the layers that have the same tensor and grid in both; stimulus by stimulus, on
  /// those that both were shown, if there are three.
  ///
  /// - Parameter names: of the scans.
  /// - Throws: `Failure` (`badInput`) if they measured different values, share no layer, or one has too few stimuli.
  package init(
    _ a: ScanResult, _ b: ScanResult, names: (String, String), permutations: Int
  ) throws(Failure) {
    let (mine, others) = (a.request.measurement, b.request.measurement)
    guard mine.value == others.value, mine.index == others.index else {
      throw Failure(
        .badInput,
        "\(names.0) measured \(mine.value.name) (\(mine.index.rawValue)) and \(names.1) \(others.value.name) (\(others.index.rawValue)), so their ζ have no common unit; scan both with the same --value and --index"
      )
    }
    let common = Self.commonStimuli(a, b)
    let isSame = common.count >= GroupContrast.leastGroup
    (isPaired, within) = (isSame, nil)
    first = Group(name: names.0, stimuli: isSame ? common.map(\.0) : Array(0..<a.plan.stimulusCount))
    second = Group(name: names.1, stimuli: isSame ? common.map(\.1) : Array(0..<b.plan.stimulusCount))
    let isOfClass = mine.value == .logit
    var (layers, notes): ([Layer], [String]) = ([], [])
    if isSame, common.count < max(a.plan.stimulusCount, b.plan.stimulusCount) {
      notes.append("Compared on the \(common.count) stimuli that both were shown.")
    }
    if let frozen = b.plan.frozenPart?.tensor, mine.frozen == nil {
      notes.append("In \(names.1) \(frozen) stays intact: the difference is what goes through it, the mediated effect.")
    }
    let shown = isSame ? common : []
    notes += [
      Self.noteOnPairing(a, b, common.count, names), Self.noteOnLesions(mine.lesion, others.lesion, names),
      Self.noteOnReading(a.plan, b.plan, shown, names),
    ].compactMap(\.self)
    let changed = common.count { a.targets[$0.0] != b.targets[$0.1] }
    let mixture = isSame || !ClassMixture.matters(in: a) ? nil : ClassMixture(a.targets, b.targets)
    let isOfOthers = isSame ? isOfClass && common.count - changed < GroupContrast.leastGroup : mixture == .disjoint
    if let mixture {
      notes.append(mixture.note(names, help: "scan both with the same --target, or with --value margin or prob"))
    } else if isOfOthers {
      notes.append(
        "ζ isn't compared, since \(changed) of \(common.count) stimuli have another target class in the other scan, and logits of different classes have no common zero: scan both with the same --target, or with --value margin or prob. Densities are compared."
      )
    } else if isSame, isOfClass, changed > 0 {
      notes.append("\(changed) of \(common.count) stimuli have another target class in the other scan, so ζ of them is left out.")
    }
    let (own, theirs) = (IndependentUnits(a.plan, a.request), IndependentUnits(b.plan, b.request))
    // Pairs go by the larger units of the two.
    let goesByOwn = own.count(of: first.stimuli) <= theirs.count(of: second.stimuli)
    let units = goesByOwn ? own : theirs
    if let note = Self.note(on: units) { notes.append(note) }
    let isEfficient = mine.index == .shapley
    var mixed: [String] = []
    for layer in a.layers {
      guard let other = b.layers.first(where: { $0.plan.tensor == layer.plan.tensor && $0.grid.hasSameRegions(as: layer.grid) })
      else {
        notes.append("\(layer.plan.tensor) isn't in both scans with the same regions, and is left out.")
        continue
      }
      var (mine, others) = (
        layer.series.indices.filter { layer.series[$0] != nil }, other.series.indices.filter { other.series[$0] != nil }
      )
      if isSame {
        let pairs = common.filter { mine, others in
          layer.series[mine] != nil && other.series[others] != nil && (!isOfClass || a.targets[mine] == b.targets[others])
        }
        (mine, others) = (pairs.map(\.0), pairs.map(\.1))
      }
      let (x, y) = (mine.map { layer.series[$0]! }, others.map { other.series[$0]! })
      let make = Self.maker(a, layer.plan.number, permutations)
      var contrast: GroupContrast?
      if !isOfOthers {
        let (p, q) = (Side(x, isEfficient: isEfficient), Side(y, isEfficient: isEfficient))
        let pairs = goesByOwn ? mine : others
        let zeta =
          isSame
          ? (units.means(p.zeta, of: pairs), units.means(Self.rounded(q.zeta, to: p.zeta, x, y), of: pairs))
          : (own.means(p.zeta, of: mine), theirs.means(q.zeta, of: others))
        try Self.check(zeta.0.count, zeta.1.count, units, first, second, layer.plan.number)
        contrast = make(zeta.0, zeta.1, p.bias(with: q), 0, isSame)
        if (layer.gradients == nil) != (other.gradients == nil) { mixed.append("layer_\(layer.plan.number)") }
      }
      let densities = (first.stimuli.map { layer.densities[$0] }, second.stimuli.map { other.densities[$0] })
      let pairs = (goesByOwn ? first : second).stimuli
      let density =
        isSame
        ? (units.means(densities.0, of: pairs), units.means(densities.1, of: pairs))
        : (own.means(densities.0, of: first.stimuli), theirs.means(densities.1, of: second.stimuli))
      try Self.check(density.0.count, density.1.count, units, first, second, layer.plan.number)
      layers.append(
        Layer(
          layer: layer, zeta: contrast,
          density: make(density.0, density.1, nil, 1, isSame),
          agreement: contrast?.agreement))
    }
    guard !layers.isEmpty else {
      throw Failure(
        .badInput,
        "\(names.0) and \(names.1) share no layer of the same tensor and grid; scan both with the same --layers and --grid")
    }
    if !mixed.isEmpty {
      notes.append(
        "ζ of \(mixed.joined(separator: ", ")) are by gradients in one scan and by values in the other: the errors count only a part of the gradients' bias, so small differences may be that; scan both with the same --estimator to tell."
      )
    }
    (self.layers, self.notes) = (layers, notes)
  }

  /// Whether two groups of a scan's stimuli are compared within units that aren't stimuli: where most that a group has are the other's, too.
  private static func isWithin(_ units: IndependentUnits, _ first: Group, _ second: Group) -> Bool {
    let common = units.count(of: units.common(first.stimuli, second.stimuli).first)
    let most = max(units.count(of: first.stimuli), units.count(of: second.stimuli))
    return units.reason != nil && common >= GroupContrast.leastPairs && 2 * common >= most
  }

  /// Why stimuli aren't paired though some may be the same, in a sentence; `nil` where they are, or have nothing in common.
  private static func noteOnPairing(_ a: ScanResult, _ b: ScanResult, _ common: Int, _ names: (String, String)) -> String? {
    guard common < GroupContrast.leastGroup else { return nil }
    if a.plan.dataDigest != b.plan.dataDigest {
      return """
        \(names.0) and \(names.1) read other files, so no stimulus of one is taken for one of the other: where some are the same, \
        scan both from one file, and choose stimuli by --select.
        """
    }
    guard common > 0 else { return nil }
    return """
      Both were shown \(common == 1 ? "1 stimulus" : "\(common) stimuli"), and pairs need \(GroupContrast.leastGroup): all stimuli are \
      compared, as if none were the same.
      """
  }

  /// ζ of one scan's stimuli in a layer: where they are by gradients, with their common bias taken off as far as it is told.
  private struct Side {
    var zeta: [[Double]]
    /// `[regions]`: what may be left of it, squared; `nil` by values.
    var remainingBias: [Double]?

    init(_ series: [Estimate], isEfficient: Bool) {
      let gradients = series.compactMap { GradientEstimate($0) }
      guard gradients.count == series.count, series.count > 1 else {
        zeta = series.map(\.zeta)
        return
      }
      let pooled = PooledCorrection(series: gradients, isEfficient: isEfficient)
      (zeta, remainingBias) = (pooled.zeta, pooled.remainingBias)
    }

    /// Of the difference; `nil` where both are by values.
    func bias(with other: Side) -> [Double]? {
      guard let remainingBias, let others = other.remainingBias else { return remainingBias ?? other.remainingBias }
      return zip(remainingBias, others).map(+)
    }
  }

  /// ζ of stimuli in another scan, `[stimuli][regions]`, and the first scan's own where the two are apart by no more than values are
  /// rounded: passes of one network that is cut or fed otherwise differ in their last bits.
  private static func rounded(
    _ others: [[Double]], to own: [[Double]], _ estimates: [Estimate], _ otherEstimates: [Estimate]
  ) -> [[Double]] {
    own.indices.map { stimulus in
      let (a, b) = (estimates[stimulus], otherEstimates[stimulus])
      let least = max(a.rounding, b.rounding)
      return zip(own[stimulus], others[stimulus]).map { abs($0 - $1) <= least ? $0 : $1 }
    }
  }

  /// The stimuli that both scans were shown, as numbers of each; none where they come from different files.
  private static func commonStimuli(_ a: ScanResult, _ b: ScanResult) -> [(Int, Int)] {
    guard a.plan.dataDigest == b.plan.dataDigest else { return [] }
    let places = Dictionary(
      b.plan.stimulusPlaces.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    return a.plan.stimulusPlaces.enumerated().compactMap { number, place in places[place].map { (number, $0) } }
  }

  private static func check(
    _ a: Int, _ b: Int, _ units: IndependentUnits, _ first: Group, _ second: Group, _ layer: Int
  ) throws(Failure) {
    guard let reason = GroupContrast.reasonForNone(a, b, of: units.name) else { return }
    throw Failure(
      .badInput,
      "\(first.name) against \(second.name) can't be compared in layer_\(layer): \(reason) Scan more stimuli, or choose other groups"
    )
  }

  private static func maker(
    _ result: ScanResult, _ layer: Int, _ permutations: Int
  ) -> (_ a: [[Double]], _ b: [[Double]], _ bias: [Double]?, _ kind: UInt64, _ isPaired: Bool) -> GroupContrast {
    { a, b, bias, kind, isPaired in
      GroupContrast(
        a, b, bias: bias, isPaired: isPaired, permutations: permutations, confidence: result.request.analysis.confidence,
        seed: result.request.measurement.seed, stream: 2 * UInt64(layer) + kind)
    }
  }
}
