          output: "y", tensor: "y", shape: [6], classAxis: nil, link: .softmax,
          value: .selection(OutputSelection(parsing: text))))
        #expect(terms.elements.reduce(0.0) { $0 + Double(output[$1]) } * terms.weight == Double(expected))
        #expect(text.hasSuffix("max"))
        Readout(
      #expect(output.withUnsafeBufferPointer { reader.scores($0) } == [expected])
      #expect(output.withUnsafeBufferPointer { reader.value($0, target: 0) } == expected)
      #expect(throws: LesionError.self) { try KindBench(.anchors, reading: ReadoutRequest(classAxis: axis)) }
      #expect(throws: LesionError.self, "\(wrong)") { try positions(wrong) }
      #expect(try KindBench(.anchors, reading: ReadoutRequest(classAxis: axis)).survey.readout.classAxis == place)
      (.bestOnly, "values", "scores", [4]), (.auxiliaryFirst, "logits", "logits", [5]),
      (.hiddenFirst, "scores", "scores", [4]), (.halfPrecision, "logits", "logits", [4]),
      (.sequence, "logits", "logits", [7, 4]),
      (.timeFirst, "logits", "logits", [7, 5]), (.classesFirst, "logits", "logits", [5]),
      (NetworkKind.labelFirst, "probabilities", "scores", [4]), (.labelOnly, "label", "scores", [4]),
      end(&net, net.add("MatMul", [hidden, net.weight(8, 4)], to: "scores"))
      if let terms = reader.namedTerms {
      layer, Coalition(fullOf: regions), stimulus: 1,
      let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
      let reader = try OutputReader(
      model: Model(proto: NetworkKind.anchors.proto(masking: ("hidden", 2)), label: "twin.onnx"))
      net.builder.input("x", [nil] + inputs[0].shape.map(Optional.some))
      try KindBench(.auxiliaryFirst, reading: ReadoutRequest(output: "boxes"))
      try KindBench(.labelFirst, reading: ReadoutRequest(position: .at(0)))
      try KindBench(.sequence, reading: ReadoutRequest(position: choice)).survey.readout.positions
      }
      } else {
    #expect(abs(intact - expected) < 1e-5)
    #expect(bench.survey.layers.map(\.candidate.tensor) == ["sum", "hidden"])
    #expect(bench.survey.readout.shape == [3])
    #expect(error.code == .badRequest)
    #expect(error.message.contains("[1, 3, 5]") && error.message.contains("--class-axis (1 or 2)"), "\(error)")
    #expect(error.message.contains("\"aux_logits\" [N, 3], \"logits\" [N, 5]"), "\(error)")
    #expect(error.message.contains("one position only"), "\(error)")
    #expect(error.message.contains(words), "\(error)")
    #expect(readout.classAxis == shape.count - 1)
    #expect(readout.output == output)
    #expect(readout.shape == shape)
    #expect(readout.tensor == tensor)
    #expect(throws: LesionError.self) { try OutputSelection(parsing: text).elements(in: [2, 4]) }
    #expect(try OutputSelection(parsing: text).elements(in: [2, 4]) == elements)
    #expect(try positions(.at(-1)) == [6])
    #expect(try positions(.at(2)) == [2])
    #expect(try positions(.lastUnmasked("mask")) == masks.map { $0.lastIndex { $0 != 0 }! })
    #expect(try positions(.mean) == [])
    #expect(try positions(.perStimulus([0, 3, -1, 2, 5])) == [0, 3, 6, 2])
    #expect(try ValueFunction(parsing: value.name) == value)
    #expect(value.name == "output:" + name)
    ("[1,2]", [6]), ("[-1,:]:sum", [4, 5, 6, 7]), ("[:,1:3]:mean", [1, 2, 5, 6]), ("[0:1,-1]", [3]),
    ("output:boxes", "at its end"), ("output:boxes[4", "a bracket is missing"), ("output:boxes[4,x]", "\"x]\" (character 9)"),
    ("output:boxes[1:2:3]", "a range has two ends"), ("output:boxes[]", "character 7"),
    ("output:boxes[1]:median", "\":median\" (character 9)"), ("output:-1", "brackets"),
    ("output:boxes[4,:]:max", "boxes[4,:]:max"), ("output:[-1]", "[-1]"), ("output:a[0][1:3, 2]:sum", "a[0][1:3,2]:sum"),
    ("output:y:0[:-1]:mean", "y:0[:-1]:mean"),
    ] as [(NetworkKind, String, String, [Int])])
    _ end: @escaping @Sendable (inout Writer, String) -> Void
    _ name: String, inputs: [(name: String, shape: [Int], tokens: Int?)] = [("x", [6], nil)],
    arguments: [
    for (axis, place) in [(1, 0), (2, 1), (-1, 1), (-2, 0)] {
    for (text, expected) in [("[:]:sum", 23), ("[1:4]:mean", 5), ("[:]:max", 8), ("[2]", 2)] as [(String, Float)] {
    for axis in [0, 3, -4] {
    for wrong: PositionChoice in [.at(7), .at(-8), .perStimulus([1, 2]), .lastUnmasked("masks"), .lastUnmasked("x")] {
    func positions(_ choice: PositionChoice) throws -> [Int] {
    let bench = try KindBench(.anchors, reading: ReadoutRequest(value: value))
    let bench = try KindBench(.auxiliaryFirst, reading: ReadoutRequest(output: "aux_logits"))
    let bench = try KindBench(.sequence)
    let error = try #require(throws: LesionError.self) {
    let error = try #require(throws: LesionError.self) { try KindBench(.anchors) }
    let error = try #require(throws: LesionError.self) { try ValueFunction(parsing: text) }
    let expected = [7, 8, 9].reduce(0) { $0 + twin.floats[$1] } / 3
    let flat = net.add("MatMul", [hidden, net.weight(8, 15)], to: "flat")
    let hidden = net.add("Relu", [net.add("MatMul", ["x", net.weight(6, 8)], to: "sum")], to: "hidden")
    let intact = try network.values(of: [Coalition(fullOf: regions)])[0]
    let layer = try #require(bench.layer("hidden"))
    let masks = try (0..<KindBench.stimulusCount).map { try bench.feed.tensors(["mask"], rows: [$0])[0].numbers()! }
    let network = try bench.lesioned(layer)
    let output: [Float] = [1, 5, 2, 8, 3, 4]
    let probabilities = net.add("Softmax", [scores], to: "probabilities", ["axis": .int(-1)])
    let readout = try KindBench(kind).survey.readout
    let regions = try bench.grid(layer).regionCount
    let twin = try bench.twin(
    let value = try ValueFunction(parsing: "output:boxes[1,2:]:mean")
    let value = try ValueFunction(parsing: text)
    net.add("Add", [scores, "column"], to: "logits")
    net.add("ArgMax", [probabilities], to: "label", ["axis": .int(1), "keepdims": .int(0)])
    net.add("ArgMax", [scores], to: "label", ["axis": .int(1), "keepdims": .int(0)])
    net.add("Cast", ["mask"], to: "weights", ["to": .int(1)])
    net.add("Cast", [scores], to: "logits", ["to": .int(10)])
    net.add("MatMul", ["hidden", net.weight(8, 3)], to: "aux_logits")
    net.add("MatMul", [scores, net.weight(4, 5)], to: "logits")
    net.add("Reshape", [flat, net.constant([-1, 3, 5])], to: "boxes")
    net.add("Unsqueeze", ["weights", net.constant([2])], to: "column")
    net.builder.input("mask", [nil, 7], type: .int64)
    net.builder.input("x", [nil, 6])
    net.builder.node("TopK", [scores, net.constant([2])], ["values", "indices"], ["axis": .int(1)])
    net.builder.output("aux_logits", [nil, 3])
    net.builder.output("boxes", [nil, 3, 5])
    net.builder.output("hidden", [nil, 8])
    net.builder.output("indices", [nil, 2], type: .int64)
    net.builder.output("label", [nil], type: .int64)
    net.builder.output("logits", [nil, 4], type: .float16)
    net.builder.output("logits", [nil, 5])
    net.builder.output("logits", [nil, 7, 4])
    net.builder.output("probabilities", [nil, 4])
    net.builder.output("values", [nil, 2])
    net.builder.output(scores, [nil, 4])
    NetworkKind(name, inputs: inputs) { net in
    try network.begin(LesionedNetwork.Series(stimulus: 1, target: 0))
    }
  ) -> NetworkKind {
  /// A hidden layer and scores, ended as told.
  /// Scores at six anchors, from which nothing tells what is a class.
  @Test func `has no position where it has classes only`() throws {
  @Test func `is one position of a sequence, the last that a mask leaves, or one a stimulus`() throws {
  @Test func `is reduced as it says`() throws {
  @Test func `is refused with the axes that may count classes, where nothing tells`() throws {
  @Test func `is the one that is named`() throws {
  @Test func `may be some of its elements`() throws {
  @Test(
  @Test(arguments: [
  @Test(arguments: ["[1]", "[2,0]", "[0,-5]", "[:,0]", "[1:1,0]:sum", "[0,0,0]"])
  ])
  func `is read as it is written`(_ text: String, _ name: String) throws {
  func `looks like scores`(_ kind: NetworkKind, _ output: String, _ tensor: String, _ shape: [Int]) throws {
  func `takes the elements that it names`(_ text: String, _ elements: [Int]) throws {
  func `that can't be read is refused at its place`(_ text: String, _ words: String) throws {
  func `that doesn't fit its output is refused`(_ text: String) {
  static func ending(
  static let anchors = NetworkKind("of anchors") { net in
  static let auxiliaryFirst = ending("with an auxiliary head first") { net, scores in
  static let bestOnly = ending("that gives the best") { net, scores in
  static let halfPrecision = ending("that gives float16") { net, scores in
  static let hiddenFirst = ending("that gives a hidden layer first") { net, scores in
  static let labelFirst = ending("with a label first") { net, scores in
  static let labelOnly = ending("with a label only") { net, scores in
  static let sequence = ending("of steps", inputs: [("x", [7, 6], nil), ("mask", [7], 2)]) { net, scores in
  }
@Suite struct `A selection of an output` {
@Suite struct `The output that is read` {
extension NetworkKind {
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing
}
