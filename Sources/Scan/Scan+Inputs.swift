import Anatomy
import Files
import Grids
import Lesion
package import ModelGraph
package import OnnxRuntime
package import ScanPlan
package import Stimuli
import Temporal
import UserErrors

extension Scan {
  /// What a rank opens before it can do anything.
  package struct Inputs {
    package let model: Model
    /// Those that are scanned.
    package let stimuli: StimulusSet
    package let stream: Stream?
    package let runtime: Runtime
    /// SHA-256 of the model file and its files of weights.
    let modelDigest: String
    /// SHA-256 of the files of stimuli and labels.
    let dataDigest: String

    package init(_ request: ScanRequest) throws {
      model = try Model(contentsOf: request.subject.model)
      try model.checkExternalFiles()
      var stimuli = try StimulusSet(contentsOf: request.subject.data, labels: request.subject.labels)
      try stimuli.setPreprocessing(
        Preprocessing(
          scale: request.measurement.scale, mean: request.measurement.mean, standardDeviation: request.measurement.standardDeviation,
          channelAxis: request.measurement.isChannelsLast ? .last : .first))
      if let wanted = request.measurement.stream {
        let stream = try Stream(wanted, of: stimuli, seed: request.measurement.seed)
        self.stream = stream
        self.stimuli = try stream.stimuli.select(stream.scanned)
      } else {
        stream = nil
        self.stimuli = stimuli.prefix(request.measurement.stimulusLimit)
      }
      let folder = model.folder ?? "."
      modelDigest = try Digest.ofFiles([request.subject.model] + model.externalFiles.map { "\(folder)/\($0)" })
      dataDigest = try Digest.ofFiles(stimuli.files)
      runtime = try Runtime()
    }

    func origin(_ request: ScanRequest, program: String) -> ScanOrigin {
      ScanOrigin(
        options: request.measurement.byName, modelDigest: modelDigest, dataDigest: dataDigest, program: program,
        onnxRuntime: runtime.version, part: request.run.part)
    }

    package func planner(_ request: ScanRequest) -> Planner {
      Planner(
        request: request, model: model, stimuli: stimuli, stream: stream, runtime: runtime, modelDigest: modelDigest,
        dataDigest: dataDigest)
    }

    /// Makes sure that this rank measures what the plan says.
    ///
    /// - Throws: `Failure` (`badInput`) with what differs from rank 0.
    func check(against plan: ScanPlan, request: ScanRequest) throws(Failure) {
      if modelDigest != plan.modelDigest {
        throw Failure(
          .badInput,
          "its model file \(request.subject.model) has SHA-256 \(modelDigest.prefix(12))…, and rank 0's has \(plan.modelDigest.prefix(12))…; give all ranks the same file")
      }
      if dataDigest != plan.dataDigest {
        throw Failure(
          .badInput,
          "its stimuli \(request.subject.data) have SHA-256 \(dataDigest.prefix(12))…, and rank 0's have \(plan.dataDigest.prefix(12))…; give all ranks the same files")
      }
    }
  }

  /// A stream of stimuli.
  package struct Stream {
    package let stimuli: StimulusSet
    /// Which of them are scanned.
    let scanned: [Int]

    /// - Throws: `Failure` (`usage`) if it is shorter than a window.
    init(_ request: StreamRequest, of all: StimulusSet, seed: UInt64) throws(Failure) {
      stimuli = all.prefix(request.length ?? all.count)
      guard request.temporal.windows(samples: stimuli.count).count > 0 else {
        throw Failure(
          .usage,
          "--window \(request.temporal.window) is longer than the stream of \(stimuli.count) stimuli; give more stimuli, or a shorter window")
      }
      scanned = request.scannedStimuli(of: stimuli.count, seed: seed)
    }
  }
}
