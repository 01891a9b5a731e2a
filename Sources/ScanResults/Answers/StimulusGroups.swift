import Shapley
package import Statistics

/// Groups that a scan's stimuli fall into by themselves, and what each says on average.
package struct StimulusGroups: Sendable, Hashable {
  /// What stimuli are divided by.
  package enum Division: String, Sendable, CaseIterable {
    /// The class that the intact network predicts.
    case predicted
    case labels
    /// Whether the prediction is the label.
    case correct
  }

  package struct Group: Sendable, Hashable {
    package var division: Division
    package var name: String
    /// Numbers of the scan's stimuli.
    package var stimuli: [Int]
  }

  /// The groups of one stimulus or more, division by division, in the order of classes.
  package let groups: [Group]

  /// Divisions with a single group say nothing that the whole doesn't, and are left out.
  package init(_ result: ScanResult) {
    groups = Division.allCases.flatMap { division -> [Group] in
      guard let numbers = division.numbers(result) else { return [] }
      let known = numbers.indices.filter { numbers[$0] != nil }
      let members = Dictionary(grouping: known) { numbers[$0]! }.sorted { $0.key < $1.key }
      guard members.count > 1 else { return [] }
      return members.map { number, stimuli in
        Group(division: division, name: division.name(number, result), stimuli: stimuli)
      }
    }
  }

  /// The moments of a region's ζ over a group's series; `nil` where all were skipped.
  package static func moments(_ region: Int, of layer: ScanResult.Layer, over stimuli: [Int]) -> SampleMoments? {
    let zeta = stimuli.compactMap { layer.series[$0]?.zeta[region] }
    return zeta.isEmpty ? nil : SampleMoments(zeta)
  }
}

extension StimulusGroups.Division {
  /// By stimulus, `nil` of one without a label; `nil` where none is known.
  package func numbers(_ result: ScanResult) -> [Int?]? {
    let predictions = result.predictions.isEmpty ? nil : result.predictions
    switch self {
    case .predicted: return predictions
    case .labels: return result.knownLabels
    case .correct:
      guard let labels = result.knownLabels, let predictions else { return nil }
      return zip(labels, predictions).map { label, predicted in label.map { $0 == predicted ? 1 : 0 } }
    }
  }

  /// A group's name.
  package func name(_ number: Int, _ result: ScanResult) -> String {
    self == .correct ? number == 1 ? "correct" : "wrong" : result.className(number)
  }
}
