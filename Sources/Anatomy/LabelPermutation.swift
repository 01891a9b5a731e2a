internal import Random

/// Which stimuli are alike, so that labels are permuted by blocks.
package struct LabelBlocks: Sendable, Hashable {
  /// The cluster of each stimulus, or its stretch of a stream; empty where each is independent.
  package var numbers: [Int]
  /// Whether stimuli are a stream's, one after another, and like their neighbours, rather than in clusters.
  package var keepsOrder: Bool

  package init(numbers: [Int] = [], keepsOrder: Bool = false) {
    (self.numbers, self.keepsOrder) = (numbers, keepsOrder)
  }

  /// - Parameter stimuli: by place, ascending.
  package func keeping(_ stimuli: [Int]) -> LabelBlocks {
    LabelBlocks(numbers: numbers.isEmpty ? [] : stimuli.map { numbers[$0] }, keepsOrder: keepsOrder)
  }
}

/// Draws arrangements of labels that are as likely as the labels themselves where these have nothing to do with what is measured.
///
/// Of independent stimuli any permutation. Of a stream's stretches each gets the labels of another of its length, in their order or
/// backwards, so that what is shown in one goes on being so. Of clusters each gets the labels of another, shuffled: any other where all are of
/// one class each, as patients and controls are, else one that is less than twice or half as large. A cluster that is larger than its giver
/// gets labels twice, a smaller one some of them.
///
/// Source: whole-block and within-block exchangeability as by Winkler et al., NeuroImage 123 (2015), doi 10.1016/j.neuroimage.2015.05.092.
struct LabelPermutation {
  private let labels: [UInt32]
  /// Places of each cluster's or stretch's labels, by the first stimulus; empty for independent stimuli.
  private let blocks: [[Int]]
  private let keepsOrder: Bool
  /// Those that may exchange labels.
  private let exchangeable: [[Int]]

  init(_ labels: [UInt32], within blocks: LabelBlocks) {
    self.labels = labels
    let places = Dictionary(grouping: blocks.numbers.indices) { blocks.numbers[$0] }.values.sorted { $0[0] < $1[0] }
    (self.blocks, keepsOrder) = (places, blocks.keepsOrder)
    let isNested = places.allSatisfy { block in block.allSatisfy { labels[$0] == labels[block[0]] } }
    func kind(_ size: Int) -> Int {
      if isNested { return 0 }
      return blocks.keepsOrder ? size : size.bitWidth - size.leadingZeroBitCount
    }
    exchangeable = Dictionary(grouping: places.indices) { kind(places[$0].count) }.sorted { $0.key < $1.key }.map(\.value)
  }

  func drawn(_ random: inout CounterRandom) -> [UInt32] {
    var drawn = labels
    guard !blocks.isEmpty else {
      random.shuffle(&drawn)
      return drawn
    }
    for group in exchangeable {
      var givers = group
      random.shuffle(&givers)
      for (taker, giver) in zip(group, givers) {
        var given = blocks[giver].map { labels[$0] }
        if !keepsOrder {
          random.shuffle(&given)
        } else if random.next(below: 2) == 1 {
          given.reverse()
        }
        for (number, place) in blocks[taker].enumerated() { drawn[place] = given[number % given.count] }
      }
    }
    return drawn
  }
}
