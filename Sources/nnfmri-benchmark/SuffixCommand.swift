import ArgumentParser
import Arrays
import Files
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import UserErrors

/// Writes what a rank runs for a layer, for a runtime without us.
struct SuffixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suffix", abstract: "Write a layer's suffix, suffix.onnx, and what it reads in one batch, inputs.npz.")

  @OptionGroup var subject: BenchmarkSubject

  @Option(help: "The tensor.")
  var layer: String

  @Option(help: "Coalitions in one forward pass.")
  var batch = 16

  @Option(help: "A folder that is there.")
  var out: String

  func run() throws {
    let scanned = try ScannedModel(
      model: subject.model, stimuli: subject.stimuli(), grid: GridSize(parsing: "1x1x1"), batch: batch, tensors: [layer])
    let cut = scanned.layers[0].cut
    let inputs = try scanned.suffixInputs(scanned.layers[0])
    guard inputs.allSatisfy({ $0.elementType == ElementType.float.rawValue }) else {
      throw Failure(.badInput, "the suffix of \"\(layer)\" reads something else than float32")
    }
    for name in ["suffix.onnx", "inputs.npz"] {
      try InputFiles([subject.model, subject.data]).check("\(out)/\(name)")
    }
    try writeFile(cut.suffix.serialized(), to: "\(out)/suffix.onnx")
    try writeNPZ(
      zip(cut.suffix.inputNames, inputs).map { ($0, NumericArray(shape: $1.shape, floats: Array($1.floats))) },
      to: "\(out)/inputs.npz")
  }
}
