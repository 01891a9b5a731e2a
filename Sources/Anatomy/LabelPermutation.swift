internal import Random

/// Which stimuli are alike, so that labels are permuted by blocks.
package struct LabelBlocks: Sendable, Hashable {
  /// The block of each stimulus; empty where each is independent.
  package var numbers: [Int]
  /// Whether stimuli of a block come one after another, as those of a stream do, rather than in any order.
  package var keepsOrder: Bool

  package init(numbers: [Int] = [], keepsOrder: Bool = false) {
    (self.numbers, self.keepsOrder) = (numbers, keepsOrder)
  }

  /// - Parameter stimuli: by place, ascending.
  package func keeping(_ stimuli: [Int]) -> LabelBlocks {
    LabelBlocks(numbers: numbers.isEmpty ? [] : stimuli.map { numbers[$0] }, keepsOrder: keepsOrder)
  }
}

/// Draws permutations of labels that are as likely as the labels themselves where these have nothing to do with what is measured.
///
/// Of independent stimuli any. Of blocks, whose stimuli are alike:
/// - where all blocks are of one class each, as patients and controls are, blocks' classes, whatever their sizes;
/// - else a block's labels go as a whole to a block of the same size, in their order where that is kept, else shuffled.
///
/// Source: whole-block and within-block exchangeability as by Winkler et al., NeuroImage 123 (2015), doi 10.1016/j.neuroimage.2015.05.092.
struct LabelPermutation {
  private let labels: [UInt32]
  /// Places of each block's labels, by the first stimulus; empty for independent stimuli.
  private let blocks: [[Int]]
  private let keepsOrder: Bool
  private let isNested: Bool
  /// Blocks that may exchange labels as wholes.
  private let exchangeable: [[Int]]

  init(_ labels: [UInt32], within blocks: LabelBlocks) {
    self.labels = labels
    let places = Dictionary(grouping: blocks.numbers.indices) { blocks.numbers[$0] }.values.sorted { $0[0] < $1[0] }
    (self.blocks, keepsOrder) = (places, blocks.keepsOrder)
    isNested = places.allSatisfy { block in block.allSatisfy { labels[$0] == labels[block[0]] } }
    exchangeable =
      isNested
      ? [Array(places.indices)]
      : Dictionary(grouping: places.indices) { places[$0].count }.sorted { $0.key < $1.key }.map(\.value)
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
        if isNested {
          given = Array(repeating: given[0], count: blocks[taker].count)
        } else if !keepsOrder {
          random.shuffle(&given)
        }
        for (place, label) in zip(blocks[taker], given) { drawn[place] = label }
      }
    }
    return drawn
  }
}
