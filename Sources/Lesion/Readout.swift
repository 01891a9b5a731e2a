/// What of a network's outputs a value is made of, and where it lies.
package struct Readout: Hashable, Sendable, Codable {
  /// The model's output that was chosen.
  package var output: String
  /// The tensor that is read: the output, or what lies before its softmax or its decision.
  package var tensor: String
  /// The tensor's shape for one stimulus, without batch axis.
  package var shape: [Int]
  /// The axis of `shape` that counts classes; `nil` where there is one score only, or where elements are named.
  package var classAxis: Int?
  /// The position that is read, along the one axis besides the classes: empty for the mean over all positions, one entry
  /// for all stimuli, or one each.
  package var positions: [Int]
  /// Where a class's score is the mean over some positions of each stimulus, as those that are no padding: these, in order. [stimuli]
  package var unmasked: [[Int]]?
  package var link: OutputReader.Link
  package var value: ValueFunction
  /// For each term of a sum of classes' scores its class: one for all stimuli, or one each; −1 is the target.
  package var classes: [[Int]]?
  /// Whether the one score x stands for two classes: x, or the chance x, speaks for 1, yes, and −x, or 1 − x, for 0, no.
  package var isDecision: Bool?
  /// Of the loss of a continuation, the class that is right at each position, in memory order; those below 0 count nothing. One row
  /// for all stimuli, or one each.
  package var continuation: [[Int]]?
  /// Of the cosine to given vectors: one for all stimuli, or one each. [classes]
  package var vectors: [[Float]]?

  package init(
    output: String, tensor: String, shape: [Int], classAxis: Int?, positions: [Int] = [], link: OutputReader.Link,
    value: ValueFunction, classes: [[Int]]? = nil
  ) {
    self.output = output
    self.tensor = tensor
    self.shape = shape
    self.classAxis = classAxis
    self.positions = positions
    self.link = link
    self.value = value
    self.classes = classes
  }

  /// When a single score stands for two classes, no and yes.
  package enum DecisionRule: Sendable {
    /// Where the value names classes, or can't do without.
    case whereTheValueNamesClasses
    /// The same, and where the network makes a chance of the score, or the value does: a class is named.
    case whereItIsAChance
    /// Labels are asked for.
    case always
  }

  /// Lets a single score stand for two classes, by a rule.
  package mutating func decide(by rule: DecisionRule) {
    guard classAxis.map({ shape[$0] }) ?? 1 == 1 else { return }
    let isChance = [.sigmoid, .chances].contains(link)
    isDecision =
      switch value {
      case .continuation: true
      case .expression: isChance || rule == .always
      case _ where !value.isOfTarget: nil
      case _ where rule == .always: true
      case _ where rule == .whereItIsAChance: isChance || value.readsProbabilities || value == .margin
      default: isChance && value.needsClasses
      }
    if isDecision == false { isDecision = nil }
  }

  /// What a user should know of a decision.
  package static let noteOnDecision = "The one score stands for two classes: it speaks for 1, yes, and its opposite for 0, no."

  /// How many positions the output has besides its classes; 1 where elements are named.
  package var positionCount: Int {
    value.readsElements ? 1 : shape.reduce(1, *) / max(1, classAxis.map { shape[$0] } ?? 1)
  }

  /// Whether the value is made of scores that are means over positions.
  package var isOfMeans: Bool {
    if case .continuation = value { return false }
    return positions.isEmpty && positionCount > 1
  }

  /// Whether it is, and isn't the mean of what it would be at each.
  package var isOfMeansAlone: Bool {
    guard isOfMeans, !value.isAffineInScores else { return false }
    switch value {
    case .probability: return ![.distribution, .chances].contains(link)
    case .expression(let expression):
      return [.distribution, .chances].contains(link) ? expression.terms.contains { $0.quantity == .logProbability } : true
    case .margin: return isDecision != true
    default: return true
    }
  }

  /// Whether what is read differs from stimulus to stimulus.
  package var isOfEachStimulus: Bool {
    positions.count > 1 || unmasked != nil || (classes ?? []).contains { $0.count > 1 } || continuation?.count ?? 1 > 1
      || vectors?.count ?? 1 > 1
  }

  /// What is read of some of the stimuli, with a row for each of them wherever there are rows.
  package func reading(of stimuli: some Collection<Int>) -> Readout {
    func rows<Row>(_ all: [Row]) -> [Row] { all.isEmpty ? [] : stimuli.map { all.count == 1 ? all[0] : all[$0] } }
    var readout = self
    readout.positions = rows(positions)
    readout.unmasked = unmasked.map(rows)
    readout.classes = classes?.map(rows)
    readout.continuation = continuation.map(rows)
    readout.vectors = vectors.map(rows)
    return readout
  }

  /// Where scores are read, in words.
  package var place: String {
    if !positions.isEmpty {
      return Set(positions).count == 1 ? "those at position \(positions[0])" : "those at a position of each stimulus"
    }
    return unmasked == nil
      ? "means over all \(positionCount) positions" : "means over the positions at which a mask among the inputs is 1"
  }

  /// Whether there is one row for all stimuli or one for each of so many, wherever there are rows.
  package func fits(stimuli count: Int) -> Bool {
    (unmasked?.count ?? count) == count
      && ((classes ?? []).map(\.count) + [continuation?.count, vectors?.count].compactMap(\.self)).allSatisfy {
        $0 == 1 || $0 == count
      }
  }
}
