import Anatomy

/// Information content of a layer's regions: how many bits of the class their densities tell, with p-values.
package struct LayerInformation: Sendable, Codable {
  /// [regions]; `nil` for a region with a density that is not finite.
  package let bits: [Double?]
  /// [regions]; `nil` where bits are.
  package let pValues: [Double?]

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

  /// Why nothing can be said for stimuli of these classes; `nil` if it can.
  static func reasonForNone(labels: [Int]) -> String? {
    InformationContent(labels: labels, permutations: 0, seed: 0, stream: 0).reasonForNone
  }

  // In messages, NaN stands for what is missing.

  func encode(to writer: inout MessageWriter) {
    writer.append(bits.map { $0 ?? .nan })
    writer.append(pValues.map { $0 ?? .nan })
  }

  init(_ reader: inout MessageReader) {
    bits = reader.readDoubles().map { $0.isNaN ? nil : $0 }
    pValues = reader.readDoubles().map { $0.isNaN ? nil : $0 }
  }
}
