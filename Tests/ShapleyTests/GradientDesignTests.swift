import Testing

@testable import Shapley

@Suite struct GradientDesignTests {
  private func rows(_ design: GradientDesign) -> [[Float]] {
    let masks = design.masks(in: 0..<design.rowCount)
    return (0..<design.rowCount).map { Array(masks[$0 * design.playerCount..<($0 + 1) * design.playerCount]) }
  }

  @Test("The ends come first, then complements that share their midpoints", arguments: [2, 3, 7, 40, 256], ValueIndex.allCases)
  func complements(players: Int, index: ValueIndex) throws {
    let design = try GradientDesign(players: players, passes: 61, index: index, seed: 3)
    let rows = rows(design)
    #expect(design.rowCount == 60)
    #expect(rows[0].allSatisfy { $0 == 1 } && rows[1].allSatisfy { $0 == 0 })
    for pair in 0..<design.pairCount {
      let (first, second) = (rows[2 + 2 * pair], rows[3 + 2 * pair])
      #expect(zip(first, second).allSatisfy { $0 + $1 == 1 && (Self.isMidpoint($0) || $0 == 0 || $0 == 1) })
      #expect(first.count(where: Self.isMidpoint) == design.midpointCount(pair: pair))
      #expect(design.group(2 + 2 * pair) == pair + 1 && design.group(3 + 2 * pair) == pair + 1)
    }
  }

  private static func isMidpoint(_ mask: Float) -> Bool { mask > 0 && mask < 1 }

