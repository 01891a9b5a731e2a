import Anatomy
import ArgumentParser
import Grids
import ModelGraph
import Networks
import Reporting
import Stimuli

/// Times a rank's inner loop against the bare runtime, layer by layer.
struct PassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passes",
    abstract: "Compare a rank's evaluations a second with the bare runtime's, on the same suffix and batch.",
    discussion: """
      One batch of a rank: its coalitions are drawn, the lesioned activations painted, the suffix run, the values read. \
      One of the bare runtime: the suffix run on intact activations. The two take turns in one process on one thread; \
      times are medians.
      """)

  @OptionGroup var subject: BenchmarkSubject

  @Option(help: "The output that is read; by default the one that looks most like scores.")
  var output: String?

  @Option(help: "Regions along height, width and channels.")
  var grid = "8x8x4"

  @Option(help: "Coalitions in one forward pass.")
  var batch = 16

  @Option(name: .customLong("layer"), help: "A tensor to time, by default all that a scan takes; may be given several times.")
  var layers: [String] = []

  @Option(help: "The execution provider that the rank's passes run on; the bare runtime's run on the processor.")
  var provider: String?

  @Option(help: "Batches of each kind that are timed a layer.")
  var rounds = 100

  func run() throws {
    var table = TextTable(["layer", "tensor", "regions", "bare, ms", "rank, ms", "evaluations/s", "rank / bare"])
    let scanned = try ScannedModel(
      model: subject.model, stimuli: subject.stimuli(), grid: GridSize(parsing: grid), batch: batch,
      tensors: layers.isEmpty ? nil : layers,
      reading: ReadoutRequest(output: output), provider: provider)
    let bench = SuffixBenchmark(model: scanned)
    var (bare, rank) = (0.0, 0.0)
    for (number, layer) in scanned.layers.enumerated() {
      let timing = try bench.time(layer, rounds: rounds)
      bare += timing.bare
      rank += timing.rank
      table.append([
        "\(number)", layer.tensor, "\(layer.grid.regionCount)", Number.fixed(1000 * timing.bare, 3),
        Number.fixed(1000 * timing.rank, 3), Number.fixed(Double(batch) / timing.rank, 0),
        Number.fixed(timing.bare / timing.rank, 3),
      ])
    }
    table.append([
      "all", "", "", Number.fixed(1000 * bare, 3), Number.fixed(1000 * rank, 3),
      Number.fixed(Double(batch * scanned.layers.count) / rank, 0), Number.fixed(bare / rank, 3),
    ])
    print(table.text)
  }
}
