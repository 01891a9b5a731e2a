import Random
import Statistics
import Testing

@Suite("Distances to neighbours")
struct NeighbourMemoryTests {
  @Test("are those of explicit arithmetic", arguments: [1, 3, 20])
  func distances(_ rank: Int) {
    var random = CounterRandom(seed: 1, domain: .tieBreaking, index: 0)
    let points = (0..<20).map { _ in (0..<7).map { _ in Float(random.nextUnit()) } }
    let memory = NeighbourMemory(points: points.flatMap(\.self), dimensions: 7, rank: rank)
    for _ in 0..<20 {
      let point = (0..<7).map { _ in Float(random.nextUnit()) * 3 }
      let all = points.map { zip($0, point).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot() }.sorted()
      #expect(abs(memory.distance(point) - all[rank - 1]) < 1e-4)
    }
  }

  @Test("are infinite of a point that isn't finite")
  func notFinite() {
    let memory = NeighbourMemory(points: [0, 1], dimensions: 1, rank: 1)
    #expect(memory.distance([.nan]) == .infinity)
    #expect(memory.distance([-.infinity]) == .infinity)
  }
}
