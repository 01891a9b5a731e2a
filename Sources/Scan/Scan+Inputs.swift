import Anatomy
import Files
import Grids
import Lesion
package import ModelGraph
import Networks
package import OnnxRuntime
package import ScanPlan
import ScanResults
package import Stimuli
import Temporal
import UserErrors

extension Scan {
  /// What a rank opens before it can do anything.
  package struct Inputs {
    package let model: Model
    /// All stimuli, as the files have them.
    private let all: StimulusSet
    /// Those that the options choose.
    private let chosen: StimulusSet
    /// Those that may be scanned, before the network has been asked and numbers have been looked at.
    let candidates: StimulusSet
    /// How many stimuli there are to choose from; `nil` where only the network knows, or time orders them.
    let availableCount: Int?
    /// Stimuli of the files.
    var dataCount: Int { all.count }
    package let stream: Stream?
    /// What lesions take from a file; `nil` where they take nothing from one.
    package let lesionFile: LesionFile?
    package let runtime: Runtime
    /// SHA-256 of the model file and its files of weights.
    let modelDigest: String
    /// SHA-256 of the files that the candidates come from, and of the labels.
    let dataDigest: String
    /// SHA-256 of the files that lesions take something from; `nil` where they take nothing from one.
    let lesionDigest: String?
    /// SHA-256 of the file that the value takes something from; `nil` likewise.
    let valueDigest: String?

    /// Reads the model and the stimuli that a request names.
    ///
    /// - Throws: `ModelGraphError`, `StimuliError` or `Failure`, a sentence each, where one can't be read or doesn't fit the
    ///   other.
    package init(_ request: ScanRequest) throws {
      model = try Model(contentsOf: request.subject.model)
      try model.checkExternalFiles()
      let options = request.measurement
      let sizing = try PictureSizing(resize: options.resize, crop: options.crop)
      var all = try StimulusSet(
        contentsOf: request.subject.data, labels: request.subject.labels, inputs: model.inputs.map(ModelInput.init),
        sizing: sizing)
      if let path = request.subject.classNames { all.setClassNames(try readClassNames(path)) }
      if let classes = model.classLabels { try all.adopt(classes) }
      all = try all.preprocessed(options)
      if let wanted = options.stream {
        let stream = try Stream(wanted, of: all, seed: options.seed)
        self.stream = stream
        candidates = try stream.stimuli.select(stream.scanned)
        chosen = candidates
        availableCount = nil
      } else {
        stream = nil
        let selection = try StimulusSelection(options.selection, shuffleSeed: options.shuffleSeed)
        chosen = selection.needsPredictions ? all : try selection.apply(to: all)
        candidates = selection.needsPredictions ? all : chosen.prefix(options.stimulusLimit)
        availableCount = selection.needsPredictions ? nil : chosen.count
      }
      self.all = all
      lesionFile = try options.lesionFile.map { [model, all] path in
        try LesionFile(path, for: options, model: model, count: all.count, sizing: sizing)
      }
      lesionDigest = try lesionFile.map { try Digest.ofFiles($0.files) }
      valueDigest = try options.value.file.map { try Digest.ofFiles([$0]) }
      let folder = model.folder ?? "."
      modelDigest = try Digest.ofFiles([request.subject.model] + model.externalFiles.map { "\(folder)/\($0)" })
      dataDigest = try Digest.ofFiles(stream?.stimuli.files ?? candidates.files)
      runtime = try Runtime(provider: request.provider)
    }

    /// The stimuli of a plan.
    ///
    /// - Throws: `StimuliError` where the files have fewer stimuli than the plan was made for.
    package func stimuli(of plan: ScanPlan) throws -> StimulusSet {
      try all.select(plan.stimulusPlaces)
    }

    /// Stimuli of the files that a plan doesn't scan, to check on what it finds, without those that hold NaN or infinity; `nil` where
    /// nothing is to be checked, the stimuli are a stream or are each read otherwise, the others can't be used (their ids choose no row
    /// of a table), or their files are none that ranks know to be the same.
    ///
    /// - Throws: `StimuliError` where a file can't be read.
    package func heldOut(of plan: ScanPlan, _ request: ScanRequest) throws -> StimulusSet? {
      let readout = plan.readout
      // What is read of each stimulus is known for those that are scanned.
      guard stream == nil, request.run.part == nil, !readout.isOfEachStimulus,
        !request.measurement.position.isOfEachStimulus,
        try plan.layers.contains(where: { try $0.grid(request.measurement).isByChannel })
      else { return nil }
      // What has no label can't be answered rightly; where none has one, answers that are kept are counted.
      let unlabelled = all.labels.map { labels in labels.indices.filter { labels[$0] < 0 } } ?? []
      let places = PruningTrial.heldOut(
        of: all.count, except: plan.stimulusPlaces + (unlabelled.count < all.count ? unlabelled : []),
        seed: request.measurement.seed)
      guard !places.isEmpty else { return nil }
      let others = try all.select(places)
      guard Set(others.files).isSubset(of: candidates.files) else { return nil }
      let fed = model.prepared(plan.preparation)
      let feed = try StimulusFeed(runtime: runtime, stimuli: others, inputs: fed.inputPorts(reading: readout.tensor))
      let left: [Int]
      do {
        left = try feed.survey(for: fed).nonFinite
      } catch let error as StimuliError where error.code == .badInput {
        return nil
      }
      guard left.count < others.count else { return nil }
      return left.isEmpty ? others : try others.select(others.records.indices.filter { !left.contains($0) })
    }

    /// SHA-256 of the files that the candidates would come from under another limit.
    ///
    /// - Throws: `FileError` where a file can't be read.
    func dataDigest(stimulusLimit: Int) throws -> String {
      let files = availableCount == nil ? candidates.files : chosen.prefix(stimulusLimit).files
      return try Digest.ofFiles(stream?.stimuli.files ?? files)
    }

    func origin(_ request: ScanRequest, program: String) -> ScanOrigin {
      ScanOrigin(
        options: request.decisiveOptions, modelDigest: modelDigest, dataDigest: dataDigest,
        lesionDigest: lesionDigest, valueDigest: valueDigest, program: program, onnxRuntime: runtime.version,
        part: request.run.part)
    }

    /// What plans the scan of the stimuli that the request chooses.
    ///
    /// - Throws: `Failure` (`usage`) where it chooses none.
    package func planner(_ request: ScanRequest) throws -> Planner {
      Planner(
        request: request, model: model, stimuli: try chosen(request), stream: stream, dataCount: dataCount, runtime: runtime,
        modelDigest: modelDigest, dataDigest: dataDigest, lesionFile: lesionFile, lesionDigest: lesionDigest,
        valueDigest: valueDigest)
    }

    /// Makes sure that this rank measures what the plan says.
    ///
    /// - Throws: `Failure` (`badInput`) with what differs from rank 0.
    func check(against plan: ScanPlan, request: ScanRequest) throws(Failure) {
      if lesionDigest != plan.lesionDigest {
        throw Failure(
          .badInput,
          "its \(request.measurement.lesionFile ?? "lesions") isn't the file that rank 0 has; give all ranks the same file")
      }
      if runtime.provider?.identity != plan.provider {
        func name(_ provider: String?) -> String { provider ?? "the processor" }
        throw Failure(
          .badInput,
          "its passes would run on \(name(runtime.provider?.identity)), and rank 0's on \(name(plan.provider)); install the same everywhere"
        )
      }
      if modelDigest != plan.modelDigest {
        throw Failure(
          .badInput,
          "its model file \(request.subject.model) has SHA-256 \(modelDigest.prefix(12))…, and rank 0's has \(plan.modelDigest.prefix(12))…; give all ranks the same file"
        )
      }
      if dataDigest != plan.dataDigest {
        throw Failure(
          .badInput,
          "its stimuli \(request.subject.data) have SHA-256 \(dataDigest.prefix(12))…, and rank 0's have \(plan.dataDigest.prefix(12))…; give all ranks the same files"
        )
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
          "--window \(request.temporal.window) is longer than the stream of \(stimuli.count) stimuli; give more stimuli, or a shorter window"
        )
      }
      scanned = request.scannedStimuli(of: stimuli.count, seed: seed)
    }
  }
}

extension ScanRequest {
  /// What the runtime is asked for.
  fileprivate var provider: ProviderRequest? {
    measurement.provider.map {
      ProviderRequest(name: $0.name, options: $0.options, threads: measurement.threads, place: resources.place)
    }
  }
}
