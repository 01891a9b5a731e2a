import ModelGraph
import OnnxRuntime
import Stimuli

extension NetworkSurvey {
  /// Takes, in the place of Ifs, the branches that the stimuli take, where all take the same for reasons of shape or of what
  /// they share.
  ///
  /// Cost: a run of what decides, for each stimulus where an input of its own that counts no stimuli does.
  static func takeBranches(
    _ model: inout Model, _ preparation: inout ModelPreparation, _ runs: SurveyRuns, _ notes: inout [String]
  ) throws {
    // A branch may hold Ifs, which come up in the next round.
    for _ in 0..<16 {
      let feed = try runs.feed(model)
      let ofStimuli = Set(feed.bindings.filter { $0.batchAxis != nil }.map(\.name))
      let branchings = model.branchings(stimuli: ofStimuli)
      guard !branchings.isEmpty else { break }
      let conditions = branchings.map(\.condition)
      let second = runs.stimuli.count > 1 ? 1 : 0
      let deciding = model.exposing(Array(Set(conditions)).sorted())
      let isShared = deciding.inputs.allSatisfy { ofStimuli.contains($0.name) }
      let rows = isShared ? [[0], [0, second]] : (0..<runs.stimuli.count).map { [$0] }
      var seen: [String: Set<Bool>] = [:]
      for (number, rows) in rows.enumerated() {
        // Not every model takes a batch of two.
        guard let values = try? runs.run(model, conditions, rows: rows) else {
          if number == 0 { return }
          continue
        }
        for (name, tensor) in values {
          if let number = tensor.numbers()?.first { seen[name, default: []].insert(number != 0) }
        }
      }
      var taken: [String: Bool] = [:]
      for branching in branchings {
        guard let values = seen[branching.condition], values.count == 1, let value = values.first else {
          notes.append("Stimuli take different branches of \(branching.label), so what is inside it isn't scanned.")
          continue
        }
        taken[branching.output] = value
      }
      guard !taken.isEmpty else { break }
      model = model.inliningBranches(taken)
      preparation.branches.append(taken)
      if taken.count == 1, let branching = branchings.first(where: { taken[$0.output] != nil }) {
        notes.append("All stimuli take the same branch of \(branching.label), which is scanned in its place.")
      } else {
        notes.append("All stimuli take the same branches of \(taken.count) Ifs, which are scanned in their place.")
      }
    }
  }
}
