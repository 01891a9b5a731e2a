import Foundation
import Testing

@testable import Lesion

@Suite("A sum of classes' scores")
struct ScoreExpressionTests {
  @Test(
    "is read as it is written",
    arguments: [
      ("logit[3] - logit[5]", "logit[3] - logit[5]"), ("logit[paris]-logit[rome]", "logit[paris] - logit[rome]"),
      (" -2*prob[ target ] + 0.5 * logprob[1]", "-2.0*prob[target] + 0.5*logprob[1]"),
    ])
  func reading(text: String, name: String) throws {
    let value = try ValueFunction(parsing: text)
    #expect(value.name == name)
    #expect(try ValueFunction(parsing: value.name) == value)
  }

  @Test(
    "that can't be read is refused at the place where it stops",
    arguments: [
      ("logit[3] - logit[", "a bracket is missing"), ("logit[3] logit[5]", "character 10"), ("logit[3] -", "at its end"),
      ("2 logit[3]", "followed by *"), ("logit[ ]", "a class is missing"), ("0*logit[1]", "above 0"),
      ("logit[1] + lgit[2]", "\"lgit[2]\""),
    ])
  func refusal(text: String, words: String) {
    #expect {
      try ValueFunction(parsing: text)
    } throws: { error in
      (error as? LesionError)?.message.contains(words) == true && (error as? LesionError)?.code == .badRequest
    }
  }

  private static let scores: [Float] = [1, 3, 2, -1]

  private static func value(
    _ name: String, classes: [[Int]]? = nil, target: Int = 1, stimulus: Int = 0, link: OutputReader.Link = .softmax,
    intact: [Float] = []
  ) throws -> Double {
    let reader = try OutputReader(
      Readout(
        output: "", tensor: "", shape: [4], classAxis: 0, link: link, value: ValueFunction(parsing: name), classes: classes))
    return scores.withUnsafeBufferPointer {
      Double(reader.value($0, target: target, stimulus: stimulus, intact: intact))
    }
  }

  @Test("adds what each stimulus's classes score")
  func sum() throws {
    #expect(try Self.value("logit[a] - 2*logit[target]", classes: [[0, 2], [-1]], target: 3, stimulus: 1) == 4)
    let e = Self.scores.map { Double($0).exponential }
    let p = e.map { $0 / e.reduce(0, +) }
    #expect(abs(try Self.value("prob[0] + prob[1]", classes: [[0], [1]]) - p[0] - p[1]) < 1e-6)
  }

  @Test("with a class that the model doesn't have is refused")
  func range() {
    #expect {
      try Self.value("logit[4]", classes: [[4]])
    } throws: {
      ($0 as? LesionError)?.message.contains("class 4 is out of range") == true
    }
  }

  @Test("of likeness is what the textbook says, and largest for the intact answer")
  func likeness() throws {
    let intact: [Float] = [0, 1, 0, 2]
    func shares(_ scores: [Float]) -> [Double] {
      let e = scores.map { Double($0).exponential }
      return e.map { $0 / e.reduce(0, +) }
    }
    let (p, q) = (shares(intact), shares(Self.scores))
    func divergence(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * ($1.0 / $1.1).logarithm } }
    let middle = zip(p, q).map { ($0 + $1) / 2 }
    #expect(abs(try Self.value("kl", intact: intact) + divergence(p, q)) < 1e-6)
    #expect(abs(try Self.value("js", intact: intact) + (divergence(p, middle) + divergence(q, middle)) / 2) < 1e-6)
    // 1·0 + 3·1 + 2·0 − 1·2 = 1; the lengths are √15 and √5.
    #expect(abs(try Self.value("cosine", intact: intact) - 1 / 75.0.squareRoot()) < 1e-6)
    #expect(try Self.value("kl", intact: Self.scores) == 0)
    #expect(abs(try Self.value("js", intact: Self.scores)) < 1e-7)
    #expect(abs(try Self.value("cosine", intact: Self.scores) - 1) < 1e-6)
    #expect(try Self.value("kl", link: .sigmoid, intact: intact) < 0)
  }

  @Test("of accuracy is 1 where the target is ahead of all others")
  func accuracy() throws {
    #expect(try Self.value("accuracy", target: 1) == 1)
    #expect(try Self.value("accuracy", target: 2) == 0)
  }
}

extension Double {
  fileprivate var exponential: Double { Foundation.exp(self) }
  fileprivate var logarithm: Double { Foundation.log(self) }
}
