import ScanPlan

/// What of a scan's stimuli is taken for independent: each, or of a stream, whose neighbours are alike, stretches as long as a window.
struct Stretches {
  /// By stimulus; `nil` without time.
  private let numbers: [Int]?

  init(_ result: ScanResult) { numbers = result.plan.stretches(result.request.measurement) }

  /// How many there are of all; `nil` without time.
  var count: Int? { numbers.map { Set($0).count } }

  /// How many independent ones some stimuli are. - Parameter stimuli: by number.
  func count(of stimuli: [Int]) -> Int { numbers.map { numbers in Set(stimuli.map { numbers[$0] }).count } ?? stimuli.count }

  /// What a comparison compares, in the plural.
  var unit: String { numbers == nil ? "stimuli" : "stretches of the stream" }

  /// What a reader should know of it.
  var notes: [String] {
    numbers == nil
      ? []
      : [
        "Stimuli of a stream are like their neighbours: means of stretches as long as a window are compared, each of the stimuli that a group has in it."
      ]
  }

  /// Means of rows by stretch, in time; the rows themselves without time.
  ///
  /// - Parameters:
  ///   - rows: `[stimuli][regions]`
  ///   - stimuli: whose they are.
  func means(_ rows: [[Double]], of stimuli: [Int]) -> [[Double]] {
    guard let numbers else { return rows }
    return Dictionary(grouping: rows.indices) { numbers[stimuli[$0]] }.sorted { $0.key < $1.key }.map { _, members in
      rows[members[0]].indices.map { region in members.reduce(0) { $0 + rows[$1][region] } / Double(members.count) }
    }
  }
}
