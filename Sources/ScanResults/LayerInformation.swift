package import Anatomy
package import Distribution
import ScanPlan

/// Information content of a layer's regions: how many bits of the class their densities tell, with p-values.
package struct LayerInformation: Sendable {
  /// [regions]; `nil` for a region with a density that is not finite.
  package private(set) var bits: [Double?]
  /// [regions]; `nil` where bits are.
  package private(set) var pValues: [Double?]

  /// - Parameters:
  ///   - densities: [stimuli x regions], row by row.
  ///   - labels: the class of each stimulus.
  ///   - blocks: which stimuli are alike.
  init(densities: [Double], labels: [Int], blocks: LabelBlocks, seed: UInt64, layer: Int) {
    let regions = densities.count / labels.count
    let content = InformationContent(labels: labels, blocks: blocks, seed: seed, stream: UInt64(layer))
    let estimates = (0..<regions).map { region in
      content.estimate(stride(from: region, to: densities.count, by: regions).map { densities[$0] })
    }
    bits = estimates.map { $0?.bits }
    pValues = estimates.map { $0?.pValue }
  }

  /// - Parameter parts: of a layer's regions, in their order.
  init(joining parts: some Sequence<LayerInformation>) {
    bits = parts.flatMap(\.bits)
    pValues = parts.flatMap(\.pValues)
  }

  /// Why nothing can be said for stimuli of these classes; `nil` if it can.
  static func reasonForNone(labels: [Int]) -> String? {
    InformationContent(labels: labels, permutations: 0, seed: 0, stream: 0).reasonForNone
  }
}

/// Information content of a layer's regions, or of some that lie side by side.
package struct InformTask: RankTask, Hashable {
  package var layer = 0
  /// The class of each stimulus.
  package var labels: [Int] = []
  package var blocks = LabelBlocks()
  /// [stimuli x regions], row by row.
  package var densities: [Double] = []

  package init() {}

  package init(layer: Int, labels: [Int], blocks: LabelBlocks, densities: [Double]) {
    (self.layer, self.labels, self.blocks, self.densities) = (layer, labels, blocks, densities)
  }

  /// A layer's tasks, of so many regions each. A task permutes the labels for itself, which takes as long as a region or less.
  ///
  /// - Parameter densities: by stimulus, of all regions.
  static func tasks(
    layer: Int, labels: [Int], blocks: LabelBlocks, densities: [[Double]], regions share: Int = 32
  ) -> [InformTask] {
    let regions = densities.first?.count ?? 0
    return stride(from: 0, to: regions, by: share).map { first in
      let range = first..<min(first + share, regions)
      return InformTask(layer: layer, labels: labels, blocks: blocks, densities: densities.flatMap { $0[range] })
    }
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&labels)
    try coder.code(&blocks.numbers)
    var keepsOrder = blocks.keepsOrder ? 1 : 0
    try coder.code(&keepsOrder)
    blocks.keepsOrder = keepsOrder != 0
    try coder.code(&densities)
  }

  package func run(on estimation: Estimation, pause: () throws -> Void) throws -> LayerInformation {
    LayerInformation(densities: densities, labels: labels, blocks: blocks, seed: estimation.measurement.seed, layer: layer)
  }
}

extension LayerInformation: Coded {
  package init() {
    bits = []
    pValues = []
  }

  /// In messages, NaN stands for what is missing.
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var (bits, pValues) = (bits.map { $0 ?? .nan }, pValues.map { $0 ?? .nan })
    try coder.code(&bits)
    try coder.code(&pValues)
    self.bits = bits.map { $0.isNaN ? nil : $0 }
    self.pValues = pValues.map { $0.isNaN ? nil : $0 }
  }
}
