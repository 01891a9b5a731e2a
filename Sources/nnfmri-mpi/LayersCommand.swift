import Anatomy
import ArgumentParser
internal import Glibc
import Grids
import Lesion
import ModelGraph
import Reporting
import Scan
import UserErrors

struct LayersCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers", abstract: "List the layers of a network that can be scanned.",
    discussion: "The network is run once to see shapes; give stimuli where it has free axes besides the batch.")

  @Argument(help: "The network, an ONNX file.")
  var model: String

  @Option(help: "Stimuli, as for scan; by default zeros of the declared shapes.")
  var data: String?

  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Option(help: "Regions along height, width and channels.")
  var grid = "8x8x4"

  @OptionGroup(title: "Reading") var output: OneOutputOption
  @OptionGroup(title: "Reading") var reading: ReadingOptions

  @Flag(help: "List every tensor that can be scanned, not only those that --layers auto takes.")
  var all = false

  func validate() throws { _ = try output.output() }

  func run() throws {
    do {
      let listing = try LayerListing(
        model: model, data: data, sizing: pictures.sizing(), grid: GridSize(parsing: grid),
        reading: reading.request(value: .logit, output: output.output()))
      print(table(listing))
      // Notes come behind the table where both go to one file.
      fflush(nil)
      for note in listing.notes { say(note) }
    } catch {
      let error = Failure(error)
      complain(error.message)
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }

  private func table(_ listing: LayerListing) -> String {
    var table = TextTable([
      "layer", "tensor", "kind", "operator", "shape", "layout", "units", "grid", "regions", "cost after it", "why",
    ])
    let shown = listing.layers.enumerated().filter { all || $0.element.isAutomatic }
    let inputs = all || listing.layers.isEmpty ? listing.inputs.map { (number: "", layer: $0) } : []
    for (number, layer) in inputs + shown.map({ (number: "\($0.offset)", layer: $0.element) }) {
      table.append([
        number, layer.tensor, layer.kind.rawValue, layer.operatorType,
        layer.shape.map(String.init).joined(separator: "x"), layer.layout, "\(layer.units)", "\(layer.grid)",
        "\(layer.regions)", "\((1000 * layer.suffixCostShare).rounded() / 10) %", layer.reason,
      ])
    }
    let rest = listing.layers.count - shown.count
    var text = table.text + (rest > 0 ? "\n\(rest) more can be scanned: --all lists them." : "")
    guard !listing.refusals.isEmpty else { return text }
    guard all else {
      return text
        + "\n\(listing.refusals.count) tensor\(listing.refusals.count == 1 ? "" : "s") can't be scanned: --all says why."
    }
    var refused = TextTable(["can't be scanned", "since"])
    for refusal in listing.refusals { refused.append([refusal.tensor, refusal.reason]) }
    text += "\n\n" + refused.text
    return text
  }
}
