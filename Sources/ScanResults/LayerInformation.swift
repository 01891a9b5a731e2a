import Anatomy
package import Distribution
import ScanPlan

/// Information content of a layer's regions: how many bits of the class their densities tell, with p-values.
package struct LayerInformation: Sendable, Codable {
  /// [regions]; `nil` for a region with a density that is not finite.
  package private(set) var bits: [Double?]
  /// [regions]; `nil` where bits are.
  package private(set) var pValues: [Double?]

  /// - Parameters:
  ///   - densities: [stimuli x regions], row by row.
  ///   - labels: the class of each stimulus.
  init(densities: [Double], labels: [Int], seed: UInt64, layer: Int) {
    let regions = densities.count / labels.count
    let content = InformationContent(labels: labels, seed: seed, stream: UInt64(layer))
    let estimates = (0..<regions).map { region in
      content.estimate(stride(from: region, to: densities.count, by: regions).map { densities[$0] })
    }
    bits = estimates.map { $0?.bits }
    pValues = estimates.map { $0?.pValue }
  }

  /// - Parameter parts: of a layer's regions, in their order.
  package init(joining parts: some Sequence<LayerInformation>) {
    bits = parts.flatMap(\.bits)
    pValues = parts.flatMap(\.pValues)
  }

  /// Why nothing can be said for stimuli of these classes; `nil` if it can.
  package static func reasonForNone(labels: [Int]) -> String? {
    InformationContent(labels: labels, permutations: 0, seed: 0, stream: 0).reasonForNone
  }
}

/// Information content of a layer's regions, or of some that lie side by side.
package struct InformTask: RankTask, Hashable {
  package var layer = 0
  /// The class of each stimulus.
  package var labels: [Int] = []
  /// [stimuli x regions], row by row.
  package var densities: [Double] = []

  package init() {}

  package init(layer: Int, labels: [Int], densities: [Double]) {
    self.layer = layer
    self.labels = labels
    self.densities = densities
  }

  /// A layer's tasks: about as many as asked for, and one at least. Each permutes the labels for itself, which takes as long as a third
  /// of a region.
  ///
  /// - Parameter densities: by stimulus, of all regions.
  package static func tasks(layer: Int, labels: [Int], densities: [[Double]], count: Int) -> [InformTask] {
    let regions = densities.first?.count ?? 0
    let share = max((regions + max(count, 1) - 1) / max(count, 1), 1)
    return stride(from: 0, to: max(regions, 1), by: share).map { first in
      let range = first..<min(first + share, regions)
      return InformTask(layer: layer, labels: labels, densities: densities.flatMap { $0[range] })
    }
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&labels)
    try coder.code(&densities)
  }

  package func run(on estimation: Estimation, pause: () throws -> Void) throws -> LayerInformation {
    LayerInformation(densities: densities, labels: labels, seed: estimation.measurement.seed, layer: layer)
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