  @Test("Few passes have midpoints in the middle, many at both nodes of Lobatto's rule, as often in a first row as in a second")
  func nodes() throws {
    let few = try GradientDesign(players: 100, passes: 190, seed: 2)
    #expect(few.masks(in: 2..<190).filter(Self.isMidpoint).allSatisfy { $0 == 0.5 })
    let many = try GradientDesign(players: 100, passes: 480, seed: 2)
    let all = rows(many)
    for row in stride(from: 2, to: 480, by: 2) { #expect(zip(all[row], all[row + 1]).allSatisfy { $0 + $1 == 1 }) }
    let nodes = all.enumerated().filter { $0.offset % 2 == 0 }.flatMap { $0.element.filter(Self.isMidpoint) }
    #expect(nodes.allSatisfy { abs(abs(Double($0) - 0.5) - 1 / 20.0.squareRoot()) < 1e-7 })
    #expect(abs(Double(nodes.count { $0 < 0.5 }) / Double(nodes.count) - 0.5) < 0.05)
    // The first part of a long design goes by the long one's rule.
    let part = try #require(many.truncated(toRows: 16))
    #expect(part.rule == many.rule && part.rule != few.rule)
  }

  @Test("Both rules integrate what they are said to, and leave what they are said to of steps")
  func rules() {
    for (rule, degree) in [(PresenceRule.simpson, 3), (.lobatto, 5)] {
      func integral(_ f: (Double) -> Double) -> Double {
        (1 - rule.innerWeight) * (f(0) + f(1)) / 2 + rule.innerWeight * (f(rule.node) + f(1 - rule.node)) / 2
      }
      for power in 0...degree + 1 {
        let error = integral { t in (0..<power).reduce(1) { product, _ in product * t } } - 1 / Double(power + 1)
        #expect((abs(error) < 1e-12) == (power <= degree), "\(rule) \(power)")
      }
      let steps = (0..<10_000).map { (Double($0) + 0.5) / 10_000 }
      let left = steps.reduce(0) { sum, step in
        let error = integral { $0 > step ? 1 : 0 } - (1 - step)
        return sum + error * error / 10_000
      }
      #expect(abs(36 * left - rule.left) < 1e-3)
    }
  }

  @Test("Any range of rows is the same as that part of all rows", arguments: [5, 300])
  func randomAccess(players: Int) throws {
    let design = try GradientDesign(players: players, passes: 100, seed: 9, stream: 4)
    let all = design.masks(in: 0..<100)
    for range in [0..<1, 1..<2, 37..<38, 12..<77, 99..<100] {
      #expect(design.masks(in: range) == Array(all[range.lowerBound * players..<range.upperBound * players]))
    }
    let again = try GradientDesign(players: players, passes: 100, seed: 9, stream: 4)
    #expect(again == design && again.masks(in: 0..<100) == all)
    #expect(try GradientDesign(players: players, passes: 100, seed: 9, stream: 5).masks(in: 0..<100) != all)
    #expect(try GradientDesign(players: players, passes: 100, seed: 10, stream: 4).masks(in: 0..<100) != all)
  }

  @Test("Sizes are spread evenly and any first part of a design is spread like the whole")
  func sizes() throws {
    let design = try GradientDesign(players: 256, passes: 402, midpointBlocks: 0, seed: 1)
    for pairs in [50, 100, 200] {
      let sizes = rows(design)[2..<2 + 2 * pairs].map { $0.count { $0 == 1 } }
      // Of as many uniform sizes in each tenth of the range.
      for tenth in 0..<10 {
        let count = sizes.count { ($0 - 1) * 10 / 255 == tenth }
        #expect(abs(Double(count) - Double(2 * pairs) / 10) <= 0.02 * Double(2 * pairs) + 2)
      }
    }
  }

  @Test("In a deal each region is a midpoint once, but for pairs whose sizes have no room for all")
  func midpoints() throws {
    let design = try GradientDesign(players: 100, passes: 2 + 2 * 36, seed: 2)
    let rows = rows(design)
    let counts = (0..<36).map { design.midpointCount(pair: $0) }
    #expect(design.midpointBlocks == 12 && design.midpointShare == Double(counts.reduce(0, +)) / 3600)
    #expect(counts.contains { $0 < 8 } && counts.count { $0 >= 8 } >= 30 && counts.allSatisfy { $0 > 0 })
    for deal in 0..<3 {
      var dealt = [Int](repeating: 0, count: 100)
      for pair in 12 * deal..<12 * deal + 12 {
        for player in 0..<100 where Self.isMidpoint(rows[2 + 2 * pair][player]) { dealt[player] += 1 }
      }
      #expect(dealt.allSatisfy { $0 <= 1 })
      #expect(dealt.reduce(0, +) == counts[12 * deal..<12 * deal + 12].reduce(0, +))
    }
  }

  @Test("What is there of the others is spread evenly beside midpoints, too", arguments: [40, 256])
  func presence(players: Int) throws {
    let design = try GradientDesign(players: players, passes: 802, midpointBlocks: 12, seed: 1)
    let masks = rows(design).dropFirst(2)
    let presence = masks.map { Double($0.reduce(0, +)) / Double(players) }
    for tenth in 0..<10 {
      let count = presence.count { Int(10 * $0 - 1e-6) == tenth }
      #expect(abs(Double(count) - 80) <= (tenth == 0 || tenth == 9 ? 16 : 10), "\(tenth): \(count)")
    }
    // Beside a midpoint the same, by the weights of midpoints.
    var sums = [Double](repeating: 0, count: 10)
    for (row, mask) in masks.enumerated() {
      let halves = mask.count(where: Self.isMidpoint)
      #expect(halves == design.midpointCount(pair: row / 2))
      sums[min(9, Int(10 * presence[row] - 1e-6))] += Double(halves) * design.weightOfMidpoints(halves)
    }
    let mean = sums.reduce(0, +) / 10
    #expect(sums.allSatisfy { abs($0 - mean) < 0.25 * mean }, "\(sums)")
  }

  @Test("Few regions are midpoints one at a time, in pairs of their own")
  func separation() throws {
    let design = try GradientDesign(players: 12, passes: 64, seed: 2)
    #expect(design.isSeparated)
    for (row, mask) in rows(design).enumerated().dropFirst(2) {
      #expect(mask.count(where: Self.isMidpoint) == (row / 2 - 1) % 2)
    }
  }

  @Test("Blocks follow the cube root of the passes", arguments: [(8, 12), (110, 12), (410, 19), (820, 23), (8000, 50)])
  func blocks(passes: Int, blocks: Int) {
    #expect(GradientDesign.midpointBlocks(passes: passes) == blocks)
  }

  @Test(
    "Where regions keep their distance, two thirds as many parts are whole sets of a position's regions",
    arguments: [
      (32, 1, 8), (32, 3, 9), (128, 4, 8), (32, 5, 10), (32, 8, 8), (32, 9, 9), (32, 12, 12), (410, 4, 12), (820, 16, 16),
      (32, 128, 12),
    ])
  func blocks(passes: Int, perPosition: Int, blocks: Int) {
    #expect(GradientDesign.midpointBlocks(passes: passes, perPosition: perPosition) == blocks)
  }

  @Test(
    "Midpoints of a pair share no position and are no neighbours, and each region is one as often as any other",
    arguments: [(8, 8, 4), (8, 8, 1), (64, 1, 2), (1, 63, 3)])
  func distance(height: Int, width: Int, channels: Int) throws {
    let players = height * width * channels
    let positions = PlayerPositions(height: height, width: width, channels: channels)
    let design = try GradientDesign(players: players, positions: positions, passes: 112, seed: 4)
    let blocks = design.midpointBlocks
    #expect(blocks >= 8 && blocks <= 9)
    var dealt = [Int](repeating: 0, count: players)
    for pair in 0..<design.pairCount {
      let row = design.masks(in: 2 + 2 * pair..<3 + 2 * pair)
      let midpoints = row.indices.filter { Self.isMidpoint(row[$0]) }
      #expect(midpoints.count == design.midpointCount(pair: pair))
      for one in midpoints {
        dealt[one] += 1
        for other in midpoints where other < one {
          let distance = abs(positions.rows[one] - positions.rows[other]) + abs(positions.columns[one] - positions.columns[other])
          #expect(distance > 1, "\(one) and \(other)")
        }
      }
    }
    #expect(dealt.allSatisfy { $0 <= (design.pairCount + blocks - 1) / blocks })
    #expect(dealt.allSatisfy { $0 > 0 })
  }

  @Test("Regions in one place are dealt as without positions")
  func onePlace() throws {
    let without = try GradientDesign(players: 40, passes: 60, seed: 4)
    let with = try GradientDesign(
      players: 40, positions: PlayerPositions(height: 1, width: 1, channels: 40), passes: 60, seed: 4)
    #expect(with == without && with.masks(in: 0..<60) == without.masks(in: 0..<60))
  }

  /// v = Σ m_i·m_{i+1}² over even i: what an even region does depends on its neighbour alone, and not in a straight line.
  @Test("Midpoints that keep their distance don't blur what neighbours do, and others do")
  func blur() throws {
    let players = 64
    func bias(_ positions: PlayerPositions?) throws -> Double {
      let design = try GradientDesign(players: players, positions: positions, passes: 112, seed: 6)
      let masks = design.masks(in: 0..<design.rowCount)
      var (values, derivatives) = ([Float](), [Float](repeating: 0, count: masks.count))
      for row in 0..<design.rowCount {
        let m = Array(masks[row * players..<(row + 1) * players])
        values.append(stride(from: 0, to: players, by: 2).reduce(0) { $0 + m[$1] * m[$1 + 1] * m[$1 + 1] })
        for one in stride(from: 0, to: players, by: 2) {
          derivatives[row * players + one] = m[one + 1] * m[one + 1]
          derivatives[row * players + one + 1] = 2 * m[one] * m[one + 1]
        }
      }
      let estimate = try design.estimate(values: values, derivatives: derivatives, prior: GradientPrior(curvature: 0.1))
      // What midpoints say, by S − T = ⅔(Mid − T).
      return stride(from: 0, to: players, by: 2).reduce(0) {
        max($0, abs(estimate.trapezoid[$1] + 1.5 * estimate.correction[$1] - 0.5))
      }
    }
    #expect(try bias(PlayerPositions(height: players, width: 1, channels: 1)) < 1e-6)
    #expect(try bias(nil) > 0.04)
  }

  @Test("Too few passes are refused with the least number", arguments: [2, 17, 65_536])
  func tooFew(players: Int) throws {
    let error = #expect(throws: ShapleyError.self) { try GradientDesign(players: players, passes: 7, seed: 0) }
    #expect(error?.code == .budgetTooSmall && error?.message.contains("at least 8 passes") == true)
    #expect(try GradientDesign(players: players, passes: 8, seed: 0).rowCount == 8)
    #expect(try GradientDesign(players: 1, passes: 2, seed: 0).rowCount == 2)
    #expect(throws: ShapleyError.self) { try GradientDesign(players: 65_537, passes: 8, seed: 0) }
  }

  @Test("A design that is stopped early has the first rows of the whole", arguments: [10, 100], ValueIndex.allCases)
  func truncation(players: Int, index: ValueIndex) throws {
    let whole = try GradientDesign(players: players, passes: 64, index: index, seed: 5)
    let part = try #require(whole.truncated(toRows: 33))
    #expect(part.rowCount == 32 && part.midpointBlocks == whole.midpointBlocks)
    #expect(part.masks(in: 0..<32) == Array(whole.masks(in: 0..<64)[..<(32 * players)]))
    #expect(whole.truncated(toRows: 64) == whole && whole.truncated(toRows: 7) == nil)
    let game = NetworkGame(players: players, hidden: 3, activation: .identity, seed: 4)
    let zeta = try [part, whole].map { try $0.estimate(of: game, curvature: 0).zeta }
    #expect(largestDifference(zeta[0], zeta[1]) < 1e-4)
  }

  @Test("Single units of a large layer have masks, too")
  func largest() throws {
    let design = try GradientDesign(
      players: 65_536, positions: PlayerPositions(height: 64, width: 64, channels: 16), passes: 8, seed: 5)
    let masks = design.masks(in: 4..<6)
    #expect(masks.count == 2 * 65_536)
    #expect(zip(masks[..<65_536], masks[65_536...]).allSatisfy { $0 + $1 == 1 })
    #expect(masks[..<65_536].count(where: Self.isMidpoint) == design.midpointCount(pair: 1))
  }

  @Test("A Banzhaf coalition is uniform among all subsets")
  func banzhaf() throws {
    let design = try GradientDesign(players: 40, passes: 2002, midpointBlocks: 0, index: .banzhaf, seed: 8)
    let sizes = rows(design).dropFirst(2).map { Double($0.count { $0 == 1 }) }
    let mean = sizes.reduce(0, +) / 2000
    let variance = sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
    #expect(mean == 20 && abs(variance - 10) < 1.5)
  }
}
