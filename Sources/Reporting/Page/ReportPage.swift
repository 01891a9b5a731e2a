import Anatomy
internal import FoundationEssentials
import Lesion
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import Stimuli

/// `report.html`: everything that a scan found, for a person to look at, in one file that needs no other and no network.
///
/// It says nothing of ranks, times or dates, so equal results give equal bytes. Size: about 60 kB a layer of 256 regions.
struct ReportPage {
  private let result: ScanResult
  private let truth: PhantomTruth?

  init(_ result: ScanResult, truth: PhantomTruth?) {
    self.result = result
    self.truth = truth
  }

  var html: String {
    ReportTemplates.render(context)
  }

  private var context: [String: Any] {
    let (plan, request) = (result.plan, result.request)
    let sections = result.layers.map { LayerSection($0, request: request, truth: truth) }
    let stimuli = StimulusSection(result)
    let largestEffect = sections.map { abs($0.score.effect) }.max() ?? 0
    var data: [String: JSONValue] = [
      "confidence": .double(100 * request.analysis.confidence), "unit": .string(request.measurement.value.name),
      "layers": .array(sections.map(\.data)),
    ]
    data["overlays"] = stimuli?.data
    var context: [String: Any] = [
      "style": ReportTemplates.style + ColourScale.style,
      "script": ReportTemplates.script,
      "data": Self.embedded(.object(data)),
      "title": request.subject.model.split(separator: "/").last.map(String.init) ?? request.subject.model,
      "lead": lead,
      "unit": request.measurement.value.name,
      "confidence": Number.significant(100 * request.analysis.confidence),
      "fdr": Number.significant(request.analysis.falseDiscoveryRate),
      "scored": sections.allSatisfy { $0.score.reason == nil },
      "divergingBar": Self.bar(ColourScale.divergingClasses),
      "sequentialBar": Self.bar(ColourScale.sequentialClasses),
      "layers": sections.map { $0.context(largestEffect: largestEffect) },
      "notes": plan.notes + plan.refusals.map { "Not scanned: \"\($0.tensor)\", since \($0.reason)." }
        + (result.skippedSeries > 0
          ? ["\(result.skippedSeries) series were skipped: their values are NaN or infinite."] : []),
      "indexName": request.measurement.index == .shapley ? "Shapley" : "Banzhaf",
      "lesion": request.measurement.lesion.phrase,
      "value": Self.description(request.measurement.value),
      "intervalMeaning": intervalMeaning,
      "program": "nnfmri-mpi \(result.run.versions.program.number), ONNX Runtime \(result.run.versions.onnxRuntime)",
      "modelDigest": plan.modelDigest, "dataDigest": plan.dataDigest,
    ]
    if let stimuli {
      context["hasStimuli"] = true
      context["hasAcquisition"] = request.run.keepsAcquisition
      context["thumbnails"] = stimuli.thumbnails
      context["stimuli"] = stimuli.columns
      context["overlays"] = stimuli.overlays
      context["stimulusCount"] = stimuli.columns.count
      context["allStimuli"] = plan.stimulusCount
    }
    if let connectome = ConnectomeSection(result) { context["connectome"] = connectome.context }
    if let stream = StreamSection(result) { context["stream"] = stream.context }
    if let truth, let verdict = truth.verdict(on: result) { context["verdict"] = verdict }
    return context
  }

  private var lead: String {
    let (plan, request) = (result.plan, result.request)
    let regions = plan.layers.reduce(0) { $0 + $1.regionCount }
    let critical = result.layers.reduce(0) { $0 + $1.statistics.isCritical.count { $0 } }
    return """
      \(critical) critical of \(regions) regions in \(plan.layers.count) layer\(plan.layers.count == 1 ? "" : "s"), \
      over \(plan.stimulusCount) stimul\(plan.stimulusCount == 1 ? "us" : "i"): \(result.passes). \
      Value \(request.measurement.value.name) of the \(Self.description(request.measurement.target)), lesion \(request.measurement.lesion.rawValue), \
      index \(request.measurement.index.rawValue).
      """
  }

  private var intervalMeaning: String {
    result.layers.contains { $0.statistics.level == .first }
      ? "Of the one stimulus that was shown: it covers the sampling of coalitions only."
      : "Of the mean over the stimuli that were shown, taken as a sample of their kind."
  }

  private static func description(_ value: ValueFunction) -> String {
    switch value {
    case .logit: "the target's logit"
    case .logProbability: "the target's log-probability"
    case .probability: "the target's probability"
    case .margin: "the target's lead over the next class"
    case .loss: "the negative loss"
    case .output(let index): "output \(index)"
    case .selection(let selection): "output \(selection.text)"
    }
  }

  private static func description(_ target: MeasurementOptions.Target) -> String {
    switch target {
    case .predicted: "predicted class"
    case .label: "label"
    case .fixed(let index): "class \(index)"
    }
  }

  private static func bar(_ classes: [String]) -> [[String: Any]] {
    classes.enumerated().map { ["x": $0.offset, "class": $0.element] }
  }

  /// JSON that can stand inside an element of HTML: no `<` begins a tag in it.
  private static func embedded(_ value: JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("finite numbers and names do not encode") }
    return String(decoding: data.flatMap { $0 == UInt8(ascii: "<") ? Array(#"\u003c"#.utf8) : [$0] }, as: UTF8.self)
  }
}
