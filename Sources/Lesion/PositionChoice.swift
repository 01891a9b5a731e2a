/// Which position of an output that has one score a class at several positions, such as a sequence's, is read.
package enum PositionChoice: Hashable, Sendable, Codable {
  /// The mean over all.
  case mean
  /// One; a negative number counts from the end.
  case at(Int)
  /// The last at which an input, a mask of zeros and ones with one entry a position, isn't 0.
  case lastUnmasked(String)
  /// One for each stimulus; negative numbers count from the end.
  case perStimulus([Int])

  /// Reads `mean`, `last`, a number, numbers separated by commas (one a stimulus), or `last-unmasked MASK`; `nil` if it is
  /// none of these.
  package init?(parsing text: String) {
    switch text {
    case "mean": self = .mean
    case "last": self = .at(-1)
    default:
      if text.hasPrefix("last-unmasked") {
        let name = text.dropFirst("last-unmasked".count).drop { $0 == " " || $0 == ":" }
        guard !name.isEmpty else { return nil }
        self = .lastUnmasked(String(name))
        return
      }
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.allSatisfy({ $0 != nil }), let first = numbers.first else { return nil }
      self = numbers.count == 1 ? .at(first!) : .perStimulus(numbers.map { $0! })
    }
  }

  /// Whether another may be read of each stimulus.
  package var isOfEachStimulus: Bool {
    switch self {
    case .mean, .at: false
    case .lastUnmasked, .perStimulus: true
    }
  }

  /// As it is written on the command line.
  package var name: String {
    switch self {
    case .mean: "mean"
    case .at(-1): "last"
    case .at(let position): "\(position)"
    case .lastUnmasked(let mask): "last-unmasked \(mask)"
    case .perStimulus(let positions): positions.map(String.init).joined(separator: ",")
    }
  }
}
