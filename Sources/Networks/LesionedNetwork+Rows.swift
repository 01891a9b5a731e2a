package import Grids

extension LesionedNetwork {
  /// How far rows of a batch are from what each gives in a batch of its own: the largest difference of an element of the
  /// output, as a share of the largest. Above rounding, something in the network mixes the rows of a batch: an If or a
  /// normalisation over all of them, a layer in training mode, a draw.
  ///
  /// Intact rows of different stimuli don't show it where what mixes them is upstream of the layer, or where they all go
  /// the same way; lesioned ones that differ from each other do.
  ///
  /// Cost: one batch of this network, and one of `single` for each coalition.
  /// - Parameters:
  ///   - single: the same layer at a batch of one.
  ///   - coalitions: 1 to `batch` of them, mixed.
  /// - Throws: as `begin` and `values`.
  package func rowDeviation(from single: LesionedNetwork, stimulus: Int, coalitions: [Coalition]) throws -> Double {
    let rows = try outputs(of: coalitions, stimulus: stimulus)
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
