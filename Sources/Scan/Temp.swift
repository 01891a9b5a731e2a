import Shapley
extension RegionEffects {
  init(_ series: [Estimate], request: ScanRequest, layer: Int) {
    let n = series[0].zeta.count
    var zeta = [Double](repeating: 0, count: n)
    var se = zeta
    let count = Double(series.count)
    for g in 0..<n {
      for e in series { zeta[g] += e.zeta[g] / count }
      for e in series { let d = e.zeta[g] - zeta[g]; se[g] += d * d }
      se[g] = series.count == 1 ? series[0].standardError[g] : (se[g] / (count - 1) / count).squareRoot()
    }
    let interval: [ClosedRange<Double>] = (0..<n).map { g in (zeta[g] - 2 * se[g])...(zeta[g] + 2 * se[g]) }
    let sig: [Bool] = (0..<n).map { g in zeta[g] > 3 * se[g] }
    var effect = 0.0
    for e in series { effect += e.effect / count }
    let order = (0..<n).sorted { zeta[$0] > zeta[$1] }
    var rank = [Int](repeating: 0, count: n)
    for (r, g) in order.enumerated() { rank[g] = r + 1 }
    self.init(level: .second, seriesCount: series.count, degreesOfFreedom: 1, effect: effect, effectStandardError: 0, zeta: zeta, standardError: se, interval: interval, pValue: se, qValue: se, familyWisePValue: nil, isSignificant: sig, isCritical: sig, rank: rank, rankInterval: rank.map { $0...$0 }, scoreReason: nil)
  }
}
