import Foundation
import Lesion
import Testing

@Suite struct `An output reader` {
  private func read(
    _ output: [Float], _ shape: [Int], _ value: ValueFunction, target: Int = 0, link: OutputReader.Link = .softmax,
    position: Int? = nil, channelsLast: Bool = false
  ) throws -> Float {
    let reader = try OutputReader(
      shape: shape, value: value, link: link, position: position, channelsLast: channelsLast)
    return output.withUnsafeBufferPointer { reader.value($0, target: target, stimulus: 0) }
  }

  @Test(
    arguments: [
      ([3], false, [1, 2, 3, 4, 5, 6], [1, 2, 3]), ([3, 1, 1], false, [1, 2, 3], [1, 2, 3]),
      ([1, 1, 3], true, [1, 2, 3], [1, 2, 3]), ([2, 3], false, [1, 2, 3, 4, 5, 6], [2.5, 3.5, 4.5]),
      ([3, 1, 2], false, [1, 2, 3, 4, 5, 6], [1.5, 3.5, 5.5]),
      ([1, 2, 3], true, [1, 2, 3, 4, 5, 6], [2.5, 3.5, 4.5]),
      ([], false, [7], [7]),
    ] as [([Int], Bool, [Float], [Float])])
  func `finds the classes of every shape`(
    _ shape: [Int], _ channelsLast: Bool, _ output: [Float], _ expected: [Float]
  ) throws {
    let reader = try OutputReader(
      shape: shape, value: .logit, link: .softmax, position: nil, channelsLast: channelsLast)
    #expect(reader.classCount == expected.count)
    #expect(output.withUnsafeBufferPointer { reader.scores($0, stimulus: 0) } == expected)
  }

  @Test func `takes one position where it is told to`() throws {
    #expect(try read([1, 2, 3, 4, 5, 6], [3, 2], .logit, target: 1, position: 2) == 6)
    #expect(try read([1, 2, 3, 4, 5, 6], [3, 2], .margin, target: 1, position: 0) == 1)
  }

  @Test func `takes one element of any shape`() throws {
    #expect(try read([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 2, 1, 2], .output(5)) == 6)
  }

