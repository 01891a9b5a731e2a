/// A tensor that stays as the intact network has it, whatever is lesioned upstream of it: all of it, or some units.
package struct FrozenTensor: Sendable, Hashable, Codable {
  package let tensor: String
  /// For a batch of one.
  package let shape: [Int]
  /// The units that are frozen, as stretches of memory in ascending order; `nil`: all.
  package let units: [Range<Int>]?

  /// - Parameter isFrozen: of each unit, in memory order. [units]
  package init(tensor: String, shape: [Int], isFrozen: [Bool]) {
    precondition(isFrozen.count == shape.reduce(1, *), "one answer a unit")
    self.tensor = tensor
    self.shape = shape
    guard isFrozen.contains(false) else {
      units = nil
      return
    }
    var stretches: [Range<Int>] = []
    var start: Int?
    for (unit, frozen) in (isFrozen + [false]).enumerated() {
      if frozen, start == nil { start = unit }
      if !frozen, let first = start {
        stretches.append(first..<unit)
        start = nil
      }
    }
    units = stretches
  }

  /// How many units are frozen.
  package var unitCount: Int { units.map { $0.reduce(0) { $0 + $1.count } } ?? shape.reduce(1, *) }

  /// Whether the stretches lie in the tensor, one after the other; asked of what was read from a file.
  package var isConsistent: Bool {
    guard let units else { return true }
    let limits = units.flatMap { [$0.lowerBound, $0.upperBound] }
    return limits == limits.sorted() && limits.first ?? 0 >= 0 && limits.last ?? 0 <= shape.reduce(1, *)
  }
}
