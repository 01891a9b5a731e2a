import Files
import Random

/// Which stimuli of a set are used, and in which order: what `--select` and `--shuffle` say.
package struct StimulusSelection: Sendable, Hashable {
  package enum Criterion: Sendable, Hashable {
    /// These, by their places in the files, in this order.
    case indices([Int])
    /// Labelled as one of these classes, by name or number.
    case classes([String])
    /// Predicted by the intact network to be one of these classes.
    case predicted([String])
    /// Predicted to be another class than the label.
    case wrong
    case right
  }

  /// All of them hold.
  package let criteria: [Criterion]
  /// The seed of the order; `nil` leaves it.
  package let shuffleSeed: UInt64?

  /// Reads criteria such as `class=3`, `class=cat,dog`, `index=37,41-45`, `predicted=dog`, `wrong` and `right`, joined by
  /// `&`.
  ///
  /// - Throws: `badInput` for anything else.
  package init(_ text: String?, shuffleSeed: UInt64? = nil) throws(StimuliError) {
    var criteria: [Criterion] = []
    for part in text?.split(separator: "&", omittingEmptySubsequences: false) ?? [] {
      criteria.append(try Self.criterion(Self.trimmed(part)))
    }
    self.criteria = criteria
    self.shuffleSeed = shuffleSeed
  }

  /// Whether the network has to be asked about all stimuli first.
  package var needsPredictions: Bool {
    criteria.contains {
      switch $0 {
      case .predicted, .wrong, .right: true
      case .indices, .classes: false
      }
    }
  }

  /// The stimuli that meet all criteria, in order.
  ///
  /// - Parameter predictions: by stimulus of the set, the class that the intact network predicts; needed where
  ///   `needsPredictions`.
  /// - Throws: `badInput` if labels or a class are missing, an index is beyond the end, or none is left.
  package func apply(to set: StimulusSet, predictions: [Int]? = nil) throws(StimuliError) -> StimulusSet {
    var chosen = Array(0..<set.count)
    for criterion in criteria {
      switch criterion {
      case .indices(let indices):
        if let outside = indices.first(where: { $0 >= set.count }) {
          throw StimuliError(
            .badInput, "\(set.description): there is no stimulus \(outside): choose from 0 to \(set.count - 1)")
        }
        let kept = Set(chosen)
        chosen = indices.filter(kept.contains)
      case .classes(let names):
        let labels = try Self.labels(of: set, for: "class=")
        let wanted = try Self.numbers(names, in: set)
        chosen = chosen.filter { wanted.contains(labels[$0]) }
      case .predicted(let names):
        let wanted = try Self.numbers(names, in: set)
        chosen = chosen.filter { wanted.contains(Self.prediction($0, predictions)) }
      case .wrong, .right:
        let labels = try Self.labels(of: set, for: criterion == .wrong ? "wrong" : "right")
        chosen = chosen.filter {
          labels[$0] >= 0 && (Self.prediction($0, predictions) == labels[$0]) == (criterion == .right)
        }
      }
    }
    guard !chosen.isEmpty else {
      throw StimuliError(.badInput, "\(set.description): none of \(set.count) stimuli is chosen by --select: choose others")
    }
    if let shuffleSeed {
      let keys = chosen.map { Self.key(shuffleSeed, set.records[$0]) }
      chosen = chosen.indices.sorted { (keys[$0], chosen[$0]) < (keys[$1], chosen[$1]) }.map { chosen[$0] }
    }
    return try set.select(chosen)
  }

  private static func prediction(_ stimulus: Int, _ predictions: [Int]?) -> Int {
    guard let predictions else { preconditionFailure("predictions, since `needsPredictions` says so") }
    return predictions[stimulus]
  }

  private static func labels(of set: StimulusSet, for criterion: String) throws(StimuliError) -> [Int] {
    guard let labels = set.labels else {
      throw StimuliError(
        .badInput, "--select \(criterion) needs labels, and \(set.noLabels): give them with --labels FILE")
    }
    return labels
  }

  private static func numbers(_ names: [String], in set: StimulusSet) throws(StimuliError) -> Set<Int> {
    var numbers: Set<Int> = []
    for name in names {
      guard let number = set.classNames?.firstIndex(of: name) ?? Int(name) else {
        throw StimuliError(
          .badInput,
          "--select: there is no class \"\(name)\" in \(set.description): give a number, or the classes' names with --class-names FILE"
        )
      }
      numbers.insert(number)
    }
    return numbers
  }

  /// A number that a stimulus's place in a shuffled order follows from. It depends on the seed and on the stimulus's place
  /// in the files alone, so that the order of some doesn't change with what else is chosen.
  private static func key(_ seed: UInt64, _ record: Int) -> UInt64 {
    var random = CounterRandom(seed: seed, domain: .stimulusOrder, index: UInt64(record))
    return random.next()
  }

  // MARK: Reading

  private static func criterion(_ text: Substring) throws(StimuliError) -> Criterion {
    let unread = StimuliError(
      .badInput,
      "--select \(text) is none of wrong, right, class=NAME, predicted=NAME, index=NUMBER, several separated by commas, and joined by &"
    )
    switch text {
    case "wrong": return .wrong
    case "right": return .right
    default: break
    }
    guard let equals = text.firstIndex(of: "=") else { throw unread }
    let values = text[text.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    guard !values.contains("") else { throw unread }
    switch trimmed(text[..<equals]) {
    case "class": return .classes(values.map(String.init))
    case "predicted": return .predicted(values.map(String.init))
    case "index":
      var indices: [Int] = []
      for value in values {
        let ends = value.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
          first <= last, last - first < 1 << 24
        else { throw unread }
        indices += Array(first...last)
      }
      return .indices(indices)
    default: throw unread
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
