import Distribution
import Grids
import Lesion
import Networks
import ScanPlan
import ScanResults

/// Ask the network what it answers to a stimulus with some regions of a layer lesioned.
struct AnswerTask: RankTask, Hashable {
  var layer = 0
  var stimulus = 0
  /// The class whose score is the value.
  var target = 0
  /// Which stimuli, and which lesion.
  var source = Source.scanned
  /// By coalition, the regions that are lesioned.
  var lesioned: [[Int]] = []

  enum Source: Int, Hashable {
    /// The scan's stimuli under its lesion.
    case scanned
    /// The scan's stimuli under the other lesion.
    case otherLesion
    /// Stimuli that aren't scanned, under the scan's lesion, but for one that has nothing for them.
    case heldOut
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&layer)
    try coder.code(&stimulus)
    try coder.code(&target)
    var kind = source.rawValue
    try coder.code(&kind)
    guard let known = Source(rawValue: kind) else { throw MessageError() }
    source = known
    var counts = lesioned.map(\.count)
    var regions = lesioned.flatMap(\.self)
    try coder.code(&counts)
    try coder.code(&regions)
    guard coder.isReading else { return }
    lesioned = []
    for count in counts {
      guard count >= 0, count <= regions.count else { throw MessageError() }
      lesioned.append(Array(regions.prefix(count)))
      regions.removeFirst(count)
    }
  }

  func run(on worker: Worker, pause: () throws -> Void) throws -> AnswerOutput {
    let own = worker.request.measurement.lesion
    let lesion: LesionKind =
      switch source {
      case .scanned: own
      case .otherLesion: own.other
      case .heldOut: own.servesOtherStimuli ? own : .zero
      }
    let size = worker.batch(layer, holding: lesioned.count)
    let network = try worker.network(layer, lesion: lesion, batch: size, isHeldOut: source == .heldOut)
    // Another lesion than the scan's takes nothing from other stimuli.
    try network.begin(
      lesion == own
        ? worker.series(layer, stimulus, target: target) : LesionedNetwork.Series(stimulus: stimulus, target: target))
    let regions = worker.geometry[layer].grid.regionCount
    let coalitions = lesioned.map { lesioned in
      var coalition = Coalition(fullOf: regions)
      for region in lesioned { coalition[region] = false }
      return coalition
    }
    var output = AnswerOutput()
    for start in stride(from: 0, to: coalitions.count, by: size) {
      let part = Array(coalitions[start..<min(start + size, coalitions.count)])
      let choice = lesion.isDrawn ? part.map { _ in 0 } : []
      output.append(try network.answers(of: part, donors: choice))
      try pause()
    }
    return output
  }
}

/// What the network answered, by coalition.
struct AnswerOutput: Coded {
  private var predicted: [Int] = []
  private var probabilities: [Float] = []
  private var values: [Float] = []

  mutating func append(_ answers: [(predicted: Int, probability: Float, value: Float)]) {
    predicted += answers.map(\.predicted)
    probabilities += answers.map(\.probability)
    values += answers.map(\.value)
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&predicted)
    try coder.code(&probabilities)
    try coder.code(&values)
    guard probabilities.count == predicted.count, values.count == predicted.count else { throw MessageError() }
  }

  var answers: [Answer] {
    predicted.indices.map { Answer(predicted: predicted[$0], probability: probabilities[$0], value: values[$0]) }
  }
}

extension LesionKind {
  /// The lesion that everything lesioned is also looked at under: of 0 and mean, the other one.
  var other: LesionKind { self == .zero ? .mean : .zero }
}
