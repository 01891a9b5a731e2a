/// A number that differs for nearly all pairs of contents and is the same in every process: to find what may be equal.
/// Equality itself is found out by comparing. FNV-1a, over words of 8 bytes, with the high half folded in.
package enum ContentHash {
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func take(_ word: UInt64) {
      hash = (hash ^ word) &* 0x0000_0100_0000_01b3
      hash ^= hash >> 32
    }
    let words = bytes.count / 8
    for word in 0..<words { take(bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)) }
    for byte in bytes[(8 * words)...] { take(UInt64(byte)) }
    take(UInt64(bytes.count))
    return hash
  }

  package static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes(of) }
}
