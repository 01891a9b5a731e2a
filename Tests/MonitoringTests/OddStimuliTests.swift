import Arrays
import Foundation
import Grids
import ModelGraph
import Monitoring
import Stimuli
import TestSupport
import Testing
import UserErrors

/// What is learnt from odd networks and odd stimuli can be read again, and judges by finite numbers.
@Suite("A reference of odd stimuli or an odd network")
struct OddStimuliTests {
  /// Networks of images of 2 x 4 x 4, by what is odd about them.
  enum Network: String, CaseIterable {
    case usual, dead, deadChannels, sparse, tiny, huge, hugeSpread, constantAnswer, saturated, softmax, sigmoid, regression,
      oneUnit,
      vectors, channelsLast

    func write(to folder: TemporaryFolder) throws -> String {
      var builder = GraphBuilder(name: rawValue)
      builder.input("x", [nil, 2, 4, 4])
      var generator = WeightGenerator(seed: 5)
      let gain: Float =
        switch self {
        case .tiny: 1e-30
        case .huge: 1e30
        case .hugeSpread: 1e37
        default: 1
        }
      builder.weight("w", [6, 2, 3, 3], generator.floats(108, scale: gain))
      let bias: [Float] =
        switch self {
        case .dead: Array(repeating: -1000, count: 6)
        case .deadChannels: [-1000, 0, -1000, 0.1, -1000, -1000]
        case .sparse: Array(repeating: -6, count: 6)
        default: Array(repeating: 0.1 * gain, count: 6)
        }
      builder.weight("b", [6], bias)
      builder.node("Conv", ["x", "w", "b"], ["c"], ["pads": .ints([1, 1, 1, 1])])
      builder.node("Relu", ["c"], ["r"])
      var features = "r"
      if self == .channelsLast {
        builder.node("Transpose", ["r"], ["t"], ["perm": .ints([0, 2, 3, 1])])
        builder.node("Transpose", ["t"], ["back"], ["perm": .ints([0, 3, 1, 2])])
        features = "back"
      }
      builder.node("GlobalAveragePool", [features], ["g"])
      builder.node("Flatten", ["g"], ["f"])
      let outputs = self == .regression || self == .oneUnit ? 1 : 3
      let scale: Float =
        switch self {
        case .saturated: 1e5
        case .tiny: 1e30
        case .huge, .hugeSpread: 1 / gain
        default: 1
        }
      let weights = self == .constantAnswer ? [Float](repeating: 0, count: 18) : generator.floats(6 * outputs, scale: scale)
      builder.weight("v", [6, outputs], weights)
      builder.node("MatMul", ["f", "v"], ["scores"])
      var answer = "scores"
      switch self {
      case .softmax, .saturated:
        builder.node("Softmax", ["scores"], ["p"], ["axis": .int(1)])
        answer = "p"
      case .sigmoid:
        builder.node("Sigmoid", ["scores"], ["p"])
        answer = "p"
      case .oneUnit:
        builder.weight("axes", [1], [Int64(1)])
        builder.node("Squeeze", ["scores", "axes"], ["s"])
        builder.node("Tanh", ["s"], ["h"])
        builder.node("Unsqueeze", ["h", "axes"], ["answer"])
        answer = "answer"
      case .vectors:
        builder.weight("u", [3, 3], generator.floats(9))
        builder.node("Tanh", ["scores"], ["h"])
        builder.node("MatMul", ["h", "u"], ["answer"])
        answer = "answer"
      default: break
      }
      builder.output(answer, [nil, outputs])
      return folder.file(rawValue + ".onnx", try Model(proto: builder.model, label: rawValue).serialized())
    }
  }

  /// Stimuli, by what is odd about them.
  enum Stimuli: String, CaseIterable {
    case usual, constant, zero, three, twoClasses, opposites, oneOther, mostlyZero, oneNumber, tiny, huge, faint

    func values(_ count: Int) -> [Float] {
      var generator = WeightGenerator(seed: 7)
      let random = generator.floats(32 * count)
      return (0..<32 * count).map { place in
        let (stimulus, number) = (place / 32, place % 32)
        switch self {
        case .usual: return random[place]
        case .constant: return 1
        case .zero: return 0
        case .three: return random[stimulus % 3 * 32 + number]
        case .twoClasses: return random[stimulus % 2 * 32 + number]
        case .opposites: return (stimulus % 2 == 0 ? 1 : -1) * random[number]
        case .oneOther: return stimulus == 11 ? random[place] : 1
        case .mostlyZero: return stimulus % 10 == 0 ? random[place] : 0
        case .oneNumber: return number == 5 ? random[place] : 0.5
        case .tiny: return random[place] * 1e-38
        case .huge: return random[place] * 1e30
        case .faint: return 1 + random[place] * 1e-7
        }
      }
    }
  }

