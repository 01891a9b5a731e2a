import ArgumentParser
import ModelGraph
import Networks
import Stimuli

/// The network and the stimuli that a rank's passes are timed on.
struct BenchmarkSubject: ParsableArguments {
  @Option(help: "The network, an ONNX file.")
  var model: String

  @Option(help: "The stimuli; the first is used.")
  var data: String

  func stimuli() throws -> StimulusSet {
    try StimulusSet(contentsOf: data, inputs: Model(contentsOf: model).inputs.map(ModelInput.init))
  }
}
