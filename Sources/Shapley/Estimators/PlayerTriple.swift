/// Three players, a < b < c, in six bytes.
struct PlayerTriple: Hashable {
  private let first, second, third: UInt16

  var a: Int { Int(first) }
  var b: Int { Int(second) }
  var c: Int { Int(third) }

  init(_ a: Int, _ b: Int, _ c: Int) { (first, second, third) = (UInt16(a), UInt16(b), UInt16(c)) }
}