  private func expectFinite(_ verdict: Verdict, _ comment: Comment) throws {
    #expect(verdict.isFinite, comment)
    #expect(verdict.pValues.values.allSatisfy { $0 > 0 && $0 <= 1 } && verdict.pValues[.combined] != nil, comment)
    #expect(verdict.scores.values.allSatisfy { $0.isFinite }, "\(verdict.scores)")
    #expect(verdict.strangeness.allSatisfy { $0.isFinite }, "\(verdict.strangeness)")
    #expect((verdict.worst.channels + verdict.worst.regions).allSatisfy { $0.z.isFinite }, "\(verdict.worst)")
  }

  @Test("can be read, and has finite numbers for its own stimuli and for others", arguments: Network.allCases)
  func odd(_ network: Network) throws {
    _ = try TestRuntime.make()
    let folder = TemporaryFolder()
    let model = try network.write(to: folder)
    for kind in Stimuli.allCases {
      for count in [80, 200] {
        let comment: Comment = "\(network), \(kind), \(count) stimuli"
        let array = NumericArray(shape: [count, 2, 4, 4], floats: kind.values(count))
        var request = LearningRequest(model: model, data: folder.file("x.npy", array.npyBytes()))
        request.grid = GridSize(height: 2, width: 2, channels: 3)
        request.selfTests = 2
        let learner = try MonitorLearner(request)
        let messages = [try learner.observe(rank: 0, of: 1) { _, _ in }]
        let learnt: MonitorReference
        do {
          learnt = try learner.reference(messages, program: "test")
        } catch {
          // What overflows isn't normal.
          #expect(kind == .huge && [.huge, .hugeSpread].contains(network), "\(comment): \(Failure(error).message)")
          continue
        }
        let path = folder.path("x.ref")
        try learnt.write(to: path)
        let reference = try MonitorReference(contentsOf: path)
        let opened = try MonitoredModel(reference, model: nil)
        let feed = try opened.feed(opened.stimuli(contentsOf: request.data))
        var judge = try Judge(reference, outlierRate: 0.05, driftRate: 0.01)
        for first in stride(from: 0, to: count, by: 20) {
          for observation in try opened.network.observe(feed, rows: Array(first..<first + 20)) {
            try expectFinite(judge.judge(observation), comment)
          }
        }
        // What was never seen is strange by a finite number, too.
        let other = NumericArray(shape: [2, 2, 4, 4], floats: Stimuli.usual.values(3)[32...].map { 9 * $0 })
        let others = try opened.feed(opened.stimuli(other, description: "others"))
        for observation in try opened.network.observe(others, rows: [0, 1]) where observation.isFinite {
          try expectFinite(judge.judge(observation), comment)
        }
      }
    }
  }

  @Test("tells what differs from stimuli that never did by a large z, and what doesn't by 0")
  func constant() throws {
    _ = try TestRuntime.make()
    let folder = TemporaryFolder()
    let stimuli = NumericArray(shape: [100, 2, 4, 4], floats: Stimuli.constant.values(100))
    var request = LearningRequest(
      model: try Network.usual.write(to: folder), data: folder.file("x.npy", stimuli.npyBytes()))
    request.batch = 1
    let learner = try MonitorLearner(request)
    let reference = try learner.reference([learner.observe(rank: 0, of: 1) { _, _ in }], program: "test")
    let opened = try MonitoredModel(reference, model: nil)
    var judge = try Judge(reference, outlierRate: 0.05, driftRate: 0.01)
    let same = try judge.judge(opened.network.observe(opened.feed(opened.stimuli(contentsOf: request.data)), rows: [3])[0])
    #expect(!same.isOutlier && same.strangeness.allSatisfy { $0 == 0 })
    #expect((same.worst.channels + same.worst.regions).allSatisfy { $0.z == 0 })
    let other = NumericArray(shape: [1, 2, 4, 4], floats: Stimuli.usual.values(1))
    let observation = try opened.network.observe(opened.feed(opened.stimuli(other, description: "other")), rows: [0])[0]
    let strange = judge.judge(observation)
    #expect(strange.isOutlier && strange.worst.strangeness > 100, "\(strange)")
    #expect(abs(strange.worst.channels[0].z) > 0)
  }
}
