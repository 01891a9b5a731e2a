import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan
import Stimuli
import UserErrors

extension Scan.Inputs {
  /// The candidates that are scanned: those that the network answers as `--select` says, and whose numbers it can be asked
  /// about. Their notes tell what is left out.
  ///
  /// Cost: all of them are read once; where the selection asks for predictions, a forward pass for each.
  /// - Throws: `StimuliError` with the first stimulus that can't be used, where none may be left out.
  func chosen(_ request: ScanRequest) throws -> StimulusSet {
    let options = request.measurement
    var stimuli = candidates
    let selection = try StimulusSelection(options.selection, shuffleSeed: options.shuffleSeed)
    if stream == nil, selection.needsPredictions {
      stimuli = try selection.apply(to: candidates, predictions: predictions(request)).prefix(options.stimulusLimit)
    }
    let limit = options.stimulusLimit
    if stream == nil, limit != MeasurementOptions().stimulusLimit, stimuli.count < limit {
      stimuli.addNote(
        "--stimuli asks for \(limit); \(stimuli.count) are \(options.selection == nil ? "there" : "chosen"), and all of them are scanned."
      )
    }
    let read = NetworkSurvey.readTensor(of: model, try ReadoutRequest(options, of: stimuli))
    let names = model.inputPorts(reading: read).filter(\.isRead).map(\.name)
    let fed =
      model.bakedBatch(feeding: stimuli.shapes(of: names), count: stimuli.allCount).map(model.replacingBakedBatch) ?? model
    let feed = try StimulusFeed(
      runtime: runtime, stimuli: stimuli, inputs: fed.inputPorts(reading: read),
      partners: lesionFile?.partners(at: stimuli.records))
    let survey = try feed.survey(for: fed)
    // A stream keeps its time: what can't be scanned of it is skipped.
    if stream == nil {
      try request.analysis.clusters?.check(dataCount: dataCount)
      stimuli = try stimuli.usable(
        by: survey, allowsNonFinite: options.allowsNonFinite,
        clusters: request.analysis.clusters?.numbers(ofStimuli: stimuli.records))
    }
    try feed.checkPartners(for: fed)
    return stimuli
  }

  /// The classes that the intact network predicts for the candidates.
  private func predictions(_ request: ScanRequest) throws -> [Int] {
    let options = Session.Options(for: model, threads: request.measurement.threads)
    var reading = try ReadoutRequest(request.measurement, of: candidates)
    reading.value = .logit
    var onProcessor = options
    onProcessor.isOnProcessor = true
    let survey = try NetworkSurvey(
      model: model, stimuli: candidates, runtime: runtime, session: onProcessor, reading: reading)
    let reader = try OutputReader(survey.readout)
    let session = try Session(
      runtime: runtime, model: survey.model.exposing([survey.readTensor]).serialized(), options: options)
    let feed = try StimulusFeed(
      runtime: runtime, stimuli: candidates, inputs: survey.model.inputPorts(reading: survey.readTensor))
    let scores = try (0..<candidates.count).map { stimulus in
      let output = try session.run(feed.tensors(session.inputNames, rows: [stimulus]))[0]
      return output.withFloats { reader.scores(UnsafeBufferPointer($0), stimulus: stimulus) }
    }
    let predictions = reader.predictions(scores)
    guard predictions.count == candidates.count else {
      throw Failure(
        .usage,
        "--select by what the network predicts needs classes, and \(model.label) gives one score, of which no class follows: choose by index or label, or read it as a yes or no by --target label"
      )
    }
    return predictions
  }
}
