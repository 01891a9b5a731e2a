import ArgumentParser
import Grids
import Lesion
import ModelGraph
import Monitoring
import ScanPlan
import Shapley

extension ScanOptions {
  /// Beyond any use, and far below where numbers of rows overflow.
  private static let mostSamples = 65536.0

  /// The request for a model and data.
  ///
  /// - Parameter count: how many stimuli are used where no option says.
  /// - Throws: `ValidationError` that names the option and what it takes.
  func request(model: String, data: String, output: String, stimuli count: Int) throws -> ScanRequest {
    var request = ScanRequest(model: model, data: data, output: output)
    request.subject.labels = labels
    request.subject.classNames = choice.classNames
    request.measurement = try measurement(stimuli: count)
    request.analysis = try analysis()
    request.resources = try resources()
    request.run.keepsAcquisition = keepsAcquisition
    return request
  }

  private func measurement(stimuli count: Int) throws -> MeasurementOptions {
    var options = MeasurementOptions()
    options.provider = try chosenProvider()
    options.layers = LayerSelection(parsing: layers)
    do {
      options.grid = try GridSize(parsing: grid)
    } catch {
      throw ValidationError("--grid: \(error.message)")
    }
    try regions.apply(to: &options, hasGrid: options.grid != .standard)
    options.layouts = try reading.chosenLayouts()
    try outputs.check()
    options.output = outputs.output
    options.classAxis = reading.classAxis
    options.samplesPerRegion = try chosenSamples()
    options.mapReliability = try perStimulus.map { try Check.share($0, "per-stimulus") }
    if perStimulus != nil, samples != "auto" {
      throw ValidationError("--per-stimulus chooses the samples, and --samples \(samples) gives them: leave one of them out.")
    }
    try choice.check()
    options.selection = choice.select
    options.shuffleSeed = choice.shuffle
    _ = try pictures.sizing()
    options.resize = pictures.resize
    options.crop = pictures.crop
    options.stimulusLimit = try Check.atLeast(1, stimuli ?? count, "stimuli")
    options.stream = try streamRequest()
    options.index = try Check.named(index, "index")
    try lesions.apply(to: &options)
    do {
      options.value = try ValueFunction(parsing: value)
    } catch {
      throw ValidationError("--value \(error.message).")
    }
    options.target = try chosenTarget()
    if let keepScores {
      guard keepsAcquisition, tolerance == nil, allocate == "even", estimator != "gradient" else {
        throw ValidationError(
          "--keep-scores keeps the values of whole designs: leave out --no-acquisition, --tolerance, --allocate and --estimator gradient."
        )
      }
      options.keepsScores = true
      if keepScores != "all" {
        guard let number = Int(keepScores), number > 0 else {
          throw ValidationError("--keep-scores \(keepScores) is no number of classes above 0; without one it keeps all.")
        }
        options.keptScoreLimit = number
      }
    }
    options.position = try reading.chosenPosition()
    options.seed = seed
    options.batch = try Check.within(OptionRange.batch, batch, "batch")
    if let tolerance, !(tolerance > 0 && tolerance.isFinite) {
      throw ValidationError("--tolerance \(tolerance) is not above 0.")
    }
    options.tolerance = tolerance
    options.allocation = try Check.named(allocate, "allocate")
    options.stoppingConfidence = try Check.share(confidence, "confidence")
    options.scale = scale
    options.mean = try Check.numbers(mean, "mean")
    options.standardDeviation = try Check.numbers(std, "std")
    options.threads = try Check.threads(threads)
    options.tracesConnections = tracesConnections ?? true
    options.boundsTracts = tracesConnections == nil
    try paths.apply(to: &options, tracesConnections: tracesConnections)
    try paths.check(outputs: outputs.outputs, stimuli: stimuli, keepsAcquisition: keepsAcquisition)
    options.pathwayCount = try Check.within(OptionRange.pathways, pathways, "pathways")
    options.allowsNonFinite = allowNonfinite
    return options
  }

  private func analysis() throws -> AnalysisOptions {
    var options = AnalysisOptions()
    options.estimator = estimator == "auto" ? nil : try Check.named(estimator, "estimator")
    options.confidence = try Check.share(confidence, "confidence")
    options.falseDiscoveryRate = try Check.share(fdr, "fdr")
    options.signFlips = try Check.within(OptionRange.signFlips, flips, "flips")
    return options
  }

