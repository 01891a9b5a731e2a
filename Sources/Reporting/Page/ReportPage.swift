import Anatomy
import Files
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

  /// The page in parts, each made where it is written: what a map is drawn from is larger than its drawing, and what the scripts read
  /// is as long as all drawings.
  var parts: [() -> String] {
    let names = LayerNames(result.layers.map(\.plan.tensor))
    let stimuli = StimulusSection(result, names: names)
    let sections = zip(result.layers, names.short).map { layer, name in
      LayerSection(layer, name: name, of: result, truth: truth, pictures: stimuli.thumbnails.count)
    }
    let context = context(sections, stimuli, names)
    return [{ ReportTemplates.render(context) }]
      + sections.map { section in { ReportTemplates.render(section.context, template: "layer") } }
      + [{ ReportTemplates.render(context, template: "reading") + #"<script type="application/json" id="data">"# }]
      + data(sections, stimuli)
      + [{ "</script>\n<script>\n\(ReportTemplates.script)</script>\n</body>\n</html>\n" }]
  }

  private func context(_ sections: [LayerSection], _ stimuli: StimulusSection, _ names: LayerNames) -> [String: Any] {
    let (plan, request) = (result.plan, result.request)
    let largestEffect = sections.map { abs($0.score.effect) }.max() ?? 0
    var context: [String: Any] = [
      "style": ReportTemplates.style + ColourScale.style,
      "title": fileName(of: request.subject.model),
      "lead": lead,
      "unit": request.measurement.value.name,
      "confidence": Number.significant(100 * request.analysis.confidence),
      "fdr": Number.significant(request.analysis.falseDiscoveryRate),
      "scored": sections.allSatisfy { $0.score.reason == nil },
      "divergingBar": ColourScale.bar(ColourScale.divergingClasses),
      "sequentialBar": ColourScale.bar(ColourScale.sequentialClasses),
      "layers": sections.map { $0.summary(largestEffect: largestEffect) },
      "notes": plan.notes + ScanPlan.Refusal.sentences(plan.refusals)
        + (result.skippedSeries > 0
          ? ["\(result.skippedSeries) series \(result.skippedSeries == 1 ? "was" : "were") skipped: values are NaN or infinite."]
          : []),
      "indexName": request.measurement.index == .shapley ? "Shapley" : "Banzhaf",
      "lesion": request.measurement.lesion.phrase,
      "value": Self.description(request.measurement.value, of: TargetWords.asked(result)),
      "intervalMeaning": intervalMeaning,
      "program": "nnfmri-mpi \(result.run.versions.program.number), ONNX Runtime \(result.run.versions.onnxRuntime)",
      "modelDigest": plan.modelDigest, "dataDigest": plan.dataDigest,
    ]
    context["hasAcquisition"] = request.run.keepsAcquisition
    context["thumbnails"] = stimuli.thumbnails
    context["hasPictures"] = stimuli.hasPictures
    context["hasGroups"] = stimuli.hasGroups
    context["stimulusCount"] = Plural.count(stimuli.count, "stimulus", "stimuli")
    context["isCut"] = stimuli.count < plan.stimulusCount
    context["allStimuli"] = plan.stimulusCount
    context["methods"] = MethodsParagraph(result).context
    if let heads = HeadMap(result, names: names.short) { context["heads"] = heads.context }
    if let connectome = ConnectomeSection(result) { context["connectome"] = connectome.context }
    if let stream = StreamSection(result) { context["stream"] = stream.context }
    if let truth, let verdict = truth.verdict(on: result) { context["verdict"] = verdict }
    return context
  }

  private var lead: String {
    let (plan, request) = (result.plan, result.request)
    let regions = plan.layers.reduce(0) { $0 + $1.regionCount }
    let critical = result.layers.reduce(0) { $0 + $1.statistics.isCritical.count { $0 } }
    let target = TargetWords.asked(result).map { " of \($0)" } ?? ""
    let question = plan.stimulusCount == 1 ? "for this stimulus" : "for stimuli like these"
    return """
      \(critical) of \(Plural.count(regions, "region", "regions")) in \(Plural.count(plan.layers.count, "layer", "layers")) \
      \(critical == 1 ? "is" : "are") critical \(question) (\(Plural.count(plan.stimulusCount, "stimulus", "stimuli")), \
      \(result.passes)). \
      Value: \(request.measurement.value.name)\(target); lesion: \
      \(request.measurement.lesion.rawValue); index: \(request.measurement.index.rawValue).
      """
  }

  private var intervalMeaning: String {
    result.layers.contains { $0.statistics.level == .first }
      ? "Of the one stimulus that was shown: it covers the sampling of coalitions only."
      : "Of the mean over the stimuli that were shown, taken as a sample of their kind."
  }

  /// - Parameter target: what the value is of.
  private static func description(_ value: ValueFunction, of target: String?) -> String {
    let owner = target == TargetWords.yes ? "a yes's" : target == nil ? "the score's" : "the target's"
    return switch value {
    case .logit where target == nil: "the score"
    case .logit: "\(owner) logit"
    case .logProbability: "\(owner) log-probability"
    case .probability: "\(owner) probability"
    case .margin: "the target's lead over the next class"
    case .loss: "the negative loss"
    case .accuracy: "whether the answer is the target"
    case .expression(let expression): expression.text
    case .kullbackLeibler: "the negative Kullback–Leibler divergence from the intact answer"
    case .jensenShannon: "the negative Jensen–Shannon divergence from the intact answer"
    case .cosine: "the cosine to the intact answer"
    case .continuation(let name): "the negative loss of \(name), summed over positions"
    case .cosineTo(let name): "the cosine to \(name)"
    case .output(let index): "output \(index)"
    case .selection(let selection): "output \(selection.text)"
    }
  }

  /// What the page's scripts read, a JSON object.
  private func data(_ sections: [LayerSection], _ stimuli: StimulusSection) -> [() -> String] {
    let confidence = 100 * result.request.analysis.confidence
    let unit = result.request.measurement.value.name
    return [
      { #"{"atlas":"# + Self.embedded(stimuli.data) },
      { #","confidence":"# + Self.embedded(.double(confidence)) + #","layers":["# },
    ]
      + sections.enumerated().map { number, section in { (number > 0 ? "," : "") + Self.embedded(section.data) } }
      + [{ #"],"unit":"# + Self.embedded(.string(unit)) + "}" }]
  }

  /// JSON that can stand inside an element of HTML: no `<` begins a tag in it.
  private static func embedded(_ value: JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("finite numbers and names do not encode") }
    guard data.contains(UInt8(ascii: "<")) else { return String(decoding: data, as: UTF8.self) }
    let pieces = data.split(separator: UInt8(ascii: "<"), omittingEmptySubsequences: false)
    return String(decoding: Array(pieces.joined(separator: Array(#"\u003c"#.utf8))), as: UTF8.self)
  }
}
