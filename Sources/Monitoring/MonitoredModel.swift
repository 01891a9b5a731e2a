package import Arrays
import Files
internal import FoundationEssentials
import Lesion
package import ModelGraph
package import Networks
import OnnxRuntime
import Statistics
package import Stimuli
import UserErrors

/// A model that was opened to be judged by its reference.
package final class MonitoredModel {
  package let network: WatchedNetwork
  /// What is given as the model gives it; empty unless it is served.
  package let servedOutputs: [Port]
  /// The model's file and its files of weights.
  package let files: [String]
  private let model: Model
  let runtime: Runtime
  private let reference: MonitorReference
  /// `nil` until what is to be held is known.
  private var selfTest: SelfTest?

  /// - Parameters:
  ///   - path: the model's file; `nil` is where it was when the reference was learnt.
  ///   - isServed: whether the model's own outputs are wanted too.
  /// - Throws: `Failure` (`missingInput`) if it isn't there, (`badInput`) if it is another one; or what a module throws.
  package init(_ reference: MonitorReference, model path: String?, isServed: Bool = false) throws {
    let path = path ?? reference.origin.model
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(.missingInput, "\(path), which the reference was learnt from, isn't there; say where it is now with --model")
    }
    let original = try Model(contentsOf: path)
    try original.checkExternalFiles()
    try reference.check(modelDigest: original.digest(of: path), of: path)
    self.reference = reference
    files = original.files(path)
    var plain = reference.origin.preparation
    plain.views = []
    let unviewed = original.prepared(plain)
    guard reference.origin.preparation.views.allSatisfy({ unviewed.makes($0.tensor) }) else {
      throw Failure(.badInput, "\(path) lacks tensors that the reference says it has; learn a reference of it")
    }
    model = unviewed.presenting(reference.origin.preparation.views)
    runtime = try Runtime()
    // A tensor that is scanned in another form is handed on as the network makes it.
    let views = Dictionary(
      reference.origin.preparation.views.filter { !$0.isPlain }.map { ($0.tensor, $0) }, uniquingKeysWith: { first, _ in first })
    let outputs = model.outputs.map { port in
      views[port.name] == nil ? port : original.outputs.first { $0.name == port.name } ?? port
    }
    // What is no tensor of numbers can't be handed on.
    servedOutputs = isServed ? outputs.filter { Tensor.byteSize(of: $0.elementType.rawValue) != nil } : []
    let given = servedOutputs.map { views[$0.name]?.nameAsMade ?? $0.name }
    for tensor in given { try model.require(tensor) }
    network = try WatchedNetwork(
      model: model, readout: reference.origin.readout, layers: reference.layers.map(\.layer),
      giving: given, runtime: runtime,
      options: Session.Options(for: model, threads: reference.origin.threads))
    try reference.selfTest.check(inputNames: network.inputNames)
    // More outputs may let the runtime put operators together otherwise, so that last digits are others.
    let isSameGraph = given.allSatisfy { $0 == reference.origin.readout.tensor }
    selfTest = isLikeLearning && isSameGraph ? reference.selfTest : nil
  }

  /// Whether several stimuli can be run in one pass.
  package var takesBatches: Bool { reference.origin.takesBatches }

  /// The model's inputs, whether they are read or not.
  var inputPorts: [Port] { model.inputPorts(reading: nil) }

  /// Shapes of the inputs with one stimulus, in the network's order; empty where the reference stores none.
  var learntShapes: [[Int]] { reference.selfTest.shapes }

  /// How many stimuli a self-test runs.
  package var selfTestCount: Int { reference.selfTest.count }

  /// What a user should know of the machine: whether last digits may differ from those that were learnt.
  package var note: String? {
    isLikeLearning
      ? nil
      : "The reference was learnt with ONNX Runtime \(reference.origin.onnxRuntime) on \(reference.origin.processor), and this is \(runtime.version) on \(linearAlgebraVersion()): last digits may differ, and a self-test holds what comes first."
  }

  private var isLikeLearning: Bool {
    runtime.version == reference.origin.onnxRuntime && linearAlgebraVersion() == reference.origin.processor
  }

  /// The stimuli for which the network's layers or its answer aren't what they were, to the bit: when the reference was learnt, or,
  /// where runtime or processor are of another kind, at the first call.
  ///
  /// Cost: one pass a stored stimulus.
  package func failedSelfTests() throws -> [Int] {
    guard let test = selfTest else {
      let test = try reference.selfTest.takenAnew(of: network, runtime: runtime)
      selfTest = test
      return []
    }
    return try test.failures(of: network, runtime: runtime)
  }

  /// Reads stimuli as the reference's own were read.
  package func stimuli(contentsOf path: String) throws -> StimulusSet {
    var stimuli = try StimulusSet(
      contentsOf: path, inputs: model.inputs.map(ModelInput.init),
      sizing: PictureSizing(resize: reference.origin.resize, crop: reference.origin.crop))
    try stimuli.setPreprocessing(reference.origin.preprocessing)
    return stimuli
  }

  /// Stimuli of an array that was received, its first axis the stimulus; treated as a file's would be.
  ///
  /// - Throws: `StimuliError` if there are none.
  package func stimuli(_ array: NumericArray, description: String) throws -> StimulusSet {
    var stimuli = try StimulusSet([(name: nil, array: array)], description: description)
    try stimuli.setPreprocessing(reference.origin.preprocessing)
    return stimuli
  }

  /// - Throws: `StimuliError` if they don't fit the model's inputs.
  package func feed(_ stimuli: StimulusSet) throws -> StimulusFeed {
    try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: model.inputPorts(reading: reference.origin.readout.tensor))
  }
}
