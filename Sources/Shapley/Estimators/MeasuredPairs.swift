/// Complement pairs with what a game says of them.
struct MeasuredPairs {
  let table: PairTable
  /// `[pairs]`: (v(S) − v(Sᶜ))/2. Every interaction of an even order cancels.
  let oddParts: [Double]
  /// Δ = v(G) − v(∅).
  let effect: Double

  var count: Int { table.count }

  /// - Parameter values: `[2 + 2·pairs]`, in design order.
  init(_ table: PairTable, values: [Double]) {
    precondition(values.count == 2 + 2 * table.count)
    self.table = table
    oddParts = (0..<table.count).map { pair -> Double in (values[2 + 2 * pair] - values[3 + 2 * pair]) / 2 }
    effect = values[0] - values[1]
  }

  private init(table: PairTable, oddParts: [Double], effect: Double) {
    self.table = table
    self.oddParts = oddParts
    self.effect = effect
  }

  /// Some of the pairs.
  func selecting(_ chosen: [Int]) -> MeasuredPairs {
    MeasuredPairs(table: table.selecting(chosen), oddParts: chosen.map { oddParts[$0] }, effect: effect)
  }
}
