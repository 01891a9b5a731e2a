import Lesion
package import Shapley
package import UserErrors

/// What a layer's ζ are computed by, and why.
package struct EstimatorChoice: Sendable, Hashable {
  package let name: EstimatorName
  /// A sentence.
  package let reason: String

  package init(_ name: EstimatorName, reason: String) {
    self.name = name
    self.reason = reason
  }

  /// The choice for a layer that is yet to be measured: what was asked for, or the most accurate that fits and costs
  /// little beside the passes.
  ///
  /// - Parameters:
  ///   - asked: what the user named; `nil` for `auto`.
  ///   - isAffine: whether v is an affine function of the layer.
  ///   - evaluationCost: floating-point operations of a pass.
  ///   - lesionsAreDrawn: v itself depends on chance, so enumeration isn't exact.
  package init(
    asked: EstimatorName?, players: Int, budget: Int, index: ValueIndex, isAffine: Bool, evaluationCost: Double,
    lesionsAreDrawn: Bool
  ) {
    if let asked {
      self.init(asked, reason: "It was asked for.")
      return
    }
    var name = EstimatorName.automatic(
      players: players, budget: budget, index: index, isAffine: isAffine, evaluationCost: evaluationCost)
    if name == .exact && lesionsAreDrawn { name = .regression }
    let reason =
      switch name {
      case .affine: "The network is affine in this layer, so single lesions give ζ exactly."
      case .exact: "All 2^\(players) coalitions fit the budget of \(budget)."
      case .cubic:
        "The most accurate estimator, and its arithmetic is below \(EstimatorName.affordablePercent) % of the evaluations'."
      case .regression where index == .shapley:
        "The most accurate estimator whose arithmetic is small beside the evaluations'; 'cubic' takes longer."
      default: "The most accurate estimator for a layer that is neither affine nor small enough to enumerate."
      }
    self.init(name, reason: reason)
  }
}

extension ScanPlan {
  /// By layer, what ζ is computed by from values of its design.
  ///
  /// Layers whose ζ are exact keep their estimator where another was asked for and there are others.
  /// - Throws: `Failure` (`usage`) if a layer's design doesn't fit what was asked for.
  package func estimators(_ measurement: MeasurementOptions, _ analysis: AnalysisOptions) throws(Failure) -> [EstimatorChoice] {
    let index = analysis.index ?? measurement.index
    try check(index: index, measuredFor: measurement.index)
    let asksAll = layers.allSatisfy(\.design.isWhole)
    var choices: [EstimatorChoice] = []
    for layer in layers {
      let own = layer.choice(nil, measurement, index)
      // Where gradients were asked for and don't serve, the layer was measured by values.
      guard let asked = analysis.estimator, asked != .gradient || layer.design == .gradients,
        asksAll || !layer.design.isWhole
      else {
        choices.append(own)
        continue
      }
      if let refusal = layer.design.refusal(of: asked, index: index) {
        throw Failure(
          .usage, "\(layer.label) was measured as \(refusal), or a new scan with --estimator \(asked.rawValue)")
      }
      choices.append(layer.choice(asked, measurement, index))
    }
    return choices
  }

  /// Makes sure that a finished scan that wasn't asked for gradients has them, where they are asked for now: a scan that is asked measures layers
  /// by them that another measures by values.
  ///
  /// - Throws: `Failure` (`usage`) if a layer was measured by values.
  package func check(hasDerivativesFor estimator: EstimatorName?) throws(Failure) {
    guard estimator == .gradient, let layer = layers.first(where: { !$0.design.isWhole && $0.design != .gradients }) else {
      return
    }
    throw Failure(
      .usage,
      "\(layer.label) was measured as \(layer.design.phrase), which tell nothing of derivatives; scan again with --estimator gradient"
    )
  }

  /// Makes sure that what was measured for one index tells of another.
  ///
  /// - Throws: `Failure` (`usage`) if a layer's coalitions were drawn for the first.
  func check(index: ValueIndex, measuredFor measured: ValueIndex) throws(Failure) {
    guard index != measured, let layer = layers.first(where: { !$0.design.isWhole }) else { return }
    throw Failure(
      .usage,
      "\(layer.label) was measured as \(layer.design.phrase) drawn for the \(measured.rawValue) index, which tell nothing of \(index.rawValue); scan again with --index \(index.rawValue), or, up to \(EstimatorName.largestEnumeration) regions, with --estimator exact, whose coalitions serve both"
    )
  }
}

extension ScanPlan.Layer {
  /// What it is called in a sentence.
  package var label: String { "layer_\(number) (\(tensor))" }

  /// What is chosen for values of this layer's design.
  fileprivate func choice(
    _ asked: EstimatorName?, _ measurement: MeasurementOptions, _ index: ValueIndex
  ) -> EstimatorChoice {
    if let gradients, design == .gradients { return EstimatorChoice(.gradient, reason: gradients.reason) }
    let automatic = EstimatorChoice(
      asked: asked, players: regionCount, budget: budget, index: index, isAffine: design == .singleLesions,
      evaluationCost: evaluationCost, lesionsAreDrawn: measurement.lesion.isDrawn)
    guard asked == nil, automatic.name.design != design else { return automatic }
    // The design was drawn for an estimator that was named then; its best one now is the plain one of the design.
    let fitting = EstimatorName.allCases.first { $0.design == design } ?? automatic.name
    return EstimatorChoice(fitting, reason: "It is what the measured design is for.")
  }
}
