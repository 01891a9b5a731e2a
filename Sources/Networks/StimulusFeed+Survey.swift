import Arrays
package import ModelGraph
package import Stimuli

extension StimulusFeed {
  /// Reads every stimulus as the model will: tells those with NaN or infinity and those that repeat others, and refuses
  /// ids that choose no row of an embedding.
  ///
  /// Cost: all stimuli are read once; no forward pass.
  /// - Throws: `StimuliError`, or `LesionError` for an input type that stimuli can't feed.
  package func survey(for model: Model) throws -> StimulusSurvey {
    let readings = try bindings.map { binding in
      let type = try scalarType(of: binding)
      return StimulusSurvey.Reading(
        type: type,
        tables: type.isFloatingPoint || type == .bool
          ? [] : model.embeddings(of: binding.name).map { ($0.weight, $0.rows) })
    }
    return try stimuli.survey(readings)
  }
}
