/// Three players, a < b < c.
struct PlayerTriple: Hashable {
  let a: Int
  let b: Int
  let c: Int
}
