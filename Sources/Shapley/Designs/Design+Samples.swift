import Grids
import Random

extension Design {
  /// Pair t is (S, S ∪ {g}) for region g = t mod n, S a coalition of the others: uniform in size, then among
  /// its size (Shapley), or uniform over all subsets (Banzhaf).
  func appendSingleRegions(_ rows: Range<Int>, to result: inout [Coalition]) {
    appendPairs(rows, to: &result) { pair in
      var random = self.random(.naive, pair)
      var without: Coalition
      switch index {
      case .shapley:
        without = random.coalition(of: playerCount - 1, size: random.next(below: playerCount))
      case .banzhaf:
        without = random.coalition(of: playerCount - 1)
      }
      without = without.insertingPlayer(at: pair % playerCount)
      var with = without
      with.insert(pair % playerCount)
      return (without, with)
    }
  }

  /// Pair t is (S, complement of S), S from the pair's stratum of the plan: balanced against the other pairs where the
  /// design says so, else a draw of its own.
  func appendComplementPairs(_ rows: Range<Int>, numbering: Numbering, to result: inout [Coalition]) {
    guard let plan = pairPlan else { return }
    if isBalanced {
      let pairs = balancedPairs(plan)
      let numbers = numbering == .series ? seriesNumbers : nil
      appendPairs(rows, to: &result) { pair in
        let coalition = numbers.map { pairs.coalitions[pair].renumbered($0) } ?? pairs.coalitions[pair]
        return (coalition, coalition.complement)
      }
    } else {
      var source = PairSource(players: playerCount, index: index, plan: plan, seed: drawSeed)
      appendPairs(rows, to: &result) { pair in
        let coalition = source.draw(pair).coalition
        return (coalition, coalition.complement)
      }
    }
  }

  /// The series' number of each region of balanced pairs; nil where pairs are the series' own.
  var seriesNumbers: [Int]? {
    guard isBalanced else { return nil }
    var numbers = Array(0..<playerCount)
    var random = self.random(.renumbering, 0)
    random.shuffle(&numbers)
    return numbers
  }

  private func balancedPairs(_ plan: PairPlan) -> BalancedPairs {
    // All series share them, whatever their stream.
    let shared = CounterRandom.derivedSeed(from: seed, stream: .max)
    return memory.pairs(players: playerCount, plan: plan, seed: shared) {
      var source = PairSource(players: playerCount, index: index, plan: plan, seed: shared)
      return BalancedPairs(players: playerCount, count: plan.pairCount) { source.draw($0) }
    }
  }

  /// Block b is the chain of a permutation and its reverse, row pairs (prefix of size j, its complement).
  func appendChains(_ rows: Range<Int>, to result: inout [Coalition]) {
    guard !rows.isEmpty else { return }
    let blocks = (rows.lowerBound - 2) / rowsPerGroup..<(rows.upperBound - 3) / rowsPerGroup + 1
    for (block, permutation) in zip(blocks, permutations(of: blocks)) {
      let first = 2 + block * rowsPerGroup
      let wanted = rows.clamped(to: first..<first + rowsPerGroup)
      var prefix = Coalition(emptyOf: playerCount)
      for (step, player) in permutation.dropLast().enumerated() {
        prefix.insert(player)
        if wanted.contains(first + 2 * step) { result.append(prefix) }
        if wanted.contains(first + 2 * step + 1) { result.append(prefix.complement) }
      }
    }
  }

  /// `[blocks][players]`: the order in which each block lets the regions join.
  ///
  /// Latin-hypercube positions: with B planned blocks each region visits every one of B strata of its distance from
  /// the nearer end of the chain once (a chain and its reverse stand at p and 1 − p), and joins early or late with
  /// equal chance. A single block is a uniform permutation, and all blocks together cover the positions evenly.
  /// O(players × planned blocks) once, then O(players × log players) a block.
  /// Source of the idea: Mitchell et al., "Sampling permutations for Shapley value estimation", JMLR 23 (2022).
  func permutations(of blocks: Range<Int>) -> [[Int]] {
    let strata = (0..<playerCount).map { Array(chainStrata(player: $0)[blocks]) }
    return blocks.map { block in
      var offsets = random(.permutationOffsets, block)
      let positions = strata.map { strata in
        let stratum = Double(strata[block - blocks.lowerBound])
        let fromEnd = (stratum + offsets.nextUnit()) / Double(2 * plannedChainPairs)
        return offsets.nextWord() & 1 == 0 ? fromEnd : 1 - fromEnd
      }
      return (0..<playerCount).sorted { (positions[$0], $0) < (positions[$1], $1) }
    }
  }

  /// `[planned blocks]`: the stratum that a region visits in each block, every one once.
  func chainStrata(player: Int) -> [Int] {
    var order = Array(0..<plannedChainPairs)
    var random = self.random(.permutationStrata, player)
    random.shuffle(&order)
    return order
  }

  private func random(_ domain: CounterRandom.Domain, _ index: Int) -> CounterRandom {
    CounterRandom(seed: drawSeed, domain: domain, index: UInt64(index))
  }

  private func appendPairs(
    _ rows: Range<Int>, to result: inout [Coalition], _ pair: (Int) -> (Coalition, Coalition)
  ) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (first, second) = pair((row - 2) / 2)
      if row & 1 == 0 {
        result.append(first)
        if row + 1 < rows.upperBound { result.append(second) }
        row += 2
      } else {
        result.append(second)
        row += 1
      }
    }
  }
}
