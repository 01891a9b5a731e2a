/// The counter-based generator Philox4x32-10: 128 bits of output for each counter and key, without state.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, with the constants of
/// Random123. Checked against its known answers.
package enum Philox4x32 {
  package typealias Counter = SIMD4<UInt32>
  package typealias Key = SIMD2<UInt32>

  /// The output block at `counter` under `key`. About 10 ns.
  package static func block(counter: Counter, key: Key) -> SIMD4<UInt32> {
    var x = counter
    var k = key
    for round in 0..<10 {
      if round > 0 { k &+= SIMD2(0x9E37_79B9, 0xBB67_AE85) }
      let a = UInt64(0xD251_1F53) &* UInt64(x.x)
      let b = UInt64(0xCD9E_8D57) &* UInt64(x.z)
      x = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ x.y ^ k.x, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ x.w ^ k.y, UInt32(truncatingIfNeeded: a))
    }
    return x
  }
}
