/// Values that take classes or a vector from an array.
extension OutputReader {
  /// - Throws: `LesionError` (`badRequest`) where the array doesn't fit the output.
  func checkArrays() throws(LesionError) {
    func failure(_ words: String) -> LesionError { LesionError(.badRequest, "\(readout.value.name): \(words)") }
    switch readout.value {
    case .continuation:
      guard readout.classAxis != nil, offsets.count > 1 else {
        throw failure(
          "a continuation has a class at each of several positions, and the output has one position (shape \(readout.shape) for one stimulus); give --value loss with --target label"
        )
      }
      guard let rows = readout.continuation, !rows.isEmpty else { throw failure("it isn't known which classes are right") }
      for (number, row) in rows.enumerated() {
        let place = rows.count == 1 ? "" : " of stimulus \(number)"
        guard row.count == offsets.count else {
          throw failure(
            "its row\(place) has \(row.count) entries, and the output has \(offsets.count) positions: give one class a position")
        }
        if let position = row.firstIndex(where: { $0 >= classCount }) {
          throw failure(
            "class \(row[position]) at position \(position)\(place) is out of range: the model has \(classCount) classes, 0 to \(classCount - 1)"
          )
        }
        guard row.contains(where: { $0 >= 0 }) else {
          throw failure(
            "all entries\(place) are below 0, so nothing is to be said; mark what isn't counted, and only that, by -100")
        }
      }
    case .cosineTo:
      guard let rows = readout.vectors, !rows.isEmpty else { throw failure("it isn't known which vector is meant") }
      for (number, row) in rows.enumerated() {
        let place = rows.count == 1 ? "the vector" : "the vector of stimulus \(number)"
        guard row.count == classCount else {
          throw failure(
            "\(place) has \(row.count) entries, and the output has \(classCount) (shape \(readout.shape) for one stimulus)")
        }
        guard row.allSatisfy(\.isFinite), row.contains(where: { $0 != 0 }) else {
          throw failure("\(place) holds NaN or infinity, or zeros alone, which point nowhere")
        }
      }
    default: break
    }
  }

  /// The row of a stimulus, where there is one for all or one each.
  private func row<Number>(_ rows: [[Number]]?, _ stimulus: Int) -> [Number] {
    guard let rows else { return [] }
    return rows.count == 1 ? rows[0] : rows[stimulus]
  }

  /// Σ over positions of the logarithm of the probability of the class that is right there.
  func continuation(_ sample: UnsafeBufferPointer<Float>, _ stimulus: Int) -> Double {
    zip(offsets, row(readout.continuation, stimulus)).reduce(0.0) { sum, place in
      let (offset, right) = place
      return right < 0 ? sum : sum + logProbability(right) { score($0, sample, offset: offset) }
    }
  }

  /// The vector that a stimulus's scores are compared with. [classes]
  func vector(_ stimulus: Int) -> [Double] { row(readout.vectors, stimulus).map(Double.init) }

  /// The classes that a graph of the value's derivatives is told of a stimulus: the target, those of a sum's terms, or the one that is
  /// right at each position; and behind them, where scores are means over some positions, a 1 for each of these and a 0 for the others.
  package func classesDerived(target: Int, stimulus: Int) -> [Int] {
    let classes =
      switch readout.value {
      case .expression: classes(target: target, stimulus: stimulus)
      case .continuation: row(readout.continuation, stimulus)
      default: [target]
      }
    guard let unmasked = readout.unmasked else { return classes }
    let counted = Set(unmasked[stimulus])
    return classes + offsets.indices.map { counted.contains($0) ? 1 : 0 }
  }
}
