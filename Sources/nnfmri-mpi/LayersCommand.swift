import Anatomy
import ArgumentParser
internal import Glibc
import Grids
import Reporting
import Scan
import UserErrors

struct LayersCommand: ParsableCommand {
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

  @Option(help: "Order of axes of rank-4 tensors: nchw or nhwc.")
  var layout = "nchw"

  @Flag(help: "List every tensor that can be scanned, not only those that --layers auto takes.")
  var all = false

  func run() throws {
    do {
      guard let layout = TensorLayout(rawValue: layout) else {
        throw Failure(.usage, "--layout \(layout) is none of nchw, nhwc")
      }
      let listing = try LayerListing(
        model: model, data: data, sizing: pictures.sizing(), grid: GridSize(parsing: grid), layout: layout)
      print(table(listing))
      for note in listing.notes { say(note) }
    } catch {
      let error = Failure(error)
      complain(error.message)
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }

  private func table(_ listing: LayerListing) -> String {
    var table = TextTable(["layer", "tensor", "operator", "shape", "units", "grid", "regions", "cost after it"])
    let shown = listing.layers.filter { all || $0.isAutomatic }
    for (number, layer) in shown.enumerated() {
      table.append([
        "\(number)", layer.tensor, layer.operatorType, layer.shape.map(String.init).joined(separator: "x"),
        "\(layer.units)", "\(layer.grid)", "\(layer.regions)", "\((1000 * layer.suffixCostShare).rounded() / 10) %",
      ])
    }
    let rest = listing.layers.count - shown.count
    return table.text + (rest > 0 ? "\n\(rest) more can be scanned: --all lists them." : "")
  }
}
