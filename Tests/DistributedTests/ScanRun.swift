import Foundation
import TestSupport
import Testing

/// A scan that was run in a folder of its own.
struct ScanRun {
  let command: Command
  /// What it left behind, by path inside its folder.
  let files: [String: [UInt8]]

  /// - Parameter ranks: `nil` starts the program without a launcher.
  init(
    _ arguments: [String], ranks: Int?, environment: [String: String?] = [:], limit: Double = 60
  ) throws {
    let folder = TemporaryFolder()
    let output = folder.path("out")
    command = try Program.run(
      ["scan"] + arguments + ["--out", output, "--progress", "none"], ranks: ranks,
      environment: environment, limit: limit)
    files = TemporaryFolder.files(below: output)
  }

  /// The files whose bytes must not depend on the ranks: all but `scan.json`.
  var results: [String: [UInt8]] { files.filter { $0.key != "scan.json" } }

  func json(_ name: String) throws -> [String: any Sendable] {
    let bytes = try #require(files[name], "\(name) is missing: \(command)")
    return try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: any Sendable])
  }

  /// `scan.json` without what may differ from run to run, as text.
  func summary() throws -> String {
    var content = try json("scan.json") as [String: Any]
    for key in ["ranks", "timings_seconds", "idle_share", "checkpoint_seconds", "earlier_passes", "evaluations_per_second"] {
      content[key] = nil
    }
    return String(decoding: try JSONSerialization.data(withJSONObject: content, options: .sortedKeys), as: UTF8.self)
  }
}

extension ScanRun {
  /// ζ of the first layer's regions, in the order of their names.
  static func zeta(_ options: [String], ranks: Int? = nil) throws -> [Double] {
    let run = try ScanRun(options, ranks: ranks)
    try #require(run.command.exitCode == 0, "\(run.command)")
    let layer = try #require(try run.json("impact.json")["layer_0"] as? [String: any Sendable])
    let regions = try #require(layer["grids"] as? [String: [String: any Sendable]])
    return try regions.sorted { $0.key < $1.key }.map { try #require($0.value["zeta"] as? Double) }
  }
}

/// That `report` answers a scan's kept scores as a scan that asks so from the start would.
///
/// - Parameters:
///   - kept: the scan's folder.
///   - options: of that scan.
///   - regions: of all layers, each of which `--target each` gives a row for each class.
func expectScoresAnswer(
  _ questions: [(value: String, target: String)], kept: String, options: [String], classes: Int, regions: Int
) throws {
  let folder = TemporaryFolder()
  let (asked, each) = (folder.path("asked"), folder.path("each"))
  for (value, target) in questions {
    let report = try Program.run(["report", kept, "--value", value, "--target", target, "--out", asked])
    try #require(report.exitCode == 0, "\(report)")
    let own = try ScanRun(options + ["--value", value, "--target", target], ranks: nil)
    let reported = TemporaryFolder.files(below: asked)["impact.json"]
    #expect(own.command.exitCode == 0 && reported == own.files["impact.json"], "\(value) of \(target)")
  }
  let report = try Program.run(["report", kept, "--target", "each", "--out", each])
  let (table, summary) = (
    TemporaryFolder.files(below: each)["classes.tsv"] ?? [], TemporaryFolder.files(below: each)["scan.json"]
  )
  #expect(String(decoding: summary ?? [], as: UTF8.self).contains(#""complete" : true"#))
  // Values lie in the scan's own folder alone.
  #expect(!TemporaryFolder.files(below: asked).keys.contains { $0.hasPrefix("acquisition/") })
  let again = try Program.run(["report", asked])
  #expect(again.exitCode == 66 && again.complaints.first?.contains("report --out leave out") == true, "\(again)")
  #expect(report.exitCode == 0 && table.count { $0 == UInt8(ascii: "\n") } == 1 + classes * regions, "\(report)")
}
