import Distribution
internal import FoundationEssentials
import Lesion
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import UserErrors

/// What rank 0 finds of a comparison before it tells the others.
struct ComparisonOpening {
  let scan: StoredScan
  let request: ScanRequest
  let settings: ComparisonSettings
  let refusals: [ScanPlan.Refusal]
  let inputs: Scan.Inputs

  /// - Parameter place: which of its machine's ranks this one is.
  /// - Throws: `Failure`: `missingInput` for a folder without a finished scan or files that aren't where the scan found them,
  ///   `badInput` for others than the scan's, `usage` for layers that it doesn't have or lesions that can't be compared.
  init(_ asked: ComparisonRequest, place: Int) throws {
    scan = try StoredScan(contentsOf: asked.folder)
    let (plan, measurement) = (scan.measurements.plan, scan.measurements.request.measurement)
    guard !measurement.lesion.isDrawn else {
      throw Failure(
        .usage,
        "\(asked.folder) was scanned with --lesion \(measurement.lesion.rawValue), whose values depend on a draw, and a map's regions are lesioned once; scan with zero or mean"
      )
    }
    let numbers = asked.layers ?? Array(plan.layers.indices)
    if let absent = numbers.first(where: { !plan.layers.indices.contains($0) }) {
      throw Failure(
        .usage, "--layers \(absent): the scan has layers 0 to \(plan.layers.count - 1); choose among them")
    }
    let tooFine = numbers.filter { plan.layers[$0].regionCount > Design.largestPlayerCount }
    refusals = tooFine.map { number in
      ScanPlan.Refusal(
        tensor: plan.layers[number].tensor,
        reason:
          "it has \(plan.layers[number].regionCount) regions, and a reference by values tells \(Design.largestPlayerCount) apart")
    }
    settings = ComparisonSettings(
      layers: numbers.filter { !tooFine.contains($0) }, stimuli: Array(0..<min(asked.stimuli, plan.stimulusCount)),
      referenceSamples: asked.referenceSamples)
    guard !settings.layers.isEmpty else {
      throw Failure(.badInput, "no layer can be compared: \(refusals.first?.reason ?? "none was asked for"); scan a coarser grid")
    }
    var request = scan.measurements.request
    let scanned = try RunSummary(contentsOf: OutputFolder(asked.folder).summary)
    request.subject.model = try Scan.place(asked.model, scanned.model.file, "--model", of: asked.folder)
    request.subject.data = try Scan.place(asked.data, scanned.stimuli.file, "--data", of: asked.folder)
    request.subject.labels = asked.labels
    request.resources.place = place
    self.request = request
    inputs = try Scan.Inputs(request)
    try Self.check(inputs.modelDigest, plan.modelDigest, request.subject.model, "model", "--model")
    try Self.check(
      inputs.dataDigest, plan.dataDigest, request.subject.data, "stimuli", "--data, and --labels where the scan had them")
    if let file = measurement.lesionFile, inputs.lesionDigest != plan.lesionDigest {
      throw Failure(.badInput, "\(file) has changed since the scan in \(asked.folder) took lesions from it; bring it back")
    }
  }

  private static func check(
    _ digest: String, _ scanned: String, _ file: String, _ name: String, _ options: String
  ) throws(Failure) {
    guard digest != scanned else { return }
    throw Failure(
      .badInput,
      "\(file) isn't the scan's \(name): SHA-256 \(digest.prefix(12))… instead of \(scanned.prefix(12))…; give the scan's with \(options)"
    )
  }
}

/// What rank 0 tells the others of a comparison first.
struct ComparisonOpeningMessage: Coded {
  var exitCode = 0
  private var plan: [UInt8] = []
  private var measurement: [UInt8] = []
  private var analysis: [UInt8] = []
  private var model = ""
  private var data = ""
  private var labels: [String] = []

  init() {}
  init(exitCode: Int) { self.exitCode = exitCode }

  init(_ opening: ComparisonOpening) throws {
    plan = try opening.scan.measurements.plan.encoded()
    measurement = Array(try JSONEncoder().encode(opening.request.measurement))
    analysis = Array(try JSONEncoder().encode(opening.request.analysis))
    model = opening.request.subject.model
    data = opening.request.subject.data
    labels = [opening.request.subject.labels].compactMap(\.self)
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&exitCode)
    try coder.code(&plan)
    try coder.code(&measurement)
    try coder.code(&analysis)
    try coder.code(&model)
    try coder.code(&data)
    try coder.code(&labels)
  }

  /// What a rank takes part with.
  ///
  /// - Parameter place: which of its machine's ranks it is.
  /// - Throws: `Failure` where its files aren't rank 0's.
  func member(_ opened: Scan.Inputs?, place: Int) throws -> (inputs: Scan.Inputs, worker: Worker) {
    let plan = try ScanPlan(encoded: plan)
    var request = ScanRequest(model: model, data: data, output: "")
    request.subject.labels = labels.first
    request.measurement = try JSONDecoder().decode(MeasurementOptions.self, from: Data(measurement))
    request.analysis = try JSONDecoder().decode(AnalysisOptions.self, from: Data(analysis))
    request.resources.place = place
    let inputs = try opened ?? Scan.Inputs(request)
    try inputs.check(against: plan, request: request)
    let worker = try Worker(
      request: request, plan: plan, model: inputs.model, stimuli: inputs.stimuli(of: plan), stream: nil,
      lesionFile: inputs.lesionFile, runtime: inputs.runtime)
    return (inputs, worker)
  }
}
