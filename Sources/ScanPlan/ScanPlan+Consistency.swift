import Grids
import Lesion
import ModelGraph
import Shapley

extension ScanPlan {
  /// Rows of a series and stimuli of a scan beyond any that a program wrote: far below where products overflow.
  private static let most = 1 << 31

  /// What in the plan can't be, as the rest of a sentence; `nil` where everything agrees. Asked of a plan that was read from
  /// a file, since anything may stand there.
  ///
  /// Cost: that of drawing up the layers' grids and designs.
  package func contradiction(_ measurement: MeasurementOptions? = nil) -> String? {
    let count = 1...Self.most
    guard count.contains(stimulusCount), stimulusPlaces.count == stimulusCount else { return "its number of stimuli" }
    guard count.contains(batch), count.contains(rowsPerShard) else { return "its batches and shards" }
    if let dataCount {
      guard count.contains(dataCount), stimulusPlaces.allSatisfy((0..<dataCount).contains) else {
        return "the stimuli of its data"
      }
    }
    guard (0..<stimulusCount).contains(donorCount) else { return "its number of donors" }
    guard stimulusClasses.map({ $0.count == stimulusCount }) ?? (measurement?.lesion.source != .peers) else {
      return "its labels"
    }
    if let streamCount {
      guard count.contains(streamCount), let stimuli = streamStimuli, stimuli.count == stimulusCount,
        stimuli.allSatisfy({ (0..<streamCount).contains($0) }), zip(stimuli, stimuli.dropFirst()).allSatisfy(<)
      else { return "its stream" }
    }
    guard Self.size(readout.shape) != nil, readout.classAxis.map({ readout.shape.indices.contains($0) }) ?? true else {
      return "its readout"
    }
    guard readout.fits(stimuli: stimulusCount) else { return "its readout" }
    guard frozen.map({ Self.size($0.shape) != nil && $0.isConsistent }) ?? true else { return "its frozen tensor" }
    if let keptClasses {
      guard keptClasses.count == stimulusCount, let classCount,
        keptClasses.allSatisfy({ kept in
          !kept.isEmpty && kept.allSatisfy((0..<classCount).contains)
            && layers.allSatisfy { $0.scoreCount == kept.count + LeadingScores.restCount }
        })
      else { return "the classes whose scores it keeps" }
    } else if let classCount {
      guard layers.allSatisfy({ ($0.scoreCount ?? classCount) == classCount }) else { return "the scores that it keeps" }
    }
    guard !layers.isEmpty, layers.map(\.number) == Array(layers.indices) else { return "the numbers of its layers" }
    for layer in layers {
      if let part = layer.contradiction(measurement, donors: donorCount) { return "\(part) of layer_\(layer.number)" }
    }
    return nil
  }

  /// The product of lengths that are at least 1; `nil` where one isn't, or it is beyond use.
  fileprivate static func size(_ shape: [Int]) -> Int? {
    var size = 1
    for length in shape {
      guard (1...most).contains(length), size <= most / length else { return nil }
      size *= length
    }
    return size
  }
}

extension ScanPlan.Layer {
  fileprivate func contradiction(_ measurement: MeasurementOptions?, donors: Int) -> String? {
    guard ScanPlan.size(shape) != nil else { return "the shape" }
    guard grid.count == 3, ScanPlan.size(grid) == regionCount, regionCount <= GradientDesign.largestPlayerCount,
      (try? TensorGeometry(shape: shape, height: axes.height, width: axes.width, channels: axes.channels)) != nil
    else { return "the grid" }
    guard regionNames.map({ $0.count == regionCount }) ?? true, regionLabels.map({ $0.regionCount == regionCount }) ?? true
    else { return "the regions" }
    if let measurement {
      guard (try? self.grid(measurement).regionCount) == regionCount else { return "the grid" }
    }
    guard scoreCount.map({ (1...1 << 16).contains($0) && design != .gradients }) ?? true else { return "the scores" }
    guard batch >= 1, suffixCostShare.isFinite, evaluationCost.isFinite else { return "the costs" }
    // The anchors of a lesion that is drawn follow the design.
    guard (2...1 << 31).contains(designRows), (designRows...1 << 33).contains(budget) || !design.isBudgeted,
      rows == designRows + (design == .gradients ? 0 : max(0, donors - 1)), rows <= 1 << 31,
      (1...1 << 33).contains(budget)
    else { return "the number of rows" }
    if design == .gradients {
      guard let drawn = try? GradientDesign(players: regionCount, passes: budget, seed: 0), drawn.rowCount <= rows else {
        return "the design"
      }
      guard gradients.map({ $0.isConsistent(regions: regionCount) }) ?? true else { return "what probes said" }
    } else {
      let index = measurement?.index ?? .shapley
      guard design != .permutations || index == .shapley else { return "the design" }
      let drawn = try? Design(design, players: regionCount, budget: budget, index: index, donors: max(1, donors), seed: 0)
      guard let drawn, measurement == nil || drawn.rowCount == designRows else { return "the design" }
    }
    return nil
  }
}

extension DesignKind {
  /// Whether the rows of a design are at most the evaluations that it was planned for.
  fileprivate var isBudgeted: Bool { !isWhole }
}

extension GradientFinding {
  fileprivate func isConsistent(regions: Int) -> Bool {
    probes >= 0 && curvature.isFinite && (remainder ?? 0).isFinite && (noise ?? 0).isFinite
      && (samplingPerPass.map { $0.count == regions && $0.allSatisfy { $0 >= 0 && $0.isFinite } } ?? true)
  }
}
