package import Statistics

/// What of a scan's stimuli is taken for independent: each; where some are repeated measures, the clusters that the user names; of a
/// stream, whose neighbours are alike, stretches as long as a window.
package struct IndependentUnits: Sendable, Hashable {
  private enum Kind: Hashable { case stimuli, clusters, stretches }

  private let kind: Kind
  /// Which one each stimulus is in.
  private let numbers: [Int]

  package init(_ plan: ScanPlan, _ request: ScanRequest) {
    if let clusters = request.analysis.clusters {
      (kind, numbers) = (.clusters, clusters.numbers(ofStimuli: plan.stimulusPlaces))
    } else if let stream = request.measurement.stream, let stimuli = plan.streamStimuli {
      (kind, numbers) = (.stretches, stimuli.map(stream.stretch(ofStimulus:)))
    } else {
      (kind, numbers) = (.stimuli, Array(0..<plan.stimulusCount))
    }
  }

  /// How many independent ones some stimuli are. - Parameter stimuli: by number.
  package func count(of stimuli: [Int]) -> Int { Set(stimuli.map { numbers[$0] }).count }

  /// How many there are of all.
  package var count: Int { count(of: Array(numbers.indices)) }

  /// What a comparison compares, in the plural.
  package var name: String {
    switch kind {
    case .stimuli: "stimuli"
    case .clusters: "clusters"
    case .stretches: "stretches of the stream"
    }
  }

  /// The least and the largest number of stimuli of a cluster, in words.
  private var sizes: String {
    let counts = Dictionary(numbers.map { ($0, 1) }, uniquingKeysWith: +).values
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    return least == most ? "\(most)" : "\(least) to \(most)"
  }

  /// Which of some stimuli belong together, for errors across them; `nil` where each counts by itself. Of clusters that were named two are
  /// left at least where `reasonForNone` is `nil`.
  ///
  /// - Parameter isCounted: by stimulus.
  package func clusters(_ isCounted: [Bool]) -> Clusters? { clusters(of: numbers.indices.filter { isCounted[$0] }) }

  /// The same. - Parameter stimuli: by number.
  package func clusters(of stimuli: [Int]) -> Clusters? {
    let counted = stimuli.map { numbers[$0] }
    return kind == .clusters ? Clusters(counted, least: 2) : Clusters(counted)
  }

  /// What errors across some stimuli come from, in the plural: units where there are enough, else the stimuli themselves; the one cluster that
  /// was named where all are of it.
  ///
  /// - Parameter isCounted: by stimulus.
  package func independent(_ isCounted: [Bool]) -> (count: Int, name: String) {
    independent(of: numbers.indices.filter { isCounted[$0] })
  }

  /// The same. - Parameter stimuli: by number.
  package func independent(of stimuli: [Int]) -> (count: Int, name: String) {
    if kind != .stimuli, let clusters = clusters(of: stimuli) { return (clusters.count, name) }
    return kind == .clusters && count(of: stimuli) == 1 ? (1, name) : (stimuli.count, "stimuli")
  }

  /// By which labels are permuted: the number of each stimulus's unit, and whether stimuli are in order of time. No numbers where each
  /// stimulus counts by itself.
  package var blocks: (numbers: [Int], areOrdered: Bool) {
    clusters(numbers.map { _ in true }) == nil ? ([], false) : (numbers, kind == .stretches)
  }

  /// Why nothing tells errors across some stimuli, a clause; `nil` where something does.
  ///
  /// - Parameter isCounted: by stimulus.
  package func reasonForNone(_ isCounted: [Bool]) -> String? {
    let counted = numbers.indices.filter { isCounted[$0] }
    guard kind == .clusters, counted.count > 1, count(of: counted) == 1 else { return nil }
    return "what could be measured are \(counted.count) series of one cluster, and errors are told by two or more"
  }

  /// Why stimuli don't each count by themselves, a clause; `nil` where they do.
  package var reason: String? {
    switch kind {
    case .stimuli: nil
    case .clusters: "Stimuli of a cluster are alike"
    case .stretches: "Stimuli of a stream are like their neighbours"
    }
  }

  /// What errors across stimuli come from, a sentence; `nil` where each stimulus is independent.
  package var note: String? {
    let units = count
    guard units < numbers.count else { return nil }
    switch kind {
    case .stimuli:
      return nil
    case .clusters:
      return
        "The \(numbers.count) stimuli are in \(units) clusters of \(sizes): what is said of stimuli like these goes by clusters, which are taken for independent. Wiring and heterogeneity count stimuli."
    case .stretches:
      return units < Clusters.least
        ? "The stream has \(units == 1 ? "1 stretch" : "\(units) stretches") of a window's length, too few to tell errors from: errors across stimuli take these for independent, though neighbours are alike."
        : "Stimuli of a stream are like their neighbours: errors of ζ and of interactions across stimuli come from its \(units) stretches of a window's length, which are taken for independent, and so does p of what densities tell of classes. Wiring and heterogeneity count stimuli."
    }
  }

  /// Of two groups of stimuli, those in units that both have members in.
  package func common(_ first: [Int], _ second: [Int]) -> (first: [Int], second: [Int]) {
    let both = Set(first.map { numbers[$0] }).intersection(second.map { numbers[$0] })
    return (first.filter { both.contains(numbers[$0]) }, second.filter { both.contains(numbers[$0]) })
  }

  /// Means of rows by unit, in order of their numbers; the rows themselves where each stimulus counts by itself.
  ///
  /// - Parameters:
  ///   - rows: `[stimuli][regions]`
  ///   - stimuli: whose they are.
  package func means(_ rows: [[Double]], of stimuli: [Int]) -> [[Double]] {
    guard kind != .stimuli else { return rows }
    return Dictionary(grouping: rows.indices) { numbers[stimuli[$0]] }.sorted { $0.key < $1.key }.map { _, members in
      rows[members[0]].indices.map { region in members.reduce(0) { $0 + rows[$1][region] } / Double(members.count) }
    }
  }
}
