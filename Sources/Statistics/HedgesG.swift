/// How far two groups' means are apart in units of their common standard deviation, corrected for few stimuli.
///
/// g = (1 − 3/(4(a + b) − 9))·(x̄ − ȳ)/s, s² the variances pooled by their degrees of freedom. 0/0 is 0; a difference without any spread
/// is infinite. Source: Hedges, J. Educational Statistics 6 (1981).
package func hedgesG(_ first: [Double], _ second: [Double]) -> Double {
  precondition(first.count > 1 && second.count > 1)
  let (a, b) = (SampleMoments(first), SampleMoments(second))
  let freedom = Double(a.count + b.count - 2)
  let pooled = (Double(a.count - 1) * a.variance + Double(b.count - 1) * b.variance) / freedom
  let difference = a.mean - b.mean
  guard difference != 0 else { return 0 }
  return (1 - 3 / (4 * Double(a.count + b.count) - 9)) * difference / pooled.squareRoot()
}
