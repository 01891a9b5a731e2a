import ArgumentParser
internal import Glibc
import Grids
import ModelGraph
import Networks
import Reporting
import Stimuli

/// Times gradient passes against plain ones, layer by layer.
struct GradientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients",
    abstract: "Compare a gradient pass with a plain pass of the same suffix and batch.",
    discussion: """
      A plain pass paints a coalition's activations, runs the suffix and reads the value; a gradient pass paints a \
      fractional mask, runs the adjoint graph, and reads the value and the derivatives of all regions. The two take \
      turns in one process on one thread; times are processor time, medians over batches, for one row. Memory is the \
      most that the process held until then.
      """)

  @OptionGroup var subject: BenchmarkSubject

  @Option(help: "Tensors, separated by commas; by default those that a scan takes by itself.")
  var layers: String?

  @Option(help: "Regions along height, width and channels.")
  var grid = "8x8x4"

  @Option(help: "Rows in one pass.")
  var batch = 8

  @Option(help: "The execution provider that passes run on.")
  var provider: String?

  @Option(help: "Batches of each kind that are timed a layer.")
  var rounds = 25

  func run() throws {
    let scanned = try ScannedModel(
      model: subject.model, stimuli: subject.stimuli(), grid: GridSize(parsing: grid), batch: batch,
      tensors: layers.map { $0.split(separator: ",").map(String.init) }, provider: provider)
    var table = TextTable([
      "layer", "tensor", "regions", "plain, ms", "gradient, ms", "gradient / plain", "on", "peak, MB",
    ])
    for (number, layer) in scanned.layers.enumerated() {
      let fields: [String]
      do {
        let network = try scanned.gradientNetwork(layer)
        let (plain, gradient) = try time(network, layer, batch: scanned.batch)
        fields = [
          Number.fixed(1000 * plain, 3), Number.fixed(1000 * gradient, 3), Number.fixed(gradient / plain, 2),
          network.leavesProvider ? "cpu" : provider ?? "cpu",
        ]
      } catch let error as Undifferentiable {
        fields = [error.reason, "", "", ""]
      }
      table.append(["\(number)", layer.tensor, "\(layer.grid.regionCount)"] + fields + ["\(peakMegabytes)"])
    }
    print(table.text)
  }

  /// Seconds a row.
  private func time(
    _ network: GradientNetwork, _ layer: ScannedModel.Layer, batch: Int
  ) throws -> (plain: Double, gradient: Double) {
    try network.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    let regions = layer.grid.regionCount
    var times: (plain: [Double], gradient: [Double]) = ([], [])
    // The first round of each is not counted: the runtime learns how much memory a run takes.
    for round in 0...rounds {
      let masks = (0..<batch).map { row in
        (0..<regions).map { (round + row + $0) % 3 == 0 ? Float($0 % 2) : 0.5 }
      }
      let coalitions = masks.map { mask in Coalition(of: regions, intact: (0..<regions).filter { mask[$0] > 0.5 }) }
      let plain = try processorSeconds { _ = try network.values(of: coalitions) }
      let gradient = try processorSeconds { _ = try network.passes(at: Array(masks.joined())) }
      if round > 0 {
        times.plain.append(plain)
        times.gradient.append(gradient)
      }
    }
    func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] / Double(batch) }
    return (median(times.plain), median(times.gradient))
  }

  private var peakMegabytes: Int {
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF.rawValue as __rusage_who_t, &usage)
    return usage.ru_maxrss >> 10
  }
}
