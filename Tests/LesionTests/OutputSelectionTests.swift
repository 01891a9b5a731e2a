import Lesion
import Testing

@Suite struct `A selection of an output` {
  @Test(arguments: [
    ("output:boxes[4,:]:max", "boxes[4,:]:max"), ("output:[-1]", "[-1]"), ("output:a[0][1:3, 2]:sum", "a[0][1:3,2]:sum"),
    ("output:y:0[:-1]:mean", "y:0[:-1]:mean"),
  ])
  func `is read as it is written`(_ text: String, _ name: String) throws {
    let value = try ValueFunction(parsing: text)
    #expect(value.name == "output:" + name)
    #expect(try ValueFunction(parsing: value.name) == value)
  }

  @Test(arguments: [
    ("output:", "at its end"), ("output:boxes]", "at its end"), ("output:boxes[4", "a bracket is missing"),
    ("output:boxes[4,x]", "\"x]\" (character 9)"),
    ("output:boxes[1:2:3]", "a range has two ends"), ("output:boxes[,]", "character 7"),
    ("output:boxes[1]:median", "\":median\" (character 9)"), ("output:-1", "brackets"),
  ])
  func `that can't be read is refused at its place`(_ text: String, _ words: String) throws {
    let error = try #require(throws: LesionError.self) { try ValueFunction(parsing: text) }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test(arguments: [
    ("[1,2]", [6]), ("[-1,:]:sum", [4, 5, 6, 7]), ("[:,1:3]:mean", [1, 2, 5, 6]), ("[0:1,-1]", [3]),
  ])
  func `takes the elements that it names`(_ text: String, _ elements: [Int]) throws {
    #expect(try OutputSelection(parsing: text).elements(in: [2, 4]) == elements)
  }

  @Test(arguments: ["[1]", "[2,0]", "[0,-5]", "[:,0]", "[1:1,0]:sum", "[0,0,0]"])
  func `that doesn't fit its output is refused`(_ text: String) {
    #expect(throws: LesionError.self) { try OutputSelection(parsing: text).elements(in: [2, 4]) }
  }

  @Test(arguments: [
    ("output:age", "age", "age"), ("output:age[]", "age", "age"), ("output:age[ ]", "age", "age"),
    ("output:age:max", "age", "age:max"), ("output:Identity:0", "Identity:0", "Identity:0"), ("output:3[]", "3", "3[]"),
    ("output:[]", "", "[]"),
  ])
  func `is an output of one element by its name`(_ text: String, _ output: String, _ written: String) throws {
    let value = try ValueFunction(parsing: text)
    guard case .selection(let selection) = value else {
      Issue.record("\(value)")
      return
    }
    #expect(selection.output == output && selection.indices.isEmpty)
    #expect(value.name == "output:" + written)
    #expect(try ValueFunction(parsing: value.name) == value)
    for shape in [[], [1], [1, 1]] { #expect(try selection.elements(in: shape) == [0]) }
    let error = try #require(throws: LesionError.self) { try selection.elements(in: [2, 4]) }
    #expect(error.message.contains("8 elements") && error.message.contains("[2, 4]"), "\(error)")
  }

  @Test func `is reduced as it says`() throws {
    let output: [Float] = [1, 5, 2, 8, 3, 4]
    for (text, expected) in [("[:]:sum", 23), ("[1:4]:mean", 5), ("[:]:max", 8), ("[2]", 2)] as [(String, Float)] {
      let reader = try OutputReader(
        Readout(
          output: "y", tensor: "y", shape: [6], classAxis: nil, link: .softmax,
          value: .selection(OutputSelection(parsing: text))))
      #expect(output.withUnsafeBufferPointer { reader.value($0, target: 0, stimulus: 0) } == expected)
      #expect(output.withUnsafeBufferPointer { reader.scores($0, stimulus: 0) } == [expected])
      if let terms = reader.namedTerms {
        #expect(terms.elements.reduce(0.0) { $0 + Double(output[$1]) } * terms.weight == Double(expected))
      } else {
        #expect(text.hasSuffix("max"))
      }
    }
  }
}
