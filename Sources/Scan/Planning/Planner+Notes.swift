import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan
import Shapley
import Stimuli

/// What a user should know of a model, its labels and its names before it is scanned.
extension Planner {
  /// Where the model is no network, as trees and support vectors are none.
  static func noteOnBlocks(_ survey: NetworkSurvey) -> String {
    """
    No operator of the model learns as networks do, by convolutions, matrix products or recurrences, so any tensors between its inputs and \
    "\(survey.readTensor)" are taken for layers; where nothing but the answer is made of one, its lesions only take answers away.
    """
  }

  /// Why numbers that choose rows of a table can't be lesioned so; `nil` where they can.
  static func reasonAgainst(_ lesion: LesionKind, ofIds ids: Model.Embedding) -> String? {
    guard lesion == .gaussian else { return nil }
    return
      "\(places(of: ids)) \(ids.rows) rows of \"\(ids.weight)\", and noise may choose none; --lesion resample puts in rows that other stimuli choose"
  }

  /// What a lesion does to numbers that choose rows of a table; `nil` where it puts in what a stimulus has.
  static func note(on lesion: LesionKind, ofIds ids: Model.Embedding, in tensor: String) -> String? {
    let what: String
    switch lesion {
    case .zero: what = "0 is the first row and not nothing"
    case .mean, .channelMean, .meanOfClass: what = "a mean is cut to a whole number, whatever row that is"
    case .gaussian, .resample, .patch, .restore, .baseline: return nil
    }
    return
      "In \"\(tensor)\" \(places(of: ids)) \(ids.rows) rows of \"\(ids.weight)\": \(what); --lesion resample puts in rows that other stimuli choose."
  }

  private static func places(of ids: Model.Embedding) -> String {
    guard let entries = ids.entries else { return "numbers choose among" }
    let list = entries.prefix(4).map(String.init).joined(separator: ", ") + (entries.count > 4 ? ", ..." : "")
    return "\(entries.count == 1 ? "entry" : "entries") \(list) of the last axis choose\(entries.count == 1 ? "s" : "") among"
  }

  /// Where gradients are asked for and passes for exact values are there.
  static func noteOnExactLayers(_ layers: [ScanPlan.Layer]) -> String? {
    let exact = layers.filter(\.design.isWhole)
    guard let first = exact.first else { return nil }
    return """
      No gradients are taken of \(first.label)\(exact.count > 1 ? " and \(exact.count - 1) more layer\(exact.count > 2 ? "s" : "")" : ""): \
      passes by values give exact ζ there for as little.
      """
  }

  /// Where nothing certain in the network tells which axis of layers holds channels.
  static func noteOnLayouts(_ layers: [NetworkSurvey.Layer]) -> String? {
    let guessed = layers.filter(\.layout.isGuess)
    guard let first = guessed.first else { return nil }
    let taken = guessed.prefix(3).map { layer in
      "axis \((layer.layout.axes?.channels ?? []).map(String.init).joined(separator: ", ")) of \"\(layer.candidate.tensor)\""
    }.joined(separator: ", ")
    return """
      Nothing certain tells which axis of some layers holds channels; taken for it are \(taken)\(guessed.count > 3 ? " and \(guessed.count - 3) more" : ""). \
      If another does, say so with --layout \(first.candidate.tensor)=NHWC or the like.
      """
  }

  /// Where what regions become is of the same classes as what is scanned.
  func noteOnReplacements() throws -> String? {
    let (lesion, selection) = (request.measurement.lesion, request.measurement.selection)
    let isOfClasses = try StimulusSelection(selection).criteria.contains {
      switch $0 {
      case .classes, .predicted: true
      case .indices, .wrong, .right: false
      }
    }
    guard isOfClasses, lesion.dependsOnStimuli, lesion != .meanOfClass else { return nil }
    return """
      With --lesion \(lesion.rawValue) regions take on what the stimuli that --select \(selection ?? "") chose have there, so what these have in \
      common stays: ζ tells what sets them apart from each other. --lesion zero, or a scan without --select, asks about their class.
      """
  }

  /// Where there are more or fewer names than classes.
  func noteOnClassNames(_ reader: OutputReader) -> String? {
    guard let names = stimuli.classNames, reader.hasClasses, names.count != reader.classCount else { return nil }
    return """
      There are names of \(names.count) class\(names.count == 1 ? "" : "es"), and the model has \(reader.classCount): \
      they are taken for those of classes 0 to \(names.count - 1). See that names and labels count classes as the model does.
      """
  }

