import Lesion
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// What was done, as a paper would say it, with what to cite.
struct MethodsParagraph {
  private let result: ScanResult

  init(_ result: ScanResult) {
    self.result = result
  }

  /// What the template of the page wants.
  var context: [String: Any] {
    ["text": (what + how + tests).joined(separator: " "), "references": references]
  }

  private var usesGradients: Bool { result.layers.contains { $0.gradients != nil } }
  private var usesValues: Bool { result.layers.contains { $0.gradients == nil } }

  private var what: [String] {
    let (plan, measurement) = (result.plan, result.request.measurement)
    let target = TargetWords.asked(result).map { " of \($0)" } ?? ""
    let index = measurement.index == .shapley ? "Shapley value [1]" : "Banzhaf value [1]"
    return [
      """
      \(Plural.count(plan.layers.count, "hidden layer", "hidden layers")) of the network (SHA-256 \(plan.modelDigest.prefix(12))…) \
      \(plan.layers.count == 1 ? "was" : "were") scanned with NN-fMRI \(result.run.versions.program.number) and ONNX Runtime \
      \(result.run.versions.onnxRuntime) on \(Plural.count(plan.stimulusCount, "stimulus", "stimuli")).
      """,
      """
      The activations of each layer were divided into up to \(plan.layers.map(\.regionCount).max() ?? 0) regions (\
      \(measurement.regions.map { "of \($0.name)" } ?? "grid \(measurement.grid)")). The importance ζ of a region is its \(index) in the game whose players are the regions and whose value \
      is the \(measurement.value.name)\(target), \
      where regions outside a coalition were lesioned: \(measurement.lesion.phrase).\(frozen)
      """,
    ]
  }

  private var frozen: String {
    guard let frozen = result.plan.frozenPart else { return "" }
    let part = frozen.isAll ? "" : "\(frozen.units) units of "
    return " Throughout, \(part)\(frozen.tensor) stayed as without lesions, so that effects are direct ones, which go around it."
  }

  private var how: [String] {
    let gradients = """
      ζ was estimated from the value's gradients at random coalitions, antithetic pairs of which average the multilinear extension's \
      slopes [2]; the bias of curvature was measured at half lesions, shrunk, taken off and counted in the errors.
      """
    let values = """
      ζ was estimated from the values of complement pairs of random coalitions by regression [3], or exactly where all coalitions \
      or an affine rest of the network allowed it.
      """
    return (usesGradients ? [gradients] : []) + (usesValues ? [values] : [])
  }

  private var tests: [String] {
    let analysis = result.request.analysis
    let confidence = Number.significant(100 * analysis.confidence)
    let first = """
      Each stimulus's map has first-level errors from its design, with Student's t and \(confidence) % intervals.
      """
    let together = """
      Stimuli were combined as random effects (mean over its standard error across stimuli: a statement about stimuli like these), as \
      fixed effects (first-level errors combined: about just these), and as the prevalence of significant regions with its shortest \
      posterior interval [4]; heterogeneity is τ² and I² [5].
      """
    let rate = """
      p-values were corrected within each layer for a false discovery rate of \(Number.significant(analysis.falseDiscoveryRate)) [6]. A \
      region is called critical if it is significant, its ζ is positive and one standard deviation above the layer's mean.
      """
    return [first] + (result.plan.stimulusCount > 1 ? [together] : []) + [rate]
  }

  private var references: [String] {
    [
      result.request.measurement.index == .shapley
        ? "[1] Shapley, A value for n-person games. Contributions to the Theory of Games 2 (1953)."
        : "[1] Banzhaf, Weighted voting doesn't work. Rutgers Law Review 19 (1965).",
      "[2] Owen, Multilinear extensions of games. Management Science 18 (1972), doi 10.1287/mnsc.18.5.64.",
      "[3] Covert & Lee, Improving KernelSHAP. AISTATS (2021), arXiv 2012.01536.",
      "[4] Ince, Paton, Kay & Schyns, Bayesian inference of population prevalence. eLife 10:e62461 (2021).",
      "[5] Higgins & Thompson, Quantifying heterogeneity in a meta-analysis. Statistics in Medicine 21 (2002).",
      "[6] Benjamini & Hochberg, Controlling the false discovery rate. J. R. Stat. Soc. B 57 (1995).",
    ].filter { reference in
      switch reference.prefix(3) {
      case "[2]": usesGradients
      case "[3]": usesValues
      case "[4]", "[5]": result.plan.stimulusCount > 1
      default: true
      }
    }
  }
}
