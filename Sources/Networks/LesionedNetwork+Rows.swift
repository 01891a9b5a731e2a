package import Grids

extension LesionedNetwork {
  /// How far rows of a batch are from what they should be.
  package struct RowCheck: Sendable {
    /// From what each gives in a batch of its own: the largest difference of an element of the output, as a share of the largest. Above
    /// rounding, something in the network mixes the rows of a batch: an If or a normalisation over all of them, a layer in training mode, a
    /// draw.
    package let deviation: Double
    /// From what each gives beside other rows: the largest change of an element of the output, as a share of what the coalitions change it
    /// by. A row's sums don't depend on other rows, so that it is 0 to the bit where nothing mixes them; beside large scores that lesions
    /// hardly move, the deviation doesn't show it.
    package let influence: Double
  }

  /// Compares rows of a batch.
  ///
  /// Intact rows of different stimuli don't show what mixes them where that is upstream of the layer, or where they all go the same way;
  /// lesioned ones that differ from each other do.
  ///
  /// Cost: three batches of this network, and one of `single` for each coalition.
  /// - Parameters:
  ///   - single: the same layer at a batch of one, or this network, which fills a batch with the same coalition.
  ///   - coalitions: 2 to `batch` of them, mixed.
  /// - Throws: as `begin` and `values`.
  package func checkRows(against single: LesionedNetwork, stimulus: Int, coalitions: [Coalition]) throws -> RowCheck {
    let rows = try outputs(of: coalitions, stimulus: stimulus)
    return RowCheck(
      deviation: try deviation(of: rows, from: single, stimulus: stimulus, coalitions: coalitions),
      influence: try influence(on: rows, stimulus: stimulus, coalitions: coalitions))
  }

  private func deviation(
    of rows: [[Float]], from single: LesionedNetwork, stimulus: Int, coalitions: [Coalition]
  ) throws -> Double {
    var difference: Float = 0
    var scale: Float = 0
    for (row, coalition) in zip(rows, coalitions) {
      let alone = try single.outputs(of: [coalition], stimulus: stimulus)[0]
      guard alone.count == row.count else { return .infinity }
      for (value, reference) in zip(row, alone) {
        if reference.isFinite { scale = max(scale, abs(reference)) }
        guard value != reference, !(value.isNaN && reference.isNaN) else { continue }
        guard value.isFinite, reference.isFinite else { return .infinity }
        difference = max(difference, abs(value - reference))
      }
    }
    return difference == 0 ? 0 : Double(difference) / Double(max(scale, .leastNormalMagnitude))
  }

  private func influence(on rows: [[Float]], stimulus: Int, coalitions: [Coalition]) throws -> Double {
    var share = 0.0
    for parity in 0...1 {
      // Every other row is the next one's coalition.
      let others = coalitions.indices.map { coalitions[$0 % 2 == parity ? $0 : ($0 + 1) % coalitions.count] }
      let changed = try outputs(of: others, stimulus: stimulus)
      for row in rows.indices where row % 2 == parity {
        for (element, (value, now)) in zip(rows[row], changed[row]).enumerated() {
          guard value != now, !(value.isNaN && now.isNaN) else { continue }
          let all = rows.map { $0[element] }
          guard now.isFinite, all.allSatisfy(\.isFinite) else { return .infinity }
          share = max(share, Double(abs(now - value)) / Double(max(all.max()! - all.min()!, .leastNormalMagnitude)))
        }
      }
    }
    return share
  }

  /// Whether each of some coalitions leaves at least one of the output's elements a number that is one with nothing lesioned;
  /// a network that divides by a layer, or takes its logarithm, gives none.
  ///
  /// Cost: a batch for every `batch` coalitions.
  /// - Parameter coalitions: the first lesions nothing.
  package func isFinite(stimulus: Int, coalitions: [Coalition]) throws -> Bool {
    var intact: [Float]?
    for start in stride(from: 0, to: coalitions.count, by: batch) {
      let rows = try outputs(of: Array(coalitions[start..<min(start + batch, coalitions.count)]), stimulus: stimulus)
      let reference = intact ?? rows[0]
      intact = reference
      let numbers = reference.indices.filter { reference[$0].isFinite }
      if numbers.isEmpty { return true }
      if !rows.allSatisfy({ row in numbers.contains { row[$0].isFinite } }) { return false }
    }
    return true
  }

  /// Coalitions that differ from each other: everything, nothing, and by turns every other region, the first half, ...
  package static func mixedCoalitions(regions: Int, count: Int) -> [Coalition] {
    (0..<count).map { number in
      switch number {
      case 0: Coalition(fullOf: regions)
      case 1: Coalition(emptyOf: regions)
      default:
        // Stretches of number − 1 regions, intact and lesioned by turns, so that no two rows are alike.
        Coalition(of: regions, intact: (0..<regions).filter { ($0 + number / 2) / (number - 1) % 2 == 0 })
      }
    }
  }
}