  /// Labels below 0, and labels that the network can't answer, which count as wrong answers whatever it says.
  func notesOnLabels(_ reader: OutputReader) -> [String] {
    guard let labels = stimuli.labels, reader.saysClasses else { return [] }
    let classes = 0..<max(reader.classCount, 2)
    var notes: [String] = []
    let none = labels.count { $0 < 0 }
    if none > 0 {
      notes.append(
        """
        Of \(labels.count) labels \(none) \(none == 1 ? "is" : "are") below 0: these stimuli count as unlabelled, their answers as \
        neither right nor wrong. Labels count classes from 0.
        """)
    }
    let others = labels.filter { $0 >= classes.upperBound }
    guard let first = others.first else { return notes }
    notes.append(
      """
      Of \(labels.count) labels \(others.count) \(others.count == 1 ? "is" : "are") no class of the model, as \(first): its \(classes.count) \
      classes are 0 to \(classes.count - 1), and every answer to such a stimulus counts as wrong. See that labels count classes from 0.
      """)
    return notes
  }

  /// Where lesions put padding in, or meet it elsewhere than their replacements do.
  func noteOnPadding(_ layers: [NetworkSurvey.Layer], _ survey: NetworkSurvey) throws -> String? {
    let lesion = request.measurement.lesion
    guard lesion.dependsOnStimuli || lesion.takesPairs else { return nil }
    let count = stimuli.count
    let feed = try StimulusFeed(
      runtime: runtime, stimuli: stimuli, inputs: survey.model.inputPorts(reading: survey.readTensor),
      partners: lesion.takesPairs ? try lesionFile?.partners(at: stimuli.records) : nil)
    for mask in feed.masks {
      let length = mask.shape.reduce(1, *)
      let stimuli = lesion.takesPairs ? 0..<2 * count : 0..<count
      guard let padding = try PaddingMask(mask, feed, stimuli: stimuli, ofPositions: length), let unmasked = padding.unmasked
      else {
        continue
      }
      guard lesion.takesPairs else {
        // Where all have padding at the same positions, it meets nothing but padding.
        guard layers.contains(where: { $0.shape.contains(length) }), Set(unmasked).count > 1 || lesion == .channelMean else {
          continue
        }
        return """
          Stimuli are padded, by "\(mask.name)": means and draws over stimuli take in what they have at padding. --lesion zero takes \
          nothing from others; or scan stimuli of one length.
          """
      }
      let differing = (0..<count).count { unmasked[$0] != unmasked[$0 + count] }
      guard differing > 0 else { continue }
      return """
        Of \(count) pairs \(differing) \(differing == 1 ? "is" : "are") padded elsewhere than the stimulus, by "\(mask.name)": positions are \
        put in one for one, padding for tokens among them, and the answer is read where the stimulus's is. Give pairs of one length.
        """
    }
    return nil
  }

  /// What a user should know of operators by which two passes, or two rows of one, differ.
  static func chanceNotes(_ survey: NetworkSurvey) -> [String] {
    func list(_ operators: [String]) -> String {
      operators.prefix(3).joined(separator: ", ") + (operators.count > 3 ? " and \(operators.count - 3) more" : "")
    }
    let draws = survey.model.drawingOperators(reading: survey.readTensor)
    let trains = survey.model.trainingOperators(reading: survey.readTensor)
    return
      (draws.isEmpty
      ? [] : ["The network draws random numbers, so no two passes agree: \(list(draws)). Export it in inference mode."])
      + (trains.isEmpty
        ? [] : ["The network is in training mode and normalises by its batch: \(list(trains)). Export it in inference mode."])
  }

  /// Which inputs have layers that aren't scanned unless they are asked for, since they aren't on the way that is followed; `nil` if none.
  static func noteOnInputs(_ survey: NetworkSurvey) -> String? {
    let others = survey.automatic.otherInputs
    guard let followed = survey.automatic.input, !others.isEmpty else { return nil }
    let (have, their) = others.count == 1 ? ("has", "its") : ("have", "their")
    return
      "Layers are those that \"\(followed)\" goes through; \(others.map { "\"\($0)\"" }.joined(separator: ", ")) \(have) layers of \(their) own, which --layers all or their names take."
  }
}
