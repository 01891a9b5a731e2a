import Distribution
internal import FoundationEssentials
package import Lesion
package import ModelGraph
package import Networks
package import Stimuli
import UserErrors

/// What a reference was learnt from, and how the network is run so that its numbers are those that were learnt.
package struct ReferenceOrigin: Sendable, Codable, Hashable {
  /// The model's file, and the SHA-256 of it with its files of weights.
  package var model: String
  package var modelDigest: String
  package var data: String
  package var dataDigest: String
  package var stimulusCount: Int
  package var program: String
  package var onnxRuntime: String
  /// The linear algebra library and the kind of processor that it runs its code for.
  package var processor: String
  package var readout: Readout
  package var preparation: ModelPreparation
  /// Whether several stimuli can be run in one pass.
  package var takesBatches: Bool
  package var threads: Int
  package var seed: UInt64
  /// How stored numbers reach the network.
  package var scale: Double?
  package var mean: [Double]
  package var standardDeviation: [Double]
  /// How tensors are laid out and which axis counts classes, where the user said so.
  package var layouts: [LayoutOverride]
  package var classAxis: Int?
  package var resize: String?
  package var crop: String?
  /// The folder of the scan whose ζ weighs regions; `nil` without one.
  package var scan: String?

  package init(
    model: String, modelDigest: String, data: String, dataDigest: String, stimulusCount: Int, program: String,
    onnxRuntime: String, processor: String, readout: Readout, preparation: ModelPreparation, takesBatches: Bool, threads: Int,
    seed: UInt64,
    preprocessing: Preprocessing, reading: ReadoutRequest, resize: String?, crop: String?, scan: String?
  ) {
    (self.model, self.modelDigest, self.data, self.dataDigest) = (model, modelDigest, data, dataDigest)
    (self.stimulusCount, self.program) = (stimulusCount, program)
    (self.onnxRuntime, self.processor) = (onnxRuntime, processor)
    (self.readout, self.preparation, self.takesBatches) = (readout, preparation, takesBatches)
    (self.threads, self.seed) = (threads, seed)
    (scale, mean, standardDeviation) = (preprocessing.scale, preprocessing.mean, preprocessing.standardDeviation)
    (layouts, classAxis) = (reading.layouts, reading.classAxis)
    (self.resize, self.crop, self.scan) = (resize, crop, scan)
  }

  package var preprocessing: Preprocessing {
    Preprocessing(
      scale: scale, mean: mean, standardDeviation: standardDeviation, layouts: layouts.map(\.ofInputs))
  }

  /// The most threads that a pass may have.
  package static let threadLimit = 256

  /// - Throws: `Failure` (`badInput`) for numbers that no reference has that was learnt.
  func check() throws(Failure) {
    let isSound =
      (1...Self.threadLimit).contains(threads) && readout.positions.count <= 1 && !readout.isOfEachStimulus
      && readout.shape.allSatisfy { (1...(1 << 28)).contains($0) }
      && readout.shape.reduce(1.0) { $0 * Double($1) } <= Double(1 << 28)
      && preparation.bakedBatch ?? 2 > 1 && preparation.views.allSatisfy(\.isSound)
    guard isSound else {
      throw Failure(.badInput, "what the reference says of the network can't be; learn it anew")
    }
  }

  func encoded() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(self) else { preconditionFailure("numbers and text can be written") }
    return Array(data)
  }

  init(encoded: [UInt8]) throws(MessageError) {
    guard let origin = try? JSONDecoder().decode(ReferenceOrigin.self, from: Data(encoded)) else { throw MessageError() }
    self = origin
  }
}
