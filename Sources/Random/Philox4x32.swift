/// The counter-based generator Philox4x32-10: 128 bits of output for each counter and key, without state.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, with the constants of
/// Random123. Checked against its known answers.
package enum Philox4x32 {
  package typealias Counter = SIMD4<UInt32>
  package typealias Key = SIMD2<UInt32>

  /// The output block at `counter` under `key`. About 10 ns.
  package static func block(counter: Counter, key: Key) -> SIMD4<UInt32> {
    // Scalars: vectors of four would be taken apart and put together in every round.
    var (x0, x1, x2, x3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let a = UInt64(0xD251_1F53) &* UInt64(x0)
      let b = UInt64(0xCD9E_8D57) &* UInt64(x2)
      (x0, x1) = (UInt32(truncatingIfNeeded: b >> 32) ^ x1 ^ k0, UInt32(truncatingIfNeeded: b))
      (x2, x3) = (UInt32(truncatingIfNeeded: a >> 32) ^ x3 ^ k1, UInt32(truncatingIfNeeded: a))
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(x0, x1, x2, x3)
  }
}
