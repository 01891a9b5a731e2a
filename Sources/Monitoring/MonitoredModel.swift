package import Arrays
import Files
internal import FoundationEssentials
import ModelGraph
package import Networks
import OnnxRuntime
package import Stimuli
import UserErrors

/// A model that was opened to be judged by its reference.
package final class MonitoredModel {
  package let network: WatchedNetwork
  private let model: Model
  private let runtime: Runtime
  private let reference: MonitorReference

  /// - Parameter path: the model's file; `nil` is where it was when the reference was learnt.
  /// - Throws: `Failure` (`missingInput`) if it isn't there, (`badInput`) if it is another one; or what a module throws.
  package init(_ reference: MonitorReference, model path: String?) throws {
    let path = path ?? reference.origin.model
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(.missingInput, "\(path), which the reference was learnt from, isn't there; say where it is now with --model")
    }
    let original = try Model(contentsOf: path)
    try original.checkExternalFiles()
    try reference.check(modelDigest: original.digest(of: path), of: path)
    self.reference = reference
    model = original.prepared(reference.origin.preparation)
    runtime = try Runtime()
    network = try WatchedNetwork(
      model: model, readout: reference.origin.readout, layers: reference.layers.map(\.layer), runtime: runtime,
      options: Session.Options(threads: reference.origin.threads, externalDataFolder: model.folder))
  }

  /// Whether several stimuli can be run in one pass.
  package var takesBatches: Bool { reference.origin.takesBatches }

  /// Whether the runtime is the version that the reference was learnt with, whose numbers may differ in their last digits.
  package var note: String? {
    runtime.version == reference.origin.onnxRuntime
      ? nil
      : "The reference was learnt with ONNX Runtime \(reference.origin.onnxRuntime), and this is \(runtime.version): last digits may differ."
  }

  /// Reads stimuli as the reference's own were read.
  package func stimuli(contentsOf path: String) throws -> StimulusSet {
    var stimuli = try StimulusSet(
      contentsOf: path, inputs: model.inputs.map(\.name),
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
    try StimulusFeed(runtime: runtime, stimuli: stimuli, inputs: model.inputs)
  }
}
