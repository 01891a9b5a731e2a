import Arrays
import Files
package import ModelGraph
package import Stimuli

extension StimulusFeed {
  /// Reads every stimulus as the model will: tells those with NaN or infinity and those that repeat others, and refuses
  /// ids that choose no row of an embedding.
  ///
  /// Cost: all stimuli are read once; no forward pass.
  /// - Throws: `StimuliError`, or `LesionError` for an input type that stimuli can't feed.
  package func survey(for model: Model) throws -> StimulusSurvey { try stimuli.survey(readings(for: model)) }

  /// The same of the partners: makes sure that all of them can be used.
  ///
  /// - Throws: as `survey`, and `StimuliError` for NaN or infinity.
  package func checkPartners(for model: Model) throws {
    guard let partners, let first = try partners.survey(readings(for: model)).nonFinite.first else { return }
    throw StimuliError(
      .badInput, "stimulus \(partners.records[first]) of \(partners.description) holds NaN or infinity: mend the file")
  }

  private func readings(for model: Model) throws -> [StimulusSurvey.Reading] {
    try bindings.map { binding in
      let type = try scalarType(of: binding)
      return StimulusSurvey.Reading(
        type: type,
        tables: type.isFloatingPoint || type == .bool
          ? [] : model.embeddings(of: binding.name).map { ($0.weight, $0.rows, $0.entries) })
    }
  }
}
