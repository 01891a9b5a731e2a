import ArgumentParser
import Lesion
import ModelGraph
import Networks
import UserErrors

struct AdjointCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "adjoint", abstract: "Write the graph that gives a network's value and its derivative by a layer.",
    discussion: """
      The graph is made of ordinary ONNX operators, so that any runtime runs it: what follows the layer, the value, and \
      the chain rule back to the layer. What it reads and gives is listed when it is written.
      """)

  @Argument(help: "The network, an ONNX file.")
  var model: String

  @Option(help: "The tensor to derive by; 'nnfmri-mpi layers' lists those there are.")
  var layer: String

  @Option(help: "The ONNX file to write.")
  var out: String

  @Option(help: "Stimuli, as for scan; by default zeros of the declared shapes. The network is run for the shapes inside.")
  var data: String?

  @Option(parsing: .unconditional, help: "What is derived: logit, logprob, prob, margin, loss or output:INDEX.")
  var value = "logit"

  @Option(help: "The class whose score is read; by default an input of the graph.")
  var target: Int?

  @Option(parsing: .unconditional, help: "The position of a sequence's output that is read; by default the mean over positions.")
  var position: Int?

  @Option(help: "Order of axes of outputs of rank 4: nchw or nhwc.")
  var layout = "nchw"

  func run() throws {
    do {
      guard let value = ValueFunction(name: value) else {
        throw Failure(.usage, "--value \(self.value) is none of logit, logprob, prob, margin, loss, output:INDEX")
      }
      guard ["nchw", "nhwc"].contains(layout) else { throw Failure(.usage, "--layout \(layout) is none of nchw, nhwc") }
      let export = try AdjointExport(
        AdjointExport.Request(
          model: model, data: data, layer: layer, value: value, target: target, position: position,
          channelsLast: layout == "nhwc"))
      try export.write(to: out)
      print(export.description.joined(separator: "\n"))
      for note in export.notes { say(note) }
    } catch {
      let error = Failure(error)
      complain(error.message)
      throw ExitCode(Int32(error.exitStatus.rawValue))
    }
  }
}
