import Testing

@testable import ScanResults

@Suite struct `Channels taken out` {
  // Channel 0 speaks for some answers and against others as loudly; 1 to 3 speak softly for all.
  private let zeta: [[Double]] = (0..<10).map { stimulus in
    [stimulus.isMultiple(of: 2) ? 5.0 : -5.0, 0.1, 0.2, 0.3] + (4..<16).map { Double($0) }
  }
  private let densities: [[Double]] = (0..<10).map { _ in (0..<16).map { Double(16 - $0) } }

  @Test func `are those that matter least, by each criterion, beside random ones`() {
    let removals = PruningTrial.removals(zeta: zeta, densities: densities, seed: 1, layer: 0)
    func of(_ criterion: PruningTrial.Criterion, _ size: Int) -> [[Int]] {
      removals.filter { $0.criterion == criterion && $0.regions.count == size }.map(\.regions)
    }
    #expect(Set(removals.map(\.regions.count)) == [2, 4, 8])
    // The mean of channel 0 is 0, and yet every answer depends on it.
    #expect(of(.signed, 2) == [[0, 1]] && of(.absolute, 2) == [[1, 2]])
    #expect(of(.density, 2) == [[14, 15]])
    #expect(of(.random, 4).count == 5 && Set(of(.random, 4)).count > 1)
    #expect(removals == PruningTrial.removals(zeta: zeta, densities: densities, seed: 1, layer: 0))
  }

  @Test func `are asked about with stimuli that weren't scanned`() {
    let places = PruningTrial.heldOut(of: 1000, except: Array(100..<300), seed: 1)
    #expect(places.count == 256 && places == places.sorted() && Set(places).count == 256)
    #expect(places.allSatisfy { !(100..<300).contains($0) && $0 < 1000 })
    #expect(PruningTrial.heldOut(of: 5, except: [0, 1, 2, 3, 4], seed: 1).isEmpty)
    #expect(PruningTrial.heldOut(of: 5, except: [1, 3], seed: 1) == [0, 2, 4])
  }
}
