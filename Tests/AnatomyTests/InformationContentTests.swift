import Testing

@testable import Anatomy

@Suite("The information content of a region")
struct InformationContentTests {
  /// Numbers on [0, 1) from Knuth's linear congruential generator.
  static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
  }

  static func bits(_ densities: [Double], _ labels: [Int]) -> Double? {
    InformationContent(labels: labels, permutations: 0, seed: 1, stream: 0).estimate(densities)?.bits
  }

  /// scikit-learn 1.9.1, `_compute_mi_cd(phi, labels, 3) / ln 2`, for phi = numbers(n, seed: n) + shift·label, with neighbours
  /// found by k-d tree: its brute-force search, chosen for classes of fewer than eight, rounds distances, so that the k-th
  /// neighbour may count as inside.
  @Test(
    "is that of scikit-learn's estimator",
    arguments: [
      (32, 2, 0.3, 0.2912774549394721), (64, 10, 0.1, 0.26544556875021014), (100, 3, 0.0, 0.11473703536761311),
      (60, 12, 0.05, 0.15828630574713864), (50, 20, 0.2, 1.8218586398869767),
      (200, 10, 0.1, 0.7463596804553845), (256, 16, 0.05, 0.6169670788499598),
    ])
  func oracle(count: Int, classes: Int, shift: Double, expected: Double) throws {
    let labels = (0..<count).map { $0 % classes }
    let densities = zip(Self.numbers(count, seed: UInt64(count)), labels).map { $0 + shift * Double($1) }
    #expect(abs(try #require(Self.bits(densities, labels)) - expected) < 1e-12)
  }

  /// The same, with the last stimulus the only one of its class.
  @Test("leaves out stimuli that are the only ones of their class, as scikit-learn does")
  func single() throws {
    var labels = (0..<65).map { $0 % 4 }
    labels[64] = 99
    var densities = zip(Self.numbers(65, seed: 65), labels).map { $0 + 0.5 * Double($1) }
    densities[64] = 0.5
    #expect(abs(try #require(Self.bits(densities, labels)) - 1.1879786273166715) < 1e-12)
  }

  @Test("is about the entropy of the labels where classes lie apart, and half a bit where two overlap by half")
  func known() throws {
    let labels = (0..<2000).map { $0 % 4 }
    let noise = Self.numbers(2000, seed: 3)
    #expect(abs(Self.bits(zip(noise, labels).map { $0 + 2 * Double($1) }, labels)! - 2) < 0.01)
    let two = labels.map { $0 % 2 }
    #expect(abs(Self.bits(zip(noise, two).map { $0 + 0.5 * Double($1) }, two)! - 0.5) < 0.05)
    #expect(Self.bits(noise, labels)! < 0.05)
  }

  @Test("does not change when stimuli are put in another order, or densities shifted and scaled by powers of two")
  func invariance() throws {
    let labels = (0..<64).map { $0 % 5 }
    let densities = zip(Self.numbers(64, seed: 9), labels).map { $0 + 0.1 * Double($1) }
    let expected = try #require(Self.bits(densities, labels))
    #expect(abs(Self.bits(densities.reversed(), labels.reversed())! - expected) < 1e-12)
    #expect(abs(Self.bits(densities.map { 4 * $0 }, labels)! - expected) < 1e-12)
    #expect(abs(Self.bits(densities.map { -$0 }, labels)! - expected) < 1e-12)
  }

  @Test("is 0 with p = 1 for a region that is silent throughout")
  func silent() throws {
    let information = InformationContent(labels: (0..<64).map { $0 % 4 }, permutations: 50, seed: 1, stream: 0)
    let estimate = try #require(information.estimate(Array(repeating: -1.84, count: 64)))
    #expect(estimate == InformationContent.Estimate(bits: 0, pValue: 1))
  }

  @Test("sees a region that is silent for one class and active for the other")
  func silentForOneClass() throws {
    let labels = (0..<100).map { $0 % 2 }
    let densities = zip(Self.numbers(100, seed: 4), labels).map { $1 == 0 ? -1.84 : $0 }
    let information = InformationContent(labels: labels, permutations: 99, seed: 1, stream: 0)
    let estimate = try #require(information.estimate(densities))
    #expect(abs(estimate.bits - 1) < 0.1)
    #expect(estimate.pValue == 0.01)
  }

  @Test("is significant where labels matter, and in 5 of 100 regions where they do not")
  func pValues() throws {
    let labels = (0..<64).map { $0 % 4 }
    let information = InformationContent(labels: labels, permutations: 199, seed: 7, stream: 2)
    let telling = zip(Self.numbers(64, seed: 5), labels).map { $0 + 0.4 * Double($1) }
    #expect(information.estimate(telling)?.pValue == 0.005)

    let null = (0..<400).map { information.estimate(Self.numbers(64, seed: 1000 + UInt64($0)))!.pValue }
    let share = Double(null.count { $0 <= 0.05 }) / 400
    #expect(share > 0.02 && share < 0.09)
    #expect(abs(null.reduce(0, +) / 400 - 0.5) < 0.05)
  }

  @Test("is the same for the same seed and stream, and tests by other permutations for others")
  func determinism() throws {
    let labels = (0..<64).map { $0 % 4 }
    let densities = Self.numbers(64, seed: 12)
    func pValue(_ seed: UInt64, _ stream: UInt64) -> Double {
      InformationContent(labels: labels, permutations: 500, seed: seed, stream: stream).estimate(densities)!.pValue
    }
    #expect(pValue(1, 1) == pValue(1, 1))
    #expect(Set([pValue(1, 1), pValue(2, 1), pValue(1, 2), pValue(3, 3)]).count > 1)
  }

  @Test(
    "is not reported, with a reason, where it cannot be estimated",
    arguments: [
      ((0..<31).map { $0 % 2 }, "31 stimuli, and at least 32"), (Array(repeating: 3, count: 64), "one class"),
      (Array(0..<64), "0 stimuli share"), (Array(0..<40) + Array(repeating: 99, count: 33), "of one class"), ([], "0 stimuli"),
    ])
  func noEstimate(labels: [Int], expected: String) {
    let information = InformationContent(labels: labels, permutations: 10, seed: 1, stream: 0)
    #expect(information.reasonForNone?.contains(expected) == true, "\(information.reasonForNone ?? "")")
    #expect(information.estimate(Self.numbers(labels.count, seed: 1)) == nil)
  }

  @Test("is nil where a density is not finite")
  func notFinite() {
    let information = InformationContent(labels: (0..<40).map { $0 % 2 }, permutations: 10, seed: 1, stream: 0)
    var densities = Self.numbers(40, seed: 1)
    densities[7] = .nan
    #expect(information.estimate(densities) == nil)
  }
}
