import Foundation
import Random
import Statistics
import Testing

@Suite("Distances to neighbours")
struct NeighbourMemoryTests {
  @Test("are those of explicit arithmetic, of any number of dimensions", arguments: [1, 3, 20], [1, 7, 8, 16, 27])
  func distances(_ rank: Int, _ dimensions: Int) {
    var random = CounterRandom(seed: 1, domain: .tieBreaking, index: 0)
    let points = (0..<20).map { _ in (0..<dimensions).map { _ in Float(random.nextUnit()) } }
    let memory = NeighbourMemory(points: points.flatMap(\.self), dimensions: dimensions, rank: rank)
    #expect(memory.points == points.flatMap(\.self))
    for _ in 0..<20 {
      let point = (0..<dimensions).map { _ in random.nextUnit() * 3 }
      let all = points.map { zip($0, point).reduce(0.0) { $0 + pow(Double($1.0) - $1.1, 2) }.squareRoot() }.sorted()
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
