/// A random stream that is a function of (seed, domain, index) alone, so that any rank can draw what belongs to a
/// logical index without drawing what comes before it.
///
/// Philox key = seed; counter = (domain, block, index low, index high). A stream holds 2³² blocks of 128 bits.
/// Its integers, shuffles and subsets are defined here, not by the standard library, so that they never change with it.
package struct CounterRandom: RandomNumberGenerator, Sendable {
  private let key: Philox4x32.Key
  private var counter: Philox4x32.Counter
  private var output = SIMD4<UInt32>()
  private var used = 4

  package init(seed: UInt64, domain: Domain, index: UInt64) {
    self.init(seed: seed, domain: domain.rawValue, index: index)
  }

  package init(seed: UInt64, domain: UInt32, index: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(domain, 0, UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32))
  }

  /// A seed of its own for the pair (seed, stream): one level of a tree of seeds.
  package static func derivedSeed(from seed: UInt64, stream: UInt64) -> UInt64 {
    var random = CounterRandom(seed: seed, domain: .derivedSeed, index: stream)
    return random.next()
  }

  package mutating func nextWord() -> UInt32 {
    if used == 4 {
      output = Philox4x32.block(counter: counter, key: key)
      counter.y &+= 1
      used = 0
    }
    defer { used += 1 }
    return output[used]
  }

  /// Two words, the low one first.
  package mutating func next() -> UInt64 {
    let low = UInt64(nextWord())
    return UInt64(nextWord()) << 32 | low
  }

  /// An integer uniform on 0..<bound, without bias. 0 < bound ≤ 2³².
  ///
  /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).
  package mutating func next(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= 1 << 32)
    let range = UInt64(bound)
    var product = UInt64(nextWord()) &* range
    if product & 0xFFFF_FFFF < range {
      let threshold = (1 << 32) % range
      while product & 0xFFFF_FFFF < threshold { product = UInt64(nextWord()) &* range }
    }
    return Int(product >> 32)
  }

  /// A number uniform on [0, 1), a multiple of 2⁻⁵³.
  package mutating func nextUnit() -> Double { Double(next() as UInt64 >> 11) * 0x1p-53 }

  /// Shuffles in place, every order equally likely (Fisher–Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    var last = elements.count - 1
    while last > 0 {
      elements.swapAt(last, next(below: last + 1))
      last -= 1
    }
  }
}