  @Test(
    arguments: [
      ([2, 2, 2, 2], .logit, nil, "[2, 2, 2, 2]"), ([5], .output(5), nil, "[5]"), ([4, 3], .logit, 4, "4 positions"),
      ([1], .margin, nil, "two classes"), ([1], .loss, nil, "--target label"), ([0], .logit, nil, "[0]"),
      ([4, 0], .logit, nil, "[4, 0]"),
    ] as [([Int], ValueFunction, Int?, String)])
  func `refuses what has no such value and says why`(
    _ shape: [Int], _ value: ValueFunction, _ position: Int?, _ words: String
  ) throws {
    let error = try #require(throws: LesionError.self) {
      try OutputReader(shape: shape, value: value, link: .softmax, position: position, channelsLast: false)
    }
    #expect(error.code == .badModel)
    #expect(error.message.contains(words), "\(error)")
  }

  @Test(arguments: [Float(1000), -1000, 1e30])
  func `doesn't overflow where scores are large`(_ large: Float) throws {
    for link in [OutputReader.Link.softmax, .sigmoid] {
      let value = try read([large, 0], [2], .logProbability, target: 0, link: link)
      #expect(value == min(large, 0))
      let probability = try read([large, 0], [2], .probability, target: 0, link: link)
      #expect(probability == (large > 0 ? 1 : 0))
    }
    #expect(try read([large], [1], .probability) == (large > 0 ? 1 : 0))
  }

  @Test func `is NaN where the output is, and never something else`() throws {
    for value: ValueFunction in [.logProbability, .probability, .loss, .margin] {
      #expect(try read([1, .nan, 2], [3], value, target: 0).isNaN, "\(value)")
      #expect(try read([.nan, 1, 2], [3], value, target: 0).isNaN, "\(value)")
      #expect(try read([1, 2, .nan], [3], value, target: 0).isNaN, "\(value)")
    }
    #expect(try read([.nan, 1, 2], [3], .logit, target: 0).isNaN)
    #expect(try read([.nan, 1], [2], .logProbability, target: 0, link: .sigmoid).isNaN)
  }

  @Test func `loss and logprob agree and prob is their exponential`() throws {
    let output: [Float] = [0.3, -1, 2.5]
    for target in 0..<3 {
      let logarithm = try read(output, [3], .logProbability, target: target)
      #expect(try read(output, [3], .loss, target: target) == logarithm)
      #expect(abs(try read(output, [3], .probability, target: target) - exp(logarithm)) < 1e-6)
    }
    let sum = try (0..<3).reduce(0) { try $0 + read(output, [3], .probability, target: $1) }
    #expect(abs(sum - 1) < 1e-6)
  }

  @Test(arguments: [OutputReader.Link.distribution, .chances])
  func `takes probabilities as they stand, and logarithms of no less than a float holds`(_ link: OutputReader.Link) throws {
    let output: [Float] = [0.2, 0.7, 0.1, 0]
    for (target, given) in output.enumerated() {
      #expect(try read(output, [4], .probability, target: target, link: link) == given)
      let logarithm = try read(output, [4], .logProbability, target: target, link: link)
      #expect(abs(logarithm - log(max(given, .leastNormalMagnitude))) < 1e-5)
      #expect(try read(output, [4], .loss, target: target, link: link) == logarithm)
    }
    #expect(try read([.nan, 1], [2], .logProbability, target: 0, link: link).isNaN)
    #expect(try read([0.25], [1], .probability, link: .chances) == 0.25)
    let reader = try OutputReader(shape: [4], value: .logit, link: link, position: nil, channelsLast: false)
    let answer = output.withUnsafeBufferPointer { reader.answer($0, stimulus: 0) }
    #expect(answer.predicted == 1 && answer.probability == 0.7)
  }

  @Test(arguments: [
    ([0.2] as [Float], OutputReader.Link.sigmoid, 1 as Int?), ([-0.2], .sigmoid, 0), ([0.7], .chances, 1), ([0.3], .chances, 0),
    ([0.7], .softmax, nil), ([0.1, 0.4, 0.4], .softmax, 1), ([-1, -2], .sigmoid, 0),
  ])
  func `speaks for the largest score, or for yes or no`(_ scores: [Float], _ link: OutputReader.Link, _ expected: Int?) throws {
    let reader = try OutputReader(shape: [scores.count], value: .logit, link: link, position: nil, channelsLast: false)
    #expect(reader.predicted(scores) == expected)
    let answer = scores.withUnsafeBufferPointer { reader.answer($0, stimulus: 0) }
    #expect(answer.predicted == expected ?? 0)
    if scores.count == 1, expected != nil { #expect(answer.probability > 0.5) }
  }

  /// −log(1 + exp(s)) of the largest score, where exp(s) is no single-precision number.
  @Test func `has an energy where all classes are denied`() throws {
    let reader = try OutputReader(shape: [3], value: .logit, link: .sigmoid, position: nil, channelsLast: false)
    for (score, expected) in [(Float(-200), -exp(-200.0)), (0, -log(2)), (200, -200)] {
      let energy = ([score - 5, score, score - 1] as [Float]).withUnsafeBufferPointer {
        reader.energy($0, answer: reader.answer($0, stimulus: 0), stimulus: 0)
      }
      #expect(abs(energy - expected) <= 1e-12 * abs(expected), "\(energy)")
    }
  }

  @Test(arguments: [
    ("kl", OutputReader.Link.distribution, -0.7 * log(0.7 / 0.4) - 0.3 * log(0.3 / 0.6)),
    ("kl", .chances, -0.7 * log(0.7 / 0.4) - 0.3 * log(0.3 / 0.6) - 0.3 * log(0.3 / 0.6) - 0.7 * log(0.7 / 0.4)),
  ])
  func `compares probabilities as they stand`(_ name: String, _ link: OutputReader.Link, _ expected: Double) throws {
    let reader = try OutputReader(
      shape: [2], value: try #require(ValueFunction(name: name)), link: link, position: nil, channelsLast: false)
    let value = ([0.4, 0.6] as [Float]).withUnsafeBufferPointer { reader.value($0, target: 0, stimulus: 0, intact: [0.7, 0.3]) }
    #expect(abs(Double(value) - expected) < 1e-6)
  }

  @Test(arguments: [OutputReader.Link.softmax, .sigmoid, .chances], [Float(-3), -0.25, 0.25, 40])
  func `of a yes or no is one of two classes`(_ link: OutputReader.Link, _ logit: Float) throws {
    let isChance = link == .chances
    let score = isChance ? 1 / (1 + exp(-logit)) : logit
    let (pair, pairLink): ([Float], OutputReader.Link) = isChance ? ([1 - score, score], .distribution) : ([0, score], .softmax)
    for value: ValueFunction in [.loss, .accuracy, .logProbability, .probability, .margin, .logit] {
      var readout = Readout(output: "", tensor: "", shape: [1], classAxis: 0, link: link, value: value)
      readout.decide(by: .always)
      let reader = try OutputReader(readout)
      #expect(reader.classCount == 2 && reader.scoredClasses == 1..<2)
      for target in 0...1 {
        let found = [score].withUnsafeBufferPointer { reader.value($0, target: target, stimulus: 0) }
        let expected =
          value == .logit && !isChance
          ? (target == 1 ? logit : -logit) : try read(pair, [2], value, target: target, link: pairLink)
        #expect(abs(found - expected) <= 1e-6 * max(1, abs(expected)), "\(value) of \(target)")
      }
      let answer = [score].withUnsafeBufferPointer { reader.answer($0, stimulus: 0) }
      #expect(answer.predicted == (logit > 0 ? 1 : 0) && answer.probability > 0.5)
    }
  }

  @Test func `of one score is of two classes where the network, the value or the user says so`() {
    func isDecision(_ value: ValueFunction, _ link: OutputReader.Link, _ rule: Readout.DecisionRule, shape: [Int] = [1]) -> Bool {
      var readout = Readout(output: "", tensor: "", shape: shape, classAxis: 0, link: link, value: value)
      readout.decide(by: rule)
      return readout.isDecision == true
    }
    let sum = ValueFunction(name: "prob[1] - prob[0]")!
    for (value, link, rule) in [
      (.logit, .softmax, .always), (.probability, .sigmoid, .whereItIsAChance), (.probability, .softmax, .whereItIsAChance),
      (.logit, .sigmoid, .whereItIsAChance), (.loss, .chances, .whereTheValueNamesClasses),
      (.margin, .sigmoid, .whereTheValueNamesClasses), (sum, .sigmoid, .whereTheValueNamesClasses), (sum, .softmax, .always),
      (.continuation("next"), .softmax, .whereTheValueNamesClasses),
    ] as [(ValueFunction, OutputReader.Link, Readout.DecisionRule)] {
      #expect(isDecision(value, link, rule), "\(value), \(link), \(rule)")
    }
    for (value, link, rule, shape) in [
      (.logit, .sigmoid, .whereTheValueNamesClasses, [1]), (.accuracy, .softmax, .whereItIsAChance, [1]),
      (.logit, .softmax, .whereItIsAChance, [1]), (sum, .softmax, .whereItIsAChance, [1]), (.loss, .sigmoid, .always, [2]),
      (.output(0), .sigmoid, .always, [1]), (.kullbackLeibler, .sigmoid, .always, [1]),
    ] as [(ValueFunction, OutputReader.Link, Readout.DecisionRule, [Int])] {
      #expect(!isDecision(value, link, rule, shape: shape), "\(value), \(link), \(rule)")
    }
  }

  @Test(arguments: [OutputReader.Link.softmax, .sigmoid])
  func `compares answers that are sure of other classes`(_ link: OutputReader.Link) throws {
    let reader = try OutputReader(shape: [3], value: .jensenShannon, link: link, position: nil, channelsLast: false)
    let value = ([2000, -900, 0] as [Float]).withUnsafeBufferPointer {
      reader.value($0, target: 0, stimulus: 0, intact: [-900, 2000, 0])
    }
    // Of each sigmoid that changes sides, the whole of log 2.
    #expect(abs(Double(value) + (link == .softmax ? 1 : 2) * log(2)) < 1e-6)
  }

  @Test(arguments: ["logit", "logprob", "prob", "margin", "loss", "output:0", "output:17"])
  func `value names are read as they are written`(_ name: String) throws {
    #expect(ValueFunction(name: name)?.name == name)
  }

  @Test(arguments: ["", "logits", "output", "output:", "output:-1", "output:x[y]", "Logit", "output:99999999999999999999"])
  func `other value names are none`(_ name: String) {
    #expect(ValueFunction(name: name) == nil)
  }
}
