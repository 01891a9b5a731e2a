internal import Random
internal import Statistics

/// How much a region's density tells about the class of a stimulus: I = H(Y) − H(Y | φ), in bits, with a permutation p-value.
///
/// The estimator for a discrete Y and a continuous φ of Ross (2014, doi 10.1371/journal.pone.0087357):
/// I = ψ(N) + ⟨ψ(k)⟩ − ⟨ψ(N_y)⟩ − ⟨ψ(m)⟩ nats. N_y is the number of stimuli of a stimulus's class; d is the distance in φ to its
/// k-th nearest neighbour of that class, k = 3, or N_y − 1 in smaller classes; m is the number of neighbours of any class
/// within d. Stimuli that are the only ones of their class are left out, as in scikit-learn.
///
/// Ties: all neighbours at exactly the distance d count, in k as in m. Without ties this is Ross's estimator to the letter. Where a
/// silent region has the same φ for many stimuli, it counts them as Gao et al. (2017, arXiv 1709.06212) do for mixtures, needs no
/// jitter, and gives 0 where φ is constant. Negative estimates are reported as 0, after the test.
///
/// The p-value is (1 + b)/(1 + B), b of B permutations of the labels (`LabelPermutation`) reaching the estimate. The same permutations
/// serve all regions. A class that a permutation leaves one stimulus tells nothing of it. Deterministic: a function of seed, stream, labels
/// and what they may be permuted among.
package struct InformationContent: Sendable {
  /// k: neighbours of the same class.
  package static let neighbours = 3
  /// Below this number of stimuli, in classes of two or more, nothing is reported.
  package static let leastStimuli = 32

  /// What a region's density tells.
  package struct Estimate: Hashable, Sendable {
    /// I, in bits; at least 0.
    package let bits: Double
    /// From 1/(1 + B) to 1.
    package let pValue: Double
  }

  /// Why nothing can be said; nil if it can.
  package let reasonForNone: String?
  /// Places of the stimuli that take part, ascending.
  private let stimuli: [Int]
  private let classCount: Int
  /// The class of each stimulus that takes part: as given, then permuted. [(1 + permutations) x stimuli]
  private let classes: [UInt32]
  private let permutationCount: Int
  /// ψ(n) for n = 1...stimuli, at n − 1.
  private let digamma: [Double]

  /// - Parameters:
  ///   - labels: the class of each stimulus, or the class that the model predicts. [stimuli]
  ///   - blocks: which stimuli are alike.
  ///   - permutations: B; 0 for no test, p = 1.
  ///   - stream: what tells this test from others of the same seed, such as the layer's number.
  package init(labels: [Int], blocks: LabelBlocks = LabelBlocks(), permutations: Int = 200, seed: UInt64, stream: UInt64) {
    var sizes: [Int: Int] = [:]
    for label in labels { sizes[label, default: 0] += 1 }
    let repeated = sizes.filter { $0.value > 1 }.keys.sorted()
    let number = Dictionary(uniqueKeysWithValues: repeated.enumerated().map { ($1, UInt32($0)) })

    stimuli = labels.indices.filter { number[labels[$0]] != nil }
    classCount = repeated.count
    permutationCount = permutations
    if labels.count < Self.leastStimuli {
      reasonForNone = "\(labels.count) stimuli, and at least \(Self.leastStimuli) are needed"
    } else if sizes.count < 2 {
      reasonForNone = "all stimuli are of one class"
    } else if stimuli.count < Self.leastStimuli {
      reasonForNone =
        "\(stimuli.count) stimuli share their class with another, and at least \(Self.leastStimuli) are needed"
    } else if classCount < 2 {
      reasonForNone = "all stimuli that share their class with another are of one class"
    } else {
      reasonForNone = nil
    }

    guard reasonForNone == nil else {
      classes = []
      digamma = []
      return
    }
    digamma = (1...stimuli.count).map { Statistics.digamma(of: Double($0)) }
    let observed = stimuli.map { number[labels[$0]]! }
    let permutation = LabelPermutation(observed, within: blocks.keeping(stimuli))
    let drawSeed = CounterRandom.derivedSeed(from: seed, stream: stream)
    classes =
      observed
      + (0..<permutations).flatMap { draw in
        var random = CounterRandom(seed: drawSeed, domain: .classPermutations, index: UInt64(draw))
        return permutation.drawn(&random)
      }
  }

  /// What a region's density tells about the class.
  ///
  /// Cost: N log N, and N a permutation.
  ///
  /// - Parameter densities: φ of one region for each stimulus. [stimuli, all that labels were given for]
  /// - Returns: nil where `reasonForNone` says why, or where a density is not finite.
  package func estimate(_ densities: [Double]) -> Estimate? {
    guard reasonForNone == nil else { return nil }
    precondition(densities.count > stimuli.last!, "one density for each label")
    let values = stimuli.map { densities[$0] }
    guard values.allSatisfy(\.isFinite) else { return nil }

    let count = values.count
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    let sorted = order.map { values[$0] }
    var scratch = Scratch(stimuli: count, classes: classCount)
    let observed = nats(sorted, order, arrangement: 0, &scratch)
    var reaching = 0
    for permutation in 0..<permutationCount {
      // Sums of the same numbers in another order may differ in their last bits.
      if nats(sorted, order, arrangement: 1 + permutation, &scratch) >= observed - 1e-12 { reaching += 1 }
    }
    return Estimate(
      bits: max(0, observed * 1.442695040888963407), pValue: Double(1 + reaching) / Double(1 + permutationCount))
  }

  /// Buffers of one region's test.
  private struct Scratch {
    /// Places in the sorted list by class. [stimuli]
    var places: [Int]
    /// Where a class starts in `places`; grows to its end while it is filled. [classes]
    var ends: [Int]

    init(stimuli: Int, classes: Int) {
      places = Array(repeating: 0, count: stimuli)
      ends = Array(repeating: 0, count: classes)
    }
  }

  /// The estimate in nats, for the labels as given (arrangement 0) or permuted.
  private func nats(_ sorted: [Double], _ order: [Int], arrangement: Int, _ scratch: inout Scratch) -> Double {
    let count = sorted.count
    let offset = arrangement * count
    for number in 0..<classCount { scratch.ends[number] = 0 }
    for place in 0..<count { scratch.ends[Int(classes[offset + place])] += 1 }
    var first = 0
    for number in 0..<classCount { (scratch.ends[number], first) = (first, first + scratch.ends[number]) }
    for place in 0..<count {
      let number = Int(classes[offset + order[place]])
      scratch.places[scratch.ends[number]] = place
      scratch.ends[number] += 1
    }

    var sum = 0.0
    var end = 0
    for number in 0..<classCount {
      let start = end
      end = scratch.ends[number]
      guard end - start > 1 else {
        sum -= Double(end - start) * digamma[count - 1]
        continue
      }
      let neighbours = min(Self.neighbours, end - start - 1)
      var previous = Double.nan
      var term = 0.0
      for member in start..<end {
        let value = sorted[scratch.places[member]]
        // Equal members of a class have equal neighbourhoods, which may be as large as the tie.
        if value == previous {
          sum += term
          continue
        }
        previous = value

        // The k nearest of the class lie in one of the k + 1 windows of k + 1 members around it.
        var radius = Double.infinity
        var window = start
        for first in max(start, member - neighbours)...min(member, end - 1 - neighbours) {
          let reach = max(
            value - sorted[scratch.places[first]], sorted[scratch.places[first + neighbours]] - value)
          if reach < radius {
            radius = reach
            window = first
          }
        }
        var low = window
        var high = window + neighbours
        while low > start, value - sorted[scratch.places[low - 1]] <= radius { low -= 1 }
        while high < end - 1, sorted[scratch.places[high + 1]] - value <= radius { high += 1 }

        // Neighbours of any class lie between these members and the next ones of the class.
        var insideLow = scratch.places[low]
        var insideHigh = scratch.places[high]
        while insideLow > 0, value - sorted[insideLow - 1] <= radius { insideLow -= 1 }
        while insideHigh < count - 1, sorted[insideHigh + 1] - value <= radius { insideHigh += 1 }

        term = digamma[high - low - 1] - digamma[insideHigh - insideLow - 1]
        sum += term
      }
      sum -= Double(end - start) * digamma[end - start - 1]
    }
    return digamma[count - 1] + sum / Double(count)
  }
}
