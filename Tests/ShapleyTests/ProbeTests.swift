import Grids
import Testing

@testable import Shapley

@Suite struct ProbeTests {
  @Test("A probe switches its region alone, and both probes of a region have other coalitions", arguments: ValueIndex.allCases)
  func masks(index: ValueIndex) throws {
    let design = ProbeDesign(players: 50, stimuli: 5, probes: 64, index: index, seed: 3)
    let all = design.masks(in: 0..<design.rowCount)
    func row(_ number: Int) -> [Float] { Array(all[number * 50..<(number + 1) * 50]) }
    for probe in 0..<64 {
      let region = design.region(probe: probe)
      for (step, level) in [Float(0), 0.5, 1].enumerated() {
        var mask = row(3 * probe + step)
        #expect(mask[region] == level)
        mask[region] = 0
        #expect(mask == row(3 * probe))
      }
      #expect(design.region(probe: probe ^ 1) == region)
    }
    #expect(Set((0..<32).map { design.region(probe: 2 * $0) }).count == 32)
    #expect((0..<32).contains { row(6 * $0) != row(6 * $0 + 3) })
    #expect(design.masks(in: 17..<40) == Array(all[17 * 50..<40 * 50]))
  }

  @Test("Probes go round the stimuli: both of a region at one, or at two")
  func stimuli() {
    let within = ProbeDesign(players: 50, stimuli: 7, probes: 64, seed: 3)
    let across = ProbeDesign(players: 50, stimuli: 7, probes: 64, isAcross: true, seed: 3)
    for probe in stride(from: 0, to: 64, by: 2) {
      #expect(within.stimulus(probe: probe) == within.stimulus(probe: probe + 1))
      #expect(across.stimulus(probe: probe) != across.stimulus(probe: probe + 1))
    }
    for design in [within, across] { #expect(Set((0..<64).map(design.stimulus)).count == 7) }
    #expect(!ProbeDesign(players: 50, stimuli: 1, isAcross: true, seed: 3).isAcross)
  }

  @Test("Sizes of S are spread over all of 0..<n")
  func sizes() {
    let design = ProbeDesign(players: 10, stimuli: 1, probes: 200, seed: 5)
    let counts = (0..<200).reduce(into: [Int](repeating: 0, count: 10)) { $0[design.coalition(probe: $1).count] += 1 }
    #expect(counts.allSatisfy { abs($0 - 20) <= 1 })
  }

  @Test("Straight, bent and saturating games get the trapezoid, the correction and values")
  func verdicts() throws {
    let design = ProbeDesign(players: 30, stimuli: 1, seed: 7)
    let straight = try design.verdict(
      on: NetworkGame(players: 30, hidden: 12, activation: .tanh, steepness: 0.05, seed: 1))
    #expect(straight.rule == .trapezoid && straight.trapezoid.estimate < 0.02)
    // Every unit sees one region, so its square bends on the way that Simpson's rule follows.
    var bent = NetworkGame(players: 30, hidden: 30, activation: .tanh, seed: 1)
    for unit in 0..<30 { bent.weights[unit] = (0..<30).map { $0 == unit ? 3 : 0 } }
    bent.biases = bent.biases.map { _ in 0 }
    let curved = try design.verdict(on: bent)
    #expect(curved.rule == .corrected && curved.simpson.estimate < curved.trapezoid.estimate)
    let saturated = try design.verdict(
      on: NetworkGame(players: 30, hidden: 12, activation: .step, seed: 1), remedy: "--lesion mean")
    #expect(saturated.rule == .values && saturated.trapezoid.estimate > 0.3)
    #expect(saturated.reason.contains("--lesion mean") && saturated.reason.contains("Measured by values"))
    #expect(saturated.doubt != nil && curved.doubt == nil)
  }

  @Test("A few probes that decide all are told from many that agree")
  func heavyTails() throws {
    var values = [Float](repeating: 0, count: 3 * 128)
    var derivatives = values
    for probe in 0..<128 {
      values[3 * probe + 2] = 1
      for step in 0..<3 { derivatives[3 * probe + step] = 1 }
    }
    #expect(try ProbeVerdict(values: values, derivatives: derivatives).rule == .trapezoid)
    // One probe whose effect no derivative sees leaves a twelfth of all.
    values[3 * 5 + 2] = 4.6
    let verdict = try ProbeVerdict(values: values, derivatives: derivatives)
    #expect(abs(verdict.trapezoid.estimate - 3.6 * 3.6 / (127 + 4.6 * 4.6)) < 1e-5)
    #expect(verdict.trapezoid.standardError > 0.07)
    values[3 * 5 + 2] = 9
    let open = try ProbeVerdict(values: values, derivatives: derivatives)
    #expect(open.rule == .values && open.isOpen && !verdict.isOpen)
    // That all differ from their derivatives leaves nothing open.
    for probe in 0..<128 { values[3 * probe + 2] = 9 }
    let certain = try ProbeVerdict(values: values, derivatives: derivatives)
    #expect(certain.rule == .values && !certain.isOpen)
  }

  /// Residuals of jumps are the trapezoid's and Simpson's alike; of a kink's Simpson leaves a third.
  @Test("Jumps speak against gradients where the network decides, and kinks don't")
  func jumps() throws {
    func verdict(jump: Float, kink: Float, decision: String?) throws -> ProbeVerdict {
      var (values, derivatives): ([Float], [Float]) = ([], [])
      for probe in 0..<128 {
        // A rectifier that opens on the way, at 16 places, beside what is straight; in every fourth a jump.
        let place = (Float(probe % 16) + 0.5) / 16
        values += [0, 0, 1 + kink * (1 - place) + (probe % 4 == 0 ? jump : 0)]
        derivatives += [1, place < 0.5 ? 1 + kink : 1, 1 + kink]
      }
      return try ProbeVerdict(values: values, derivatives: derivatives, decision: decision, remedy: "--lesion mean")
    }
    let jumping = try verdict(jump: 0.8, kink: 0, decision: "Greater (gate)")
    #expect(jumping.rule == .values && jumping.doubt?.contains("Greater (gate)") == true && jumping.simpson.estimate < 0.15)
    #expect(try verdict(jump: 0.8, kink: 1, decision: "Greater (gate)").rule == .values)
    #expect(try verdict(jump: 0.8, kink: 0, decision: nil).rule != .values)
    let bent = try verdict(jump: 0, kink: 1, decision: "Greater (gate)")
    #expect(bent.rule != .values && bent.simpson.estimate > 0.005)
    #expect(try verdict(jump: 0.05, kink: 0, decision: "Greater (gate)").rule == .trapezoid)
  }

  @Test("The mean product of a region's residuals is its squared bias")
  func bias() throws {
    // v = Σ a_g m_g²: the trapezoid is exact; with m_g³ it has 1.5 where the difference is 1.
    var (values, derivatives): ([Float], [Float]) = ([], [])
    for _ in 0..<64 {
      values += [0, 0.125, 1]
      derivatives += [0, 0.75, 3]
    }
    let verdict = try ProbeVerdict(values: values, derivatives: derivatives)
    #expect(abs(verdict.trapezoidBias - 0.25) < 1e-9 && abs(verdict.simpsonBias) < 1e-9)
    #expect(abs(verdict.trapezoid.estimate - 0.25) < 1e-9 && verdict.trapezoid.standardError < 1e-9)
    #expect(verdict.rule == .corrected)
  }

  @Test("Numbers that can't be of probes are refused")
  func refusals() {
    let numbers = [Float](repeating: 1, count: 3 * 64)
    #expect(throws: ShapleyError.self) { try ProbeVerdict(values: Array(numbers.dropLast()), derivatives: numbers) }
    #expect(throws: ShapleyError.self) { try ProbeVerdict(values: [1, 1, 1], derivatives: [1, 1, 1]) }
    var broken = numbers
    broken[7] = .infinity
    #expect(throws: ShapleyError.self) { try ProbeVerdict(values: broken, derivatives: numbers) }
  }
}
