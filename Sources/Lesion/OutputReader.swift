internal import Glibc

/// Reads the value of one stimulus's output.
///
/// The output of one stimulus has an axis of classes, unless it is a single score, and perhaps axes of positions: a
/// sequence [T, C], a map [C, H, W]. A class's score is the mean over positions, or what is at one of them. Values that
/// name elements take any shape.
package struct OutputReader: Sendable {
  /// What turns scores into probabilities.
  package enum Link: String, Sendable, Codable, CaseIterable {
    case softmax, sigmoid
    /// Nothing: the scores are the classes' probabilities, which sum to 1.
    case distribution
    /// Nothing: each score is a probability of its own.
    case chances
  }

  /// What a probability counts as at least where its logarithm is taken.
  package static let leastProbability = Double(Float.leastNormalMagnitude)

  /// The elements of one stimulus's output that a score is made of: their sum times `weight`.
  package struct Terms: Sendable, Hashable {
    package let elements: [Int]
    package let weight: Double
  }

  /// How many classes have a score, each its own or two the same.
  package let classCount: Int
  /// The classes whose scores are read: yes of a decision, else all.
  package var scoredClasses: Range<Int> { isDecision ? 1..<2 : 0..<classCount }
  package let readout: Readout
  let value: ValueFunction
  let link: Link
  private let isDecision: Bool
  let classStride: Int
  /// Where the positions lie, all of them.
  let offsets: [Int]
  /// Which of them is read: none for the mean, one, or one a stimulus.
  private let positions: [Int]
  /// Those whose mean is read, where it isn't the mean of all; one row a stimulus.
  private var unmasked: [[Int]] = []
  /// Of a value that names elements.
  private let elements: [Int]

  /// - Throws: `LesionError` with the shape, if the readout doesn't fit it.
  package init(_ readout: Readout) throws(LesionError) {
    let shape = readout.shape
    let count = shape.reduce(1, *)
    guard count > 0 else { throw LesionError(.badModel, "the output of shape \(shape) has no elements") }
    self.readout = readout
    value = readout.value
    isDecision = readout.isDecision == true
    switch value {
    case .output(let index):
      guard (0..<count).contains(index) else {
        throw LesionError(.badModel, "output:\(index) is out of range: the output has \(count) elements (shape \(shape))")
      }
      (classCount, classStride, offsets, positions, elements) = (count, 1, [0], [], [index])
      link = readout.link
      return
    case .selection(let selection):
      (classCount, classStride, offsets, positions) = (1, 1, [0], [])
      elements = try selection.elements(in: shape)
      link = readout.link
      return
    default:
      elements = []
    }
    let scoreCount: Int
    if let axis = readout.classAxis {
      guard shape.indices.contains(axis) else {
        throw LesionError(.badModel, "an output of shape \(shape) for one stimulus has no axis \(axis) to count classes by")
      }
      scoreCount = shape[axis]
      classStride = shape[(axis + 1)...].reduce(1, *)
    } else {
      guard count == 1 else {
        throw LesionError(
          .badModel,
          """
          an output of shape \(shape) for one stimulus has no class axis that could be told; say which with --class-axis, or \
          use --value output:INDEX to name one of its \(count) elements
          """)
      }
      (scoreCount, classStride) = (1, 1)
    }
    guard !isDecision || scoreCount == 1 else {
      throw LesionError(.badModel, "an output of shape \(shape) for one stimulus has several scores, so it is no yes or no")
    }
    classCount = isDecision ? 2 : scoreCount
    offsets = Self.offsets(shape, without: readout.classAxis)
    positions = readout.positions
    let isChance = [.distribution, .chances].contains(readout.link)
    link = scoreCount > 1 ? readout.link : isChance ? isDecision ? .distribution : .chances : .sigmoid
    let positionCount = offsets.count
    if let wrong = readout.positions.first(where: { $0 < 0 || $0 >= positionCount }) {
      throw LesionError(.badModel, "position \(wrong) is out of range: the output has \(positionCount) positions")
    }
    unmasked = readout.unmasked ?? []
    if let wrong = unmasked.first(where: { $0.isEmpty || $0.contains { $0 < 0 || $0 >= positionCount } }) {
      throw LesionError(.badModel, "positions \(wrong) are none or out of range: the output has \(positionCount) positions")
    }
    if value.needsClasses, classCount < 2 {
      throw LesionError(
        .badModel,
        "\(value.name) needs two classes, and the output of shape \(shape) has one score; where that is the log-odds of a yes, give --target label, with labels of 0 and 1, or --value prob"
      )
    }
    try checkArrays()
    if let expression = value.expression {
      let classes = readout.classes ?? []
      guard classes.count == expression.terms.count, classes.allSatisfy({ !$0.isEmpty }) else {
        throw LesionError(.badModel, "it isn't known which classes \(expression.text) is made of")
      }
      if let wrong = classes.joined().first(where: { $0 < -1 || $0 >= classCount }) {
        throw LesionError(
          .badRequest,
          "\(expression.text): class \(wrong) is out of range: the model has \(classCount) classes, 0 to \(classCount - 1)")
      }
    }
  }

  /// Where the entries of all axes but one lie, in memory order.
  private static func offsets(_ shape: [Int], without axis: Int?) -> [Int] {
    shape.indices.reduce([0]) { places, other in
      let stride = shape[(other + 1)...].reduce(1, *)
      return other == axis ? places : places.flatMap { place in (0..<shape[other]).map { place + $0 * stride } }
    }
  }

  /// The scores of all classes of one stimulus.
  package func scores(_ sample: UnsafeBufferPointer<Float>, stimulus: Int) -> [Float] {
    switch value {
    case .selection: [selected(sample)]
    default: (0..<classCount).map { Float(score($0, sample, stimulus)) }
    }
  }

  /// Where a class's score is read from: the elements of one stimulus's output whose mean it is.
  package func elements(ofClass index: Int, stimulus: Int) -> [Int] {
    terms(ofClass: index, stimulus: stimulus).elements
  }

  /// What a class's score is made of, a sign and a constant of a decision apart; for a maximum of named elements, their mean, which is not the score.
  package func terms(ofClass index: Int, stimulus: Int) -> Terms {
    if case .selection = value {
      return namedTerms ?? Terms(elements: elements, weight: 1 / Double(elements.count))
    }
    let places = readOffsets(stimulus)
    return Terms(elements: places.map { (isDecision ? 0 : index * classStride) + $0 }, weight: 1 / Double(places.count))
  }

  /// What the value is made of where it names elements; `nil` where it is made of classes' scores, or is a maximum.
  package var namedTerms: Terms? {
    switch value {
    case .output(let index):
      return Terms(elements: [index], weight: 1)
    case .selection(let selection):
      switch selection.reduction {
      case .max where elements.count > 1: return nil
      case .mean: return Terms(elements: elements, weight: 1 / Double(elements.count))
      default: return Terms(elements: elements, weight: 1)
      }
    default:
      return nil
    }
  }

  /// v of one stimulus for a target class. NaN where the output is NaN.
  ///
  /// - Parameter intact: the scores that the intact network gives the stimulus, where v compares with them; [classes].
  package func value(
    _ sample: UnsafeBufferPointer<Float>, target: Int, stimulus: Int, intact: [Float] = []
  ) -> Float {
    switch value {
    case .output(let index):
      return sample[index]
    case .selection:
      return selected(sample)
    case .accuracy:
      let scores = scores(sample, stimulus: stimulus)
      if scores.contains(where: \.isNaN) { return .nan }
      return scores.indices.allSatisfy { $0 == target || scores[$0] < scores[target] } ? 1 : 0
    case .expression(let expression):
      return Float(sum(expression, sample, target, stimulus))
    case .continuation:
      return Float(continuation(sample, stimulus))
    case .cosineTo:
      return Float(cosine(scores(sample, stimulus: stimulus).map(Double.init), vector(stimulus)))
    case .kullbackLeibler, .jensenShannon, .cosine:
      precondition(intact.count == classCount, "the intact scores of the stimulus")
      return Float(likeness(scores(sample, stimulus: stimulus).map(Double.init), intact.map(Double.init)))
    case .logit:
      return Float(score(target, sample, stimulus))
    case .logProbability, .loss:
      return Float(logProbability(target, sample, stimulus))
    case .probability:
      return Float(probability(target, sample, stimulus))
    case .margin where isDecision && link == .sigmoid:
      return Float(score(target, sample, stimulus))
    case .margin:
      var best = -Double.infinity
      for other in 0..<classCount where other != target {
        let x = score(other, sample, stimulus)
        if x.isNaN { return .nan }
        best = max(best, x)
      }
      return Float(score(target, sample, stimulus) - best)
    }
  }

  /// The classes of the terms of a sum, for a stimulus. [terms]
  package func classes(target: Int, stimulus: Int) -> [Int] {
    (readout.classes ?? []).map { classes in
      let number = classes.count == 1 ? classes[0] : classes[stimulus]
      return number < 0 ? target : number
    }
  }

  private func sum(
    _ expression: ScoreExpression, _ sample: UnsafeBufferPointer<Float>, _ target: Int, _ stimulus: Int
  ) -> Double {
    zip(expression.terms, classes(target: target, stimulus: stimulus)).reduce(0.0) { sum, part in
      let (term, index) = part
      let quantity =
        switch term.quantity {
        case .logit: score(index, sample, stimulus)
        case .logProbability: logProbability(index, sample, stimulus)
        case .probability: probability(index, sample, stimulus)
        }
      return sum + term.factor * quantity
    }
  }

  private func cosine(_ a: [Double], _ b: [Double]) -> Double {
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let lengths = (product(a, a) * product(b, b)).squareRoot()
    // An answer of zeros points nowhere.
    return lengths == 0 ? 0 : product(a, b) / lengths
  }

  /// How like an answer is to the intact one, at most 0, or 1 for the cosine, where they are the same.
  private func likeness(_ scores: [Double], _ intact: [Double]) -> Double {
    if value == .cosine { return cosine(scores, intact) }
    let (p, q) = (logProbabilities(intact), logProbabilities(scores))
    func divergence(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $1.0 == -.infinity ? $0 : $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    if value == .kullbackLeibler { return -divergence(p, q) }
    // Of the larger one, since both may be too small to be told from 0.
    let middle = zip(p, q).map {
      let larger = max($0, $1)
      return larger == -.infinity ? larger : larger + log((exp($0 - larger) + exp($1 - larger)) / 2)
    }
    return -(divergence(p, middle) + divergence(q, middle)) / 2
  }

  /// log(1 / (1 + exp(−x)))
  static func logistic(_ x: Double) -> Double { x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x)) }

  /// Of all classes; where each has a sigmoid, of yes and of no for each.
  private func logProbabilities(_ scores: [Double]) -> [Double] {
    switch link {
    case .sigmoid:
      return scores.flatMap { [Self.logistic($0), Self.logistic(-$0)] }
    case .softmax:
      let largest = scores.max()!
      let sum = log(scores.reduce(0) { $0 + exp($1 - largest) })
      return scores.map { $0 - largest - sum }
    case .distribution: return scores.map(Self.logarithm)
    case .chances: return scores.flatMap { [Self.logarithm($0), Self.logarithm(1 - $0)] }
    }
  }

  private func readOffsets(_ stimulus: Int) -> [Int] {
    if !unmasked.isEmpty { return unmasked[stimulus].map { offsets[$0] } }
    guard !positions.isEmpty else { return offsets }
    return [offsets[positions.count == 1 ? positions[0] : positions[stimulus]]]
  }

  private func selected(_ sample: UnsafeBufferPointer<Float>) -> Float {
    guard case .selection(let selection) = value else { return .nan }
    if elements.count == 1 { return sample[elements[0]] }
    if selection.reduction == .max {
      var largest = -Float.infinity
      for element in elements {
        if sample[element].isNaN { return .nan }
        largest = max(largest, sample[element])
      }
      return largest
    }
    let sum = elements.reduce(0.0) { $0 + Double(sample[$1]) }
    return Float(selection.reduction == .mean ? sum / Double(elements.count) : sum)
  }

  func score(_ index: Int, _ sample: UnsafeBufferPointer<Float>, _ stimulus: Int) -> Double {
    isDecision ? decided(index, ownScore(0, sample, stimulus)) : ownScore(index, sample, stimulus)
  }

  /// The score of no or yes, of the one there is.
  private func decided(_ index: Int, _ yes: Double) -> Double { index == 1 ? yes : link == .distribution ? 1 - yes : -yes }

  /// The score of a class at a position of a continuation.
  func score(_ index: Int, _ sample: UnsafeBufferPointer<Float>, offset: Int) -> Double {
    isDecision ? decided(index, Double(sample[offset])) : Double(sample[index * classStride + offset])
  }

  /// A score that the output has.
  private func ownScore(_ index: Int, _ sample: UnsafeBufferPointer<Float>, _ stimulus: Int) -> Double {
    let first = index * classStride
    if !positions.isEmpty {
      return Double(sample[first + offsets[positions.count == 1 ? positions[0] : positions[stimulus]]])
    }
    if !unmasked.isEmpty {
      let places = unmasked[stimulus]
      return places.reduce(0.0) { $0 + Double(sample[first + offsets[$1]]) } / Double(places.count)
    }
    if offsets.count == 1 { return Double(sample[first]) }
    var sum = 0.0
    for offset in offsets { sum += Double(sample[first + offset]) }
    return sum / Double(offsets.count)
  }

  private func logProbability(_ target: Int, _ sample: UnsafeBufferPointer<Float>, _ stimulus: Int) -> Double {
    logProbability(target) { score($0, sample, stimulus) }
  }

  private func probability(_ target: Int, _ sample: UnsafeBufferPointer<Float>, _ stimulus: Int) -> Double {
    switch link {
    case .softmax, .sigmoid: exp(logProbability(target, sample, stimulus))
    case .distribution, .chances: score(target, sample, stimulus)
    }
  }

  /// NaN of NaN.
  private static func logarithm(_ probability: Double) -> Double {
    log(probability < leastProbability ? leastProbability : probability)
  }

  /// - Parameter score: of a class.
  func logProbability(_ target: Int, _ score: (Int) -> Double) -> Double {
    switch link {
    case .sigmoid:
      let x = score(target)
      // log(1 / (1 + e^-x)) without overflow on either side.
      return x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x))
    case .softmax:
      let x = (0..<classCount).map(score)
      let largest = x.max()!
      return x[target] - largest - log(x.reduce(0) { $0 + exp($1 - largest) })
    case .distribution, .chances: return Self.logarithm(score(target))
    }
  }
}
