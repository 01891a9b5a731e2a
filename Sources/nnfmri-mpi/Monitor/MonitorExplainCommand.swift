import ArgumentParser
import Distribution
import Files
import Grids
import Lesion
import MPI
import ModelGraph
import Monitoring
import Networks
import Reporting
import Scan
import ScanPlan
import ScanResults
import Shapley
import Stimuli
import UserErrors

struct MonitorExplainCommand: ParsableCommand {
  private struct Judged {
    let verdict: Verdict
    let observation: WatchedNetwork.Observation
    let reference: MonitorReference
  }

  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Scan one stimulus, and show which regions that its answer depends on are off.",
    discussion: """
      Judges the stimulus by the reference, and scans it alone in the reference's layers and regions, by gradient passes where they \
      can be taken. A region that is both critical and far from what is usual is where to look. Start it with mpirun to use many \
      processes.
      """)

  @Argument(help: "The file of the reference.")
  var reference: String

  @Option(help: "Stimuli, as for scan.")
  var data: String

  @Option(help: "The number of the stimulus, from 0.")
  var index = 0

  @Option(help: "The network, where it is no longer where the reference found it.")
  var model: String?

  @Option(help: "The least |z| of a region that is shown as off.")
  var off = 3.0

  @Option(help: "The folder of the scan.")
  var out = "nnfmri-explained"

  @Option(help: "What is shown while it runs: auto, bar, lines, json or none.")
  var progress = ProgressDisplay.Style.auto

  func validate() throws {
    _ = try Check.atLeast(0, index, "index")
    guard off > 0 else { throw ValidationError("--off \(off) is not above 0.") }
  }

  func run() throws {
    var request: ScanRequest?
    var judged: Judged?
    try MonitorRun.reportingFailures(quiet: !Launcher.isFirstProcess) {
      let reference = try MonitorReference(contentsOf: reference)
      // On all ranks, since it is this answer that the scan is about.
      let verdict = try judge(reference)
      request = try scanRequest(reference, verdict.verdict.answer)
      if Launcher.isFirstProcess { judged = verdict }
    }
    guard let request else { return }
    let display = ProgressDisplay(progress)
    let code = try withEnvironment(
      onFailure: { error, world in
        complain("rank \(world.rank): \(Failure(error).message)")
        return Int32(Failure(error).exitStatus.rawValue)
      }
    ) { world in
      try Scan.run(
        request, program: NNFMRI.program, world: world, progress: Progress(display.show),
        listener: Scan.Listener(
          announce: { _ in }, note: say,
          report: { result in
            try ScanFiles(result).write(to: request.run.output)
            if let judged { print(text(result, judged)) }
          },
          fail: { complain($0.message) }))
    }
    if code != 0 { throw ExitCode(Int32(code)) }
  }

  private func judge(
    _ reference: MonitorReference
  ) throws -> Judged {
    let opened = try MonitoredModel(reference, model: model)
    let stimuli = try opened.stimuli(contentsOf: data)
    guard index < stimuli.count else {
      throw Failure(.usage, "--index \(index) is out of range: \(data) has \(stimuli.count) stimuli, counted from 0")
    }
    let observation = try opened.network.observe(opened.feed(stimuli), rows: [index])[0]
    guard observation.isFinite else {
      let layer = zip(reference.layers, observation.layers).first { !$0.1.isFinite }?.0.layer.tensor
      throw Failure(
        .badInput,
        "stimulus \(index) of \(data) makes the network give NaN or infinity\(layer.map { ", first in the layer \"\($0)\" of those that are watched" } ?? ""), of which nothing can be explained by lesions: mend the stimulus, or the network"
      )
    }
    var judge = try Judge(reference, outlierRate: 0.01, driftRate: 0.01)
    return Judged(verdict: judge.judge(observation), observation: observation, reference: reference)
  }

  /// - Parameter answer: the network's, which is asked about; `nil` where the output isn't classes.
  private func scanRequest(
    _ reference: MonitorReference, _ answer: (predicted: Int, probability: Float)?
  ) throws -> ScanRequest {
    let origin = reference.origin
    var request = ScanRequest(model: model ?? origin.model, data: data, output: out)
    var options = request.measurement
    options.layers = LayerSelection(items: reference.layers.map { .named($0.layer.tensor) })
    options.grid = reference.layers[0].layer.requestedGrid
    options.output = origin.readout.output
    if origin.readout.value.readsElements { options.value = origin.readout.value }
    // One score by itself would be that of a yes, also where the answer is no.
    if let answer, try !OutputReader(origin.readout).hasClasses { options.target = .fixed(answer.predicted) }
    options.selection = "index=\(index)"
    options.stimulusLimit = 1
    options.mapReliability = 0.9
    (options.scale, options.mean, options.standardDeviation) = (origin.scale, origin.mean, origin.standardDeviation)
    (options.resize, options.crop, options.threads) = (origin.resize, origin.crop, origin.threads)
    (options.layouts, options.classAxis) = (origin.layouts, origin.classAxis)
    if let position = origin.readout.positions.first { options.position = .at(position) }
    options.tracesConnections = false
    // A layer whose lesions give such numbers is passed over, and said to be.
    options.allowsNonFinite = true
    request.measurement = options
    return request
  }

  /// What was found, as a table of the regions that are critical or off in the layers that are off the most.
  private func text(
    _ result: ScanResult, _ judged: Judged
  ) -> String {
    let (verdict, reference) = (judged.verdict, judged.reference)
    var lines: [String] = []
    if let answer = verdict.answer {
      lines.append("Answer: \(result.className(answer.predicted)), probability \(MonitorRun.short(Double(answer.probability))).")
    }
    let p = Score.allCases.compactMap { score in verdict.pValues[score].map { "\(score.rawValue) \(MonitorRun.short($0))" } }
    lines.append("p: \(p.joined(separator: ", ")).")
    var table = TextTable(["layer", "layer z", "region", "region z", "ζ score, %", "what it does to the answer"])
    var reasons: [String] = []
    var both = 0
    let order = verdict.strangeness.indices.sorted { verdict.strangeness[$0] > verdict.strangeness[$1] }
    for number in order {
      let tensor = reference.layers[number].layer.tensor
      guard let layer = result.layers.first(where: { $0.plan.tensor == tensor }),
        layer.grid.regionCount == reference.layouts[number].regionCount
      else { continue }
      guard let map = layer.map(of: 0, result.request.analysis) else {
        reasons.append("\(tensor): lesions of it make the network give NaN or infinity, so that it has no map.")
        continue
      }
      let z = reference.regionDeviations(judged.observation, layer: number)
      let score = LayerScore(layer)
      let shown = z.indices.filter { map.isCritical[$0] && abs(z[$0]) >= off }
      both += shown.count
      for region in shown.sorted(by: { abs(z[$0]) * map.zeta[$0] > abs(z[$1]) * map.zeta[$1] }).prefix(3) {
        table.append([
          layer.plan.tensor, MonitorRun.short(verdict.strangeness[number]), layer.grid.label(of: region),
          MonitorRun.short(z[region]), score.percent(map.zeta[region]).map(MonitorRun.short) ?? "none",
          "its lesion takes \(MonitorRun.short(map.zeta[region])) of the \(result.request.measurement.value.name)",
        ])
      }
      if let reason = score.reason, !shown.isEmpty { reasons.append("\(tensor) has no ζ scores. \(reason)") }
    }
    lines.append(
      both == 0
        ? "No region that the answer depends on is \(MonitorRun.short(off)) deviations off."
        : "\(both) regions that the answer depends on are \(MonitorRun.short(off)) deviations off or more; the first of each layer:\n\n\(table.text)"
    )
    lines += reasons
    lines.append("\nMaps of all layers: \(result.request.run.output)/report.html")
    return lines.joined(separator: "\n")
  }
}
