import ArgumentParser
import MPI
import Reporting
import Scan
import ScanPlan

/// Measures what the tasks and messages of a scan take, and prints Docs/scaling.md: what scans would take on up to
/// thousands of ranks.
@main
struct NNFMRISimulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nnfmri-simulate",
    abstract: "Replay the coordinator's code against virtual ranks with measured costs, as a Markdown page.",
    discussion: "Start it with mpirun on two ranks: messages are measured between them.")

  /// How much dearer messages are in the second table.
  private static let slowNetwork = 10.0

  /// The scan whose prefixes are counted: as many stimuli, on so many ranks, with so many passes a region.
  private static let prefixScan = (stimuli: 64, ranks: [2, 8, 32, 128], budgets: [16.0, 1])

  @Option(help: "The network, an ONNX file.")
  var model: String

  @Option(help: "The stimuli.")
  var data: String

  @Option(help: "What the network and the stimuli are called on the page.")
  var name: String

  @Option(help: "Seconds that a scan takes if no rank ever waits.")
  var seconds = 300.0

  @Option(help: "The largest number of ranks, as a power of 2.")
  var most = 12

  @Option(help: "A folder for checkpoints that are written and removed.")
  var folder: String

  func validate() throws {
    guard (1...20).contains(most) else { throw ValidationError("--most is \(most): give 1 to 20, for 2 to 2^20 ranks") }
    guard seconds > 0, seconds.isFinite else { throw ValidationError("--seconds is \(seconds): give more than 0") }
  }

  func run() throws {
    // All ranks but the first are needed for the messages only, and would burn a core while they wait for the end.
    let costs = try withEnvironment(onFailure: { _, _ in 70 }) { world in
      (isRoot: world.isRoot, message: world.size == 2 ? try MessageCosts.measure(world) : nil)
    }
    guard costs.isRoot else { return }
    guard let message = costs.message else {
      throw ValidationError("Start it with mpirun -n 2: messages are measured between two ranks.")
    }
    let simulation = try simulation(samples: nil)
    let (table, last) = try table(simulation, message)
    print(
      """
      # Scaling

      What a scan would take on up to \(1 << most) ranks, by simulation: the coordinator's own code (hand-outs, results,
      bookkeeping, checkpoint) runs against virtual ranks, in virtual time. Written by `Scripts/simulate-scale`, which
      measures all costs first, so the numbers are those of one machine.

      The coordinator takes the processor time that its code takes while it is simulated, what its messages take, and
      what its checkpoints wait for the disk. A worker takes what its tasks were measured to take: opening a layer's
      sessions, running a prefix, batches, estimates; and it looks at its messages when a real one would. Of a scan's phases
      the check of the cuts, the observation of the stimuli, the measurement and the estimates are simulated; start-up,
      information content and the writing of results are not.

      ## Costs

      \(name): \(simulation.layers.count) layers, \(simulation.layers.reduce(0) { $0 + $1.rows }) evaluations a stimulus, \
      \(Number.fixed(simulation.secondsPerStimulus, 2)) s of one core. By layer, in ms of processor time:

      \(layers(simulation))

      A message between two processes over TCP takes its sender \(microseconds(message.send)) µs and its receiver \
      \(microseconds(message.receive)) µs of processor time, and \(Number.fixed(message.receiveByte * 1e9, 2)) ns for each \
      byte received; it is \(microseconds(message.latency)) µs under way.

      ## Time

      A scan of as many stimuli as take \(Int(seconds)) s if no rank ever waits. *Alone*: its time if coordinating took \
      none. *Cost*: the share of the run that it does take. *Efficiency*: what one rank would need, divided by the ranks' \
      time altogether. *Busy*: the share of the time that rank 0 coordinates. Up to 32 ranks, rank 0 computes too.

      \(table)

      ## Where it bends

      \(last)

      With messages \(Int(Self.slowNetwork)) times as dear:

      \(try self.table(simulation, message.scaled(by: Self.slowNetwork), from: min(8, most)).table)

      ## Prefixes

      A rank runs the network up to a layer once for each series that it measures, and keeps the result. A rank that helps another with its
      series runs that prefix again, which a memory shared by a machine's ranks would spare. Of a scan of \(Self.prefixScan.stimuli) \
      stimuli, with K passes a region (scans by gradients make as many as a K of 1 to 2): runs a series, and what they take of all ranks' time. \
      *Again*: those of a prefix that some rank had run before, which is all that sharing could save.

      \(try prefixes(message))
      """)
  }

  /// - Parameter samples: K; `nil` for the default's.
  private func simulation(samples: Double?) throws -> ScaleSimulation {
    var request = ScanRequest(model: model, data: data, output: folder)
    request.measurement.stimulusLimit = 2
    request.measurement.samplesPerRegion = samples
    return try ScaleSimulation(request)
  }

  private func prefixes(_ message: MessageCosts) throws -> MarkdownTable {
    var table = MarkdownTable(["K", "ranks", "runs a series", "of the time, %", "again, %"])
    for budget in Self.prefixScan.budgets {
      let simulation = try simulation(samples: budget)
      for ranks in Self.prefixScan.ranks where ranks <= 1 << most {
        let outcome = try simulation.run(ranks: ranks, stimuli: Self.prefixScan.stimuli, message: message, in: folder)
        table.append([
          Number.significant(budget), "\(ranks)", Number.fixed(outcome.prefixRuns, 2),
          Number.fixed(100 * outcome.prefixShare.all, 2), Number.fixed(100 * outcome.prefixShare.repeated, 2),
        ])
      }
    }
    return table
  }

  private func microseconds(_ seconds: Double) -> String { Number.fixed(1e6 * seconds, 1) }

  private func layers(_ simulation: ScaleSimulation) -> String {
    var table = MarkdownTable(["layer", "regions", "evaluations a series", "batch", "sessions", "prefix", "estimate"])
    for (layer, cost) in zip(simulation.layers, simulation.costs.layers) {
      table.append(
        ["\(layer.number)", "\(layer.regionCount)", "\(layer.rows)"]
          + [cost.batch, cost.opening, cost.prefix, cost.estimate].map { Number.fixed(1000 * $0, 2) })
    }
    return "\(table)"
  }

  private func table(
    _ simulation: ScaleSimulation, _ message: MessageCosts, from least: Int = 1
  ) throws -> (table: MarkdownTable, summary: String) {
    var table = MarkdownTable([
      "ranks", "stimuli", "alone, s", "time, s", "cost, %", "efficiency, %", "busy, %", "messages a second",
    ])
    var costs: [(ranks: Int, cost: Double, load: Double)] = []
    for power in least...most {
      let ranks = 1 << power
      let stimuli = max(1, Int((seconds * Double(ranks) / simulation.secondsPerStimulus).rounded()))
      let alone = try simulation.run(ranks: ranks, stimuli: stimuli, message: nil, in: folder)
      let outcome = try simulation.run(ranks: ranks, stimuli: stimuli, message: message, in: folder)
      let cost = 1 - alone.seconds / outcome.seconds
      costs.append((ranks, cost, outcome.coordinatorLoad))
      table.append([
        "\(ranks)", "\(stimuli)", Number.fixed(alone.seconds, 2), Number.fixed(outcome.seconds, 2),
        Number.fixed(100 * cost, 2), Number.fixed(100 * outcome.efficiency, 1),
        Number.fixed(100 * outcome.coordinatorLoad, 1),
        Number.fixed(Double(outcome.messages) / outcome.seconds, 0),
      ])
    }
    let good = costs.last { $0.cost < 0.01 }?.ranks ?? 1
    let busiest = costs.last!
    return (
      table,
      """
      Coordinating costs less than 1 % of the run up to \(good) ranks. With \(busiest.ranks) ranks rank 0 is busy for \
      \(Number.fixed(100 * busiest.load, 0)) % of the time; at about \
      \(Number.significant(Double(busiest.ranks) / busiest.load)) ranks of this speed it would be all the time, and more \
      would add nothing. Networks whose passes take longer move that up in proportion, since a hand-out of one shard then \
      takes more than a second.
      """
    )
  }
}
