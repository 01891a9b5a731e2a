/// A product of three regions' signs.
struct TripleTerm {
  let triple: PlayerTriple
  /// What a prior expects of its coefficient, up to a factor.
  let variance: Float
}
