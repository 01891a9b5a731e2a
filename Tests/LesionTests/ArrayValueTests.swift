import Foundation
import Lesion
import Testing

@Suite struct `A value that takes from an array` {
  private func reader(
    _ shape: [Int], classAxis: Int?, _ value: ValueFunction, link: OutputReader.Link = .softmax, continuation: [[Int]]? = nil,
    vectors: [[Float]]? = nil
  ) throws -> OutputReader {
    var readout = Readout(output: "y", tensor: "y", shape: shape, classAxis: classAxis, link: link, value: value)
    (readout.continuation, readout.vectors) = (continuation, vectors)
    return try OutputReader(readout)
  }

  private let scores: [Float] = [0.5, -1, 2, 0, 3, 1, -2, 0.25, 0.75, 1.5, -0.5, 4]

  @Test(arguments: [OutputReader.Link.softmax, .sigmoid])
  func `sums the logarithms of the right classes' probabilities, whatever axis counts classes`(
    _ link: OutputReader.Link
  ) throws {
    let right = [[2, -100, 0, 1], [0, 1, 2, 0]]
    for (shape, axis) in [([4, 3], 1), ([3, 4], 0), ([3, 2, 2], 0)] {
      let reader = try reader(shape, classAxis: axis, .continuation("next"), link: link, continuation: right)
      func score(_ position: Int, _ number: Int) -> Double {
        Double(scores[axis == 1 ? position * 3 + number : number * 4 + position])
      }
      for stimulus in 0..<2 {
        var expected = 0.0
        for (position, number) in right[stimulus].enumerated() where number >= 0 {
          let x = score(position, number)
          expected +=
            link == .sigmoid ? -log(1 + exp(-x)) : x - log((0..<3).reduce(0) { $0 + exp(score(position, $1)) })
        }
        let value = scores.withUnsafeBufferPointer { reader.value($0, target: 0, stimulus: stimulus) }
        #expect(abs(Double(value) - expected) < 1e-5, "\(shape)")
      }
    }
  }

  @Test(arguments: [OutputReader.Link.softmax, .sigmoid, .chances])
  func `sums those of yes and no where each position has one score`(_ link: OutputReader.Link) throws {
    var readout = Readout(output: "y", tensor: "y", shape: [3, 1], classAxis: 1, link: link, value: .continuation("next"))
    readout.continuation = [[0, -100, 1]]
    readout.decide(by: .whereTheValueNamesClasses)
    let chances: [Float] = [0.2, 0.9, 0.7]
    let scores = link == .chances ? chances : chances.map { log($0 / (1 - $0)) }
    let value = try scores.withUnsafeBufferPointer { try OutputReader(readout).value($0, target: 0, stimulus: 0) }
    #expect(abs(value - log(0.8 * 0.7)) < 1e-6)
  }

  @Test func `is the cosine to the vector that is given, for each stimulus or for all`() throws {
    let answer: [Float] = [1, 2, -2]
    func value(_ vectors: [[Float]], _ stimulus: Int = 0) throws -> Float {
      let reader = try reader([3], classAxis: 0, .cosineTo("v"), vectors: vectors)
      return answer.withUnsafeBufferPointer { reader.value($0, target: 0, stimulus: stimulus) }
    }
    #expect(try value([[2, 4, -4]]) == 1 && value([[-1, -2, 2]], 7) == -1)
    #expect(try abs(value([[1, 0, 0], [0, 0, 3]], 1) + 2.0 / 3) < 1e-7)
  }

  @Test func `is refused where the array doesn't fit`() throws {
    let cases: [([Int], Int?, ValueFunction, [[Int]]?, [[Float]]?, String)] = [
      ([3], 0, .continuation("next"), [[1]], nil, "the output has one position"),
      ([4, 3], 1, .continuation("next"), nil, nil, "it isn't known which"),
      ([4, 3], 1, .continuation("next"), [[1, 2]], nil, "has 2 entries, and the output has 4 positions"),
      ([4, 3], 1, .continuation("next"), [[0, 1, 2, 0], [0, 0, 3, 0]], nil, "class 3 at position 2 of stimulus 1"),
      ([4, 3], 1, .continuation("next"), [[-1, -100, -1, -1]], nil, "below 0"),
      ([3], 0, .cosineTo("v"), nil, nil, "it isn't known which"), ([3], 0, .cosineTo("v"), nil, [[1, 2]], "has 2 entries"),
      ([3], 0, .cosineTo("v"), nil, [[0, 0, 0]], "point nowhere"),
      ([3], 0, .cosineTo("v"), nil, [[0, .nan, 0]], "point nowhere"),
    ]
    for (shape, axis, value, continuation, vectors, words) in cases {
      let error = try #require(throws: LesionError.self) {
        try reader(shape, classAxis: axis, value, continuation: continuation, vectors: vectors)
      }
      #expect(error.code == .badRequest && error.message.contains(words), "\(error)")
    }
  }

  @Test(arguments: ["loss(next)", "cosine(my vectors.npy)"])
  func `has a name that it is read from`(_ name: String) throws {
    #expect(try ValueFunction(parsing: name).name == name)
    #expect(throws: LesionError.self) { try ValueFunction(parsing: String(name.dropLast())) }
    #expect(throws: LesionError.self) { try ValueFunction(parsing: name.prefix { $0 != "(" } + "()") }
  }
}
