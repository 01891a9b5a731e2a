import ArgumentParser
import Scan
import ScanPlan
import Temporal

/// The options of a scan whose stimuli are a stream.
struct StreamOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Take the stimuli as a stream in time: all, or how many. Each is recorded; some of each window are scanned.", valueName: "n"
    ))
  var stream: String?

  @Option(help: ArgumentHelp("Stimuli of a window. (default: 256)", valueName: "n"))
  var window: Int?

  @Option(help: ArgumentHelp("Stimuli from window to window. (default: half a window)", valueName: "n"))
  var step: Int?

  @Option(help: ArgumentHelp("Stimuli scanned for each window's length. (default: 32, at most all)", valueName: "n"))
  var windowStimuli: Int?

  @Option(help: ArgumentHelp("Nominal stimuli a second. (default: 256)", valueName: "hz"))
  var samplingRate: Double?

  @Option(
    help: ArgumentHelp("Samples of a segment of the stream's spectrum. (default: up to a window, three times)", valueName: "n"))
  var segment: Int?

  @Option(help: ArgumentHelp("Share of a segment that the next one covers again. (default: 0.5)", valueName: "share"))
  var overlap: Double?

  @Option(
    help: ArgumentHelp(
      "Stimuli that are normal: FROM-TO, up to and without TO. (default: the whole stream)", valueName: "from-to"))
  var reference: String?

  @Option(help: ArgumentHelp("Probability of a false alarm, a window. (default: 0.01)", valueName: "rate"))
  var falseAlarms: Double?

  /// `nil` without a stream.
  ///
  /// - Throws: `ValidationError` that names the option and what it takes.
  func request() throws -> StreamRequest? {
    guard let stream else {
      let given: [(String, Bool)] = [
        ("window", window != nil), ("step", step != nil), ("window-stimuli", windowStimuli != nil),
        ("sampling-rate", samplingRate != nil), ("segment", segment != nil), ("overlap", overlap != nil),
        ("reference", reference != nil), ("false-alarms", falseAlarms != nil),
      ]
      if let (name, _) = given.first(where: \.1) {
        throw ValidationError("--\(name) is for streams: add --stream all, or --stream and their number.")
      }
      return nil
    }
    var request = StreamRequest()
    if stream != "all" {
      guard let length = Int(stream), length > 0 else {
        throw ValidationError("--stream \(stream) is neither all nor a number above 0.")
      }
      request.length = length
    }
    var settings = TemporalSettings()
    if let window { settings.window = try Check.atLeast(2 * Welch.leastSegmentLength, window, "window") }
    settings.step = try step.map { try Check.atLeast(1, $0, "step") }
    settings.segment = try segment.map { try Check.atLeast(Welch.leastSegmentLength, $0, "segment") }
    request.windowStimuli =
      try windowStimuli.map { try Check.atLeast(1, $0, "window-stimuli") }
      ?? min(StreamRequest.standardWindowStimuli, settings.window)
    guard request.windowStimuli <= settings.window else {
      throw ValidationError("--window-stimuli \(request.windowStimuli) is more than a window has, \(settings.window).")
    }
    if let samplingRate {
      guard samplingRate > 0, samplingRate.isFinite else {
        throw ValidationError("--sampling-rate \(samplingRate) is not above 0.")
      }
      settings.samplingRate = samplingRate
    }
    if let overlap {
      guard overlap >= 0, overlap < 1 else { throw ValidationError("--overlap \(overlap) is not from 0 to below 1.") }
      settings.overlap = overlap
    }
    if let falseAlarms {
      guard falseAlarms > 0, falseAlarms < 1 else {
        throw ValidationError("--false-alarms \(falseAlarms) is not between 0 and 1.")
      }
      settings.falseAlarmRate = falseAlarms
    }
    if let reference {
      let ends = reference.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count == 2, let start = ends[0], let end = ends[1], start >= 0, start < end else {
        throw ValidationError("--reference \(reference) is not FROM-TO with FROM below TO, such as 0-2560.")
      }
      (settings.referenceStart, settings.referenceEnd) = (start, end)
    }
    request.temporal = settings
    return request
  }
}
