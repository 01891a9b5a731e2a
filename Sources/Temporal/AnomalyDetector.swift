/// Finds windows that are unlike the reference period, with a false-alarm rate that is held by construction.
///
/// A score is fitted to reference windows. Its threshold comes from the scores that reference windows get from fits without
/// them and their neighbours: with n of those, the k-th smallest, k = ⌈(1 − rate)(n + 1)⌉ at most n, is exceeded by a further
/// window of the same kind with a probability of about 1 − k/(n + 1), and less where scores are bounded or depend much on
/// single windows, if windows are exchangeable. Sources: Vovk,
/// Gammerman & Shafer, Algorithmic Learning in a Random World (2005); cross-fitting: Barber et al., Ann. Stat. 49 (2021).
package struct AnomalyDetector: Sendable, Hashable {
  /// Fewer reference windows than this give no threshold.
  package static let leastReference = 10
  /// Parts of the reference period for fits without a part.
  private static let folds = 5

  /// `[windows]`; reference windows are scored by a fit without them.
  package let scores: [Double]
  /// Above it a window is anomalous.
  package let threshold: Double
  /// 1 − k/(n + 1): the probability of a false alarm that the threshold stands for. More than was asked for where the
  /// reference period has too few windows.
  package let falseAlarmRate: Double
  /// Reference windows that were flagged by detectors made without them and their neighbours.
  package let heldOutAlarms: Int
  /// Reference windows that were so tried.
  package let heldOutWindows: Int

  package func isAnomalous(_ window: Int) -> Bool { scores[window] > threshold }

  /// - Parameters:
  ///   - features: `[windows][features]`.
  ///   - reference: which windows are the reference period's, ascending, at least `leastReference`.
  ///   - rate: the wanted probability of a false alarm a window.
  ///   - fit: from the features of some windows, the score of a window's features. Not negative.
  /// - Complexity: 26 fits.
  init(
    features: [[Double]], windows: SlidingWindows, reference: [Int], rate: Double,
    fit: @escaping ([[Double]]) -> ([Double]) -> Double
  ) {
    precondition(reference.count >= Self.leastReference && rate > 0 && rate < 1)
    let fitting = Fitting(features: features, distance: windows.independentDistance, fit: fit)
    let apart = fitting.scoresApart(reference, folds: Self.folds)
    let (threshold, held) = Self.threshold(apart, rate: rate)
    let score = fit(reference.map { features[$0] })
    var scores = features.map(score)
    for (window, value) in zip(reference, apart) { scores[window] = value }
    self.scores = scores
    self.threshold = threshold
    falseAlarmRate = held

    var (alarms, tried) = (0, 0)
    for fold in Self.parts(reference, Self.folds) {
      let others = fitting.without(fold, reference)
      guard others.count >= Self.leastReference else { continue }
      let threshold = Self.threshold(fitting.scoresApart(others, folds: Self.folds), rate: rate).value
      let score = fit(others.map { features[$0] })
      alarms += fold.count { score(features[$0]) > threshold }
      tried += fold.count
    }
    heldOutAlarms = alarms
    heldOutWindows = tried
  }

  private static func threshold(_ scores: [Double], rate: Double) -> (value: Double, rate: Double) {
    let wanted = (1 - rate) * Double(scores.count + 1)
    // A product that should be whole may lie a rounding above.
    let place = min(max(Int((wanted - 1e-9).rounded(.up)), 1), scores.count)
    return (scores.sorted()[place - 1], 1 - Double(place) / Double(scores.count + 1))
  }

  /// Contiguous parts of nearly equal length.
  private static func parts(_ windows: [Int], _ count: Int) -> [[Int]] {
    (0..<count).map { Array(windows[$0 * windows.count / count..<($0 + 1) * windows.count / count]) }
  }

  /// Scores of windows by fits that saw neither them nor what overlaps them.
  private struct Fitting {
    let features: [[Double]]
    let distance: Int
    let fit: ([[Double]]) -> ([Double]) -> Double

    func without(_ fold: [Int], _ windows: [Int]) -> [Int] {
      guard let first = fold.first, let last = fold.last else { return windows }
      let others = windows.filter { $0 <= first - distance || $0 >= last + distance }
      // Windows that overlap nearly all others leave none; then their own fold is what can be left out.
      return others.count > 1 ? others : windows.filter { $0 < first || $0 > last }
    }

    func scoresApart(_ windows: [Int], folds: Int) -> [Double] {
      AnomalyDetector.parts(windows, folds).flatMap { fold -> [Double] in
        let score = fit(without(fold, windows).map { features[$0] })
        return fold.map { score(features[$0]) }
      }
    }
  }
}
