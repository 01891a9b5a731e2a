package import Lesion
package import ModelGraph
package import OnnxRuntime
package import Stimuli

extension StimulusFeed {
  /// The sentence for a model that doesn't run where inputs were left out and made, since they may well be the reason;
  /// `nil` where all inputs are the user's.
  package static func refusal(
    of model: Model, fed stimuli: StimulusSet, _ error: OnnxRuntimeError
  ) -> LesionError? {
    let given = Set(stimuli.inputs.compactMap(\.name))
    let made = model.inputs.filter { $0.isState && !given.contains($0.name) }
    guard !made.isEmpty, stimuli.inputs.count + made.count <= model.inputs.count else { return nil }
    let names = made.map { port in
      "\"\(port.name)\" [\((port.dimensions ?? []).map(\.description).joined(separator: ", "))]"
    }
    return LesionError(
      .badStimulus,
      "\(model.label) doesn't run with zeros, or nothing, for \(names.joined(separator: ", ")): bring arrays of these names in \(stimuli.description) (\(error))"
    )
  }
}