  private func resources() throws -> ResourceOptions {
    var options = ResourceOptions()
    options.weightSharing = try Check.named(shareWeights, "share-weights")
    options.memoryBudget = try memory.map { try Check.atLeast(1, $0, "memory") << 20 }
    options.cacheBytes = try cacheMemory.map { try Check.atLeast(1, $0, "cache-memory") << 20 }
    options.spillFolder = spill
    return options
  }

  /// What passes run on; `nil`: the runtime's own kernels.
  private func chosenProvider() throws -> ProviderChoice? {
    var options: [String: String] = [:]
    for text in providerOption {
      guard let end = text.firstIndex(of: "="), end != text.startIndex else {
        throw ValidationError("--provider-option \(text) is not of the form name=value.")
      }
      let name = String(text[..<end])
      guard options.updateValue(String(text[text.index(after: end)...]), forKey: name) == nil else {
        throw ValidationError("--provider-option \(name) is given twice.")
      }
    }
    let name = provider.lowercased()
    guard name != "cpu" else {
      guard options.isEmpty else { throw ValidationError("--provider-option needs a --provider other than cpu, which has none.") }
      return nil
    }
    if shareWeights == WeightSharing.always.rawValue {
      throw ValidationError(
        "--share-weights always and --provider \(name) exclude each other: a provider holds the weights in its own form.")
    }
    return ProviderChoice(name: name, options: options)
  }

  private func chosenSamples() throws -> Double? {
    if samples == "auto" { return nil }
    guard let number = Double(samples), number > 0, number.isFinite else {
      throw ValidationError("--samples \(samples) is neither auto nor a number above 0.")
    }
    guard number <= Self.mostSamples else {
      throw ValidationError(
        "--samples \(samples) is above \(Int(Self.mostSamples)): errors fall with its root, give more stimuli instead.")
    }
    return number
  }

  private func chosenTarget() throws -> MeasurementOptions.Target {
    switch target {
    case "predicted": return .predicted
    case "label": return .label
    default:
      guard let number = Int(target), number >= 0 else {
        throw ValidationError("--target \(target) is none of predicted, label, or a class number.")
      }
      return .fixed(number)
    }
  }

  private func streamRequest() throws -> StreamRequest? {
    guard let request = try stream.request() else { return nil }
    if stimuli != nil {
      throw ValidationError("--stimuli and --stream exclude each other: of a stream, --window-stimuli says how many are scanned.")
    }
    if choice.select != nil || choice.shuffle != nil {
      throw ValidationError("--select and --shuffle would tear a --stream apart: leave them out.")
    }
    if clusters != nil {
      throw ValidationError(
        "--clusters and --stream exclude each other: of a stream, stretches as long as a --window are its clusters.")
    }
    if !keepsAcquisition {
      throw ValidationError("--stream keeps what it recorded in the acquisition: leave out --no-acquisition.")
    }
    return request
  }
}

/// Checks of what options are given.
///
/// All throw `ValidationError` that names the option and what it takes.
enum Check {
  static func atLeast(_ least: Int, _ value: Int, _ option: String) throws -> Int {
    try within(least...OptionRange.count.upperBound, value, option)
  }

  static func within(_ range: ClosedRange<Int>, _ value: Int, _ option: String) throws -> Int {
    guard value >= range.lowerBound else { throw ValidationError("--\(option) \(value) is below \(range.lowerBound).") }
    guard value <= range.upperBound else { throw ValidationError("--\(option) \(value) is above \(range.upperBound).") }
    return value
  }

  static func threads(_ count: Int) throws -> Int { try within(1...ReferenceOrigin.threadLimit, count, "threads") }

  static func share(_ value: Double, _ option: String) throws -> Double {
    guard value > 0, value < 1 else { throw ValidationError("--\(option) \(value) is not between 0 and 1.") }
    guard OptionRange.share.contains(value) else {
      throw ValidationError("--\(option) \(value) is nearer to 0 or 1 than \(OptionRange.share.lowerBound).")
    }
    return value
  }

  static func named<Value: RawRepresentable & CaseIterable>(_ text: String, _ option: String) throws -> Value
  where Value.RawValue == String {
    guard let value = Value(rawValue: text) else {
      let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--\(option) \(text) is none of \(names).")
    }
    return value
  }

  static func numbers(_ text: String?, _ option: String) throws -> [Double] {
    guard let text else { return [] }
    return try text.split(separator: ",").map { part in
      guard let number = Double(part), number.isFinite else {
        throw ValidationError("--\(option) \(text) is not a list of numbers separated by commas.")
      }
      return number
    }
  }
}
