/// What the derivatives of a series' gradient passes say of its regions, summed: all that ζ by derivatives and its errors are
/// computed from. The passes' own values say more (`GradientDesign.improved`).
///
/// For a region g and a pair in which it is no midpoint let x = (d_g where it is intact + d_g where it is lesioned)/2, and
/// w = 1/max(q, c) with q the mean of the mask in the row where it is intact (both rows have the same w); for a pair in which it
/// is, y is its mean derivative over both rows, and u how many times rarer midpoints of that pair are than others'. Kept are Σw, Σw²,
/// Σw³, Σwx, Σw²x, Σw²x², Σu, Σu², Σuy and Σuy², and the derivatives at G and ∅.
///
/// Sums of shards add up. Memory: 88 bytes a region.
package struct GradientSums: Sendable, Hashable {
  package let playerCount: Int
  /// v(G); nil until row 0 was added.
  package private(set) var full: Double?
  /// v(∅); nil until row 1 was added.
  package private(set) var empty: Double?
  /// Rows added.
  package private(set) var rowCount = 0
  /// `[players]`: the mean of d at G and at ∅.
  private(set) var ends: [Double]
  /// `[players]`, all: the pairs' sums.
  private(set) var weight: [Double]
  private(set) var weight2: [Double]
  private(set) var weight3: [Double]
  private(set) var weightedX: [Double]
  private(set) var weight2X: [Double]
  private(set) var weight2X2: [Double]
  private(set) var midpoints: [Double]
  private(set) var midpoints2: [Double]
  private(set) var midpointSum: [Double]
  private(set) var midpointSum2: [Double]

  package init(players: Int) {
    precondition(players > 0)
    playerCount = players
    let zeros = [Double](repeating: 0, count: players)
    ends = zeros
    (weight, weight2, weight3) = (zeros, zeros, zeros)
    (weightedX, weight2X, weight2X2) = (zeros, zeros, zeros)
    (midpoints, midpoints2, midpointSum, midpointSum2) = (zeros, zeros, zeros, zeros)
  }

  /// Adds rows that were measured.
  ///
  /// - Parameters:
  ///   - rows: of the design, whole pairs.
  ///   - values: `[rows]`.
  ///   - derivatives: `[rows x regions]`, row by row.
  /// - Throws: `badValues` where a number isn't finite.
  /// - Complexity: rows x regions.
  package mutating func add(
    _ rows: Range<Int>, of design: GradientDesign, values: [Float], derivatives: [Float]
  ) throws(ShapleyError) {
    let n = playerCount
    precondition(design.playerCount == n && rows.lowerBound % 2 == 0 && rows.count % 2 == 0)
    precondition(values.count == rows.count && derivatives.count == rows.count * n)
    if let row = values.firstIndex(where: { !$0.isFinite }) {
      throw Self.notFinite("value", values[row], row: rows.lowerBound + row)
    }
    if let place = derivatives.firstIndex(where: { !$0.isFinite }) {
      throw Self.notFinite("derivative", derivatives[place], row: rows.lowerBound + place / n)
    }
    let masks = design.masks(in: rows)
    for row in stride(from: 0, to: rows.count, by: 2) {
      if rows.lowerBound + row == 0 {
        full = Double(values[0])
        empty = Double(values[1])
        for player in 0..<n { ends[player] = (Double(derivatives[player]) + Double(derivatives[n + player])) / 2 }
      } else {
        addPair(rows.lowerBound + row, of: design, masks: masks, derivatives: derivatives, at: row * n)
      }
    }
    rowCount += rows.count
  }

  /// Adds the sums of other rows of the same design.
  package mutating func add(_ other: GradientSums) {
    precondition(other.playerCount == playerCount && (full == nil || other.full == nil))
    full = full ?? other.full
    empty = empty ?? other.empty
    rowCount += other.rowCount
    for player in 0..<playerCount {
      ends[player] += other.ends[player]
      weight[player] += other.weight[player]
      weight2[player] += other.weight2[player]
      weight3[player] += other.weight3[player]
      weightedX[player] += other.weightedX[player]
      weight2X[player] += other.weight2X[player]
      weight2X2[player] += other.weight2X2[player]
      midpoints[player] += other.midpoints[player]
      midpoints2[player] += other.midpoints2[player]
      midpointSum[player] += other.midpointSum[player]
      midpointSum2[player] += other.midpointSum2[player]
    }
  }

  private mutating func addPair(
    _ row: Int, of design: GradientDesign, masks: [Float], derivatives: [Float], at start: Int
  ) {
    let n = playerCount
    let pair = row / 2 - 1
    let halves = design.midpointCount(pair: pair)
    let intact = (start..<start + n).count { masks[$0] == 1 }
    let (first, second) = design.weights(intact: intact, halves: halves)
    let u = design.weightOfMidpoints(halves)
    let givesTrapezoid = !design.isSeparated || halves == 0
    for player in 0..<n {
      let mask = masks[start + player]
      let mean = (Double(derivatives[start + player]) + Double(derivatives[start + n + player])) / 2
      if mask > 0 && mask < 1 {
        midpoints[player] += u
        midpoints2[player] += u * u
        midpointSum[player] += u * mean
        midpointSum2[player] += u * mean * mean
      } else if givesTrapezoid {
        let w = mask == 1 ? first : second
        weight[player] += w
        weight2[player] += w * w
        weight3[player] += w * w * w
        weightedX[player] += w * mean
        weight2X[player] += w * w * mean
        weight2X2[player] += w * w * mean * mean
      }
    }
  }

  private static func notFinite(_ what: String, _ number: Float, row: Int) -> ShapleyError {
    ShapleyError(
      .badValues,
      """
      The \(what) of gradient pass \(row) is \(number): \
      choose a value or lesion for which the network's output and its derivatives stay finite.
      """)
  }
}

extension GradientDesign {
  /// The weights of a pair's regions: of those that are intact in its first row, and in its second.
  ///
  /// 1/q for a region that is intact in a row whose mask has the mean q, and 1/(1 − q) for a lesioned one, make the others' sizes
  /// uniform. A region that is intact nearly alone would decide its mean by itself; below 1/√N, N the passes, q counts as that.
  func weights(intact: Int, halves: Int) -> (first: Double, second: Double) {
    if index == .banzhaf { return (1, 1) }
    let least = isSeparated ? 0 : 1 / Double(rowCount).squareRoot()
    let first = (Double(intact) + Double(halves) / 2) / Double(playerCount)
    return (1 / max(first, least), 1 / max(1 - first, least))
  }

  /// The weight of a pair's midpoints: 1 where there are as many as usual, up to 4 where there are fewer, so that all sizes count alike.
  func weightOfMidpoints(_ halves: Int) -> Double {
    isSeparated || halves == 0 ? 1 : min(4, Double(playerCount) / Double(midpointBlocks * halves))
  }

  /// What G and ∅ weigh beside the pairs: as much as any other size.
  var endWeight: Double {
    guard index == .shapley, playerCount > 1 else { return 0 }
    let pairs = isSeparated ? (pairCount + 1) / 2 : pairCount
    return 2 * Double(pairs) / Double(playerCount - 1)
  }
}
