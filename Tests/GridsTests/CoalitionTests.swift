import Random
import Shapley
import Testing

@testable import Grids

@Suite struct CoalitionTests {
  @Test(arguments: [0, 1, 2, 63, 64, 65, 128, 200, 4096])
  func fullAndEmptyAreComplements(players: Int) {
    let full = Coalition(fullOf: players)
    let empty = Coalition(emptyOf: players)
    #expect(full.complement == empty && empty.complement == full)
    #expect(full.count == players && full.isFull && empty.isEmpty)
    #expect(Array(full.intactPlayers) == Array(0..<players) && Array(empty.lesionedPlayers) == Array(0..<players))
  }

  @Test(arguments: [1, 5, 64, 65, 130])
  func everyPlayerIsEitherIntactOrLesioned(players: Int) {
    var random = CounterRandom(seed: 3, domain: 99, index: UInt64(players))
    let coalition = random.coalition(of: players)
    #expect(Set(coalition.intactPlayers).isDisjoint(with: coalition.lesionedPlayers))
    #expect((Array(coalition.intactPlayers) + Array(coalition.lesionedPlayers)).sorted() == Array(0..<players))
    #expect(coalition.count == Array(coalition.intactPlayers).count)
    #expect(coalition.intactPlayers.allSatisfy { coalition[$0] && !coalition.complement[$0] })
    #expect(Coalition(of: players, intact: coalition.intactPlayers) == coalition)
    #expect(Coalition(of: players, lesioned: coalition.lesionedPlayers) == coalition)
  }

  @Test func insertingAndRemovingUndoEachOther() {
    var coalition = Coalition(emptyOf: 70)
    coalition.insert(69)
    coalition.insert(0)
    #expect(coalition.words == [1, 1 << 5])
    coalition.remove(69)
    #expect(coalition == Coalition(of: 70, intact: [0]))
  }

  @Test func aNewPlayerMovesTheOthersUp() {
    let coalition = Coalition(of: 4, intact: [0, 1, 3])
    #expect(Array(coalition.insertingPlayer(at: 1).intactPlayers) == [0, 2, 4])
    #expect(Array(coalition.insertingPlayer(at: 4).intactPlayers) == [0, 1, 3])
  }

  @Test func subsetsAreNumberedWithoutGapsOrRepeats() {
    let subsets = (0..<35).map { Combinations.subset(of: 7, size: 3, rank: $0) }
    #expect(Set(subsets).count == 35 && subsets.allSatisfy { $0.count == 3 })
    #expect(Combinations.count(7, 3) == 35)
    #expect(Combinations.count(4096, 2048) == nil)
  }

  @Test func theFirstHalfOfTheHalfSizeSubsetsNamesEveryComplementPairOnce() {
    let halves = (0..<35).map { Combinations.subset(of: 8, size: 4, rank: $0) }
    #expect(Set(halves + halves.map(\.complement)).count == 70)
  }
}
