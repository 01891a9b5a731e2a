import Arrays

/// An array of an archive, before a model tells what its axes are.
struct NamedArray: Sendable {
  let name: String?
  let array: NumericArray
  /// Whether it is meant for all stimuli as it is, by its place in the archive.
  let isShared: Bool
  /// What its columns are called, where it is a table with a header.
  let columnNames: [String]?

  init(name: String?, array: NumericArray, isShared: Bool = false, columnNames: [String]? = nil) {
    self.name = name
    self.array = array
    self.isShared = isShared
    self.columnNames = columnNames
  }

  /// How many stimuli arrays hold: the length that the most of them have along one of their first two axes, then the one
  /// that the most have along the first, then the earliest. Single numbers, shared arrays and, beside others, arrays of
  /// one row don't count.
  ///
  /// - Parameter inputs: the model's, where they are known: an array that fits its input only with the model's batch axis
  ///   where the model has it counts along that one.
  /// - Returns: `nil` if no array has stimuli.
  static func stimulusCount(_ arrays: [NamedArray], of inputs: [ModelInput] = []) -> Int? {
    let only = inputs.count == 1 && arrays.count == 1 ? inputs.first : nil
    func input(_ named: NamedArray) -> ModelInput? { inputs.first { $0.name == named.name } ?? only }
    // What fills an input that has no batch axis counts nothing, where others do.
    func isWhole(_ named: NamedArray) -> Bool {
      input(named).map { $0.batchAxis == nil && $0.shape != nil && $0.takes(named.array.shape) } ?? false
    }
    let candidates = arrays.filter { !$0.isShared && !$0.array.shape.isEmpty }
    let counting = candidates.filter { !isWhole($0) }
    let counted = (counting.isEmpty ? candidates : counting).map { named in
      var shape = named.array.shape
      if let input = input(named), let axis = input.batchAxis,
        input.takesAlongBatch(shape), input.fit(Array(shape.dropFirst())) == nil
      {
        shape.insert(shape.remove(at: axis), at: 0)
      }
      return shape
    }
    let several = counted.filter { $0[0] != 1 }
    guard let first = several.first else { return counted.isEmpty ? nil : 1 }
    var best = (count: first[0], any: 0, front: 0)
    for length in several.map({ $0[0] }) {
      let any = counted.count { $0.prefix(2).contains(length) }
      let front = counted.count { $0[0] == length }
      if (any, front) > (best.any, best.front) { best = (length, any, front) }
    }
    return best.count
  }
}
