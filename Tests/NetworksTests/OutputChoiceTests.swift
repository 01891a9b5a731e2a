import Foundation
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import Testing

@Suite struct `The output that is read` {
  @Test(
    arguments: [
      (NetworkKind.labelFirst, "probabilities", "scores", [4]), (.labelOnly, "label", "scores", [4]),
      (.bestOnly, "values", "scores", [4]), (.auxiliaryFirst, "logits", "logits", [5]),
      (.hiddenFirst, "scores", "scores", [4]), (.halfPrecision, "logits", "logits", [4]),
      (.timeFirst, "logits", "logits", [7, 5]), (.classesFirst, "logits", "logits", [5]),
      (.sequence, "logits", "logits", [7, 4]), (.threshold, "found", "scores", [4]), (.statesFirst, "d", "d", [3]),
      (.yesOrNo, "chances", "chances", [2]), (.valueFirst, "policy", "policy", [5]), (.passedOnFirst, "scores", "scores", [4]),
    ] as [(NetworkKind, String, String, [Int])])
  func `looks like scores`(_ kind: NetworkKind, _ output: String, _ tensor: String, _ shape: [Int]) throws {
    let readout = try KindBench(kind).survey.readout
    #expect(readout.output == output)
    #expect(readout.tensor == tensor)
    #expect(readout.shape == shape)
    #expect(readout.classAxis == shape.count - 1)
  }

  @Test(
    arguments: [
      (NetworkKind.oldSoftmax("Softmax", axis: nil, opset: 11), "y", .chances),
      (.oldSoftmax("Softmax", axis: 1, opset: 12), "y", .chances), (.oldSoftmax("LogSoftmax", axis: 1, opset: 11), "y", .softmax),
      (.oldSoftmax("Softmax", axis: 1, opset: 11, decides: true), "y", .chances),
      (.oldSoftmax("", axis: nil, opset: 17, spelledOut: [1, 2, 3]), "y", .softmax),
      (.oldSoftmax("Softmax", axis: 1, opset: 13), "scores", .softmax),
      (.oldSoftmax("", axis: nil, opset: 17, spelledOut: [1]), "scores", .softmax),
    ] as [(NetworkKind, String, OutputReader.Link)])
  func `is what a softmax over several axes gives, and what lies before a softmax of classes`(
    _ kind: NetworkKind, _ tensor: String, _ link: OutputReader.Link
  ) throws {
    let survey = try KindBench(kind).survey
    #expect(survey.readout.tensor == tensor && survey.readout.classAxis == 0 && survey.readout.link == link)
    #expect(survey.notes.contains { $0.contains("no position has classes' probabilities") } == (tensor == "y"), "\(survey.notes)")
  }

  @Test func `makes no probabilities of a logarithm over several axes`() throws {
    for value in [ValueFunction.probability, .logProbability, .loss] {
      let error = try #require(throws: LesionError.self) {
        try KindBench(.oldSoftmax("LogSoftmax", axis: 1, opset: 11), reading: ReadoutRequest(value: value))
      }
      #expect(error.code == .badRequest && error.message.contains(value.name), "\(error)")
    }
  }

  private static func leavingOutPadding(_ value: ValueFunction = .logit, _ position: PositionChoice = .mean) -> ReadoutRequest {
    var request = ReadoutRequest(value: value, position: position)
    request.leavesOutPadding = true
    return request
  }

  @Test func `has the mean over the positions that a mask leaves`() throws {
    let bench = try KindBench(.maskedPositions("attention_mask"), reading: Self.leavingOutPadding())
    let unmasked = try #require(bench.survey.readout.unmasked)
    let reader = try OutputReader(bench.survey.readout)
    let output = (0..<20).map { Float($0 * $0) }
    var counts: Set<Int> = []
    for stimulus in 0..<KindBench.stimulusCount {
      let mask = try #require(try bench.feed.tensors(["attention_mask"], rows: [stimulus])[0].numbers())
      let places = mask.indices.filter { mask[$0] == 1 }
      counts.insert(places.count)
      #expect(unmasked[stimulus] == places)
      let scores = output.withUnsafeBufferPointer { reader.scores($0, stimulus: stimulus) }
      for index in 0..<4 {
        let mean = places.reduce(0) { $0 + output[4 * $1 + index] } / Float(places.count)
        #expect(abs(scores[index] - mean) < 1e-3)
        #expect(reader.elements(ofClass: index, stimulus: stimulus) == places.map { 4 * $0 + index })
      }
    }
    #expect(counts.count > 1)
    #expect(bench.survey.readout.isOfEachStimulus && bench.survey.readout.fits(stimuli: KindBench.stimulusCount))
    #expect(bench.survey.notes.contains { $0.contains("padding doesn't count") }, "\(bench.survey.notes)")
  }

  @Test(
    arguments: [
      (NetworkKind.maskedPositions("attention_mask"), false, "isn't asked"),
      (.maskedPositions("key_padding_mask"), true, "can't be told"),
      (.maskedPositions("attention_mask", tokens: 5), true, "zeros and ones"),
      (.maskedPositions("attention_mask", tokens: nil), true, "zeros and ones"),
      (.maskedPositions("attention_mask", tokens: 1), true, "0 everywhere"), (.maskedPositions("flags_of_positions"), true, nil),
      (.maskedPositions("key_padding_mask", tokens: 1), true, nil),
    ] as [(NetworkKind, Bool, String?)])
  func `has the mean over all positions where no mask tells padding, and says so`(
    _ kind: NetworkKind, _ leavesOutPadding: Bool, _ words: String?
  ) throws {
    var request = ReadoutRequest()
    request.leavesOutPadding = leavesOutPadding
    let survey = try KindBench(kind, reading: request).survey
    #expect(survey.readout.unmasked == nil)
    let notes = survey.notes.filter { $0.contains("padding") }
    #expect(notes.count == (words == nil ? 0 : 1) && notes.allSatisfy { $0.contains(words!) }, "\(survey.notes)")
    // A mask that doesn't tell padding doesn't tell the last position either.
    #expect(notes.allSatisfy { $0.contains("last-unmasked") == !leavesOutPadding }, "\(survey.notes)")
  }

  @Test func `leaves padding alone where a position, elements or a continuation are asked for`() throws {
    let kind = NetworkKind.maskedPositions("attention_mask")
    let element = try ValueFunction(parsing: "output:logits[0,1]")
    for request in [Self.leavingOutPadding(.logit, .at(-1)), Self.leavingOutPadding(element)] {
      #expect(try KindBench(kind, reading: request).survey.readout.unmasked == nil)
    }
  }

  @Test(arguments: [ValueFunction.logit, .probability, .margin])
  func `is derived as it is read where a mask leaves positions`(_ value: ValueFunction) throws {
    let bench = try KindBench(.maskedPositions("attention_mask"), reading: Self.leavingOutPadding(value))
    let layer = try #require(bench.layer("hidden"))
    let cut = try bench.survey.model.cut(at: "hidden", reading: bench.survey.readTensor, types: bench.survey.elementTypes)
    let grid = try bench.grid(layer)
    let reader = try OutputReader(bench.survey.readout)
    let configuration = LesionedNetwork.Configuration(
      mask: RegionMask(grid), reader: reader, batch: 3, lesion: .zero, session: bench.options, cacheBytes: 1 << 20)
    let gradients = try GradientNetwork(
      cut: cut, feed: bench.feed, stimulus: 0, configuration: configuration, value: try AdjointValue(bench.survey.readout))
    let session = try Session(
      runtime: bench.runtime, model: bench.survey.model.exposing(["logits"]).serialized(), options: bench.options)
    for stimulus in [0, 3] {
      try gradients.begin(LesionedNetwork.Series(stimulus: stimulus, target: 2))
      let whole = [Float](repeating: 1, count: grid.regionCount)
      let output = try session.run(bench.feed.tensors(session.inputNames, rows: [stimulus]))[0]
      let read = output.withFloats { reader.value(UnsafeBufferPointer($0), target: 2, stimulus: stimulus) }
      #expect(abs(try gradients.passes(at: whole).values[0] - read) < 1e-5)
      let mask = whole.indices.map { 0.35 + 0.3 * Float($0 % 2) }
      let here = try gradients.passes(at: mask)
      for region in mask.indices {
        var changed = mask
        changed[region] += 0.01
        let slope = (try gradients.passes(at: changed).values[0] - here.values[0]) / (changed[region] - mask[region])
        #expect(abs(slope - here.derivatives[region]) < 0.02 * max(1, abs(slope)), "\(region)")
      }
    }
  }

  @Test func `is the one that is named`() throws {
    let bench = try KindBench(.auxiliaryFirst, reading: ReadoutRequest(output: "aux_logits"))
    #expect(bench.survey.readout.shape == [3])
    #expect(bench.survey.layers.map(\.candidate.tensor) == ["sum", "hidden"])
    let error = try #require(throws: LesionError.self) {
      try KindBench(.auxiliaryFirst, reading: ReadoutRequest(output: "boxes"))
    }
    #expect(error.message.contains("\"aux_logits\" [N, 3], \"logits\" [N, 5]"), "\(error)")
  }

  @Test func `is refused with the axes that may count classes, where nothing tells`() throws {
    let error = try #require(throws: LesionError.self) { try KindBench(.anchors) }
    #expect(error.code == .badRequest)
    #expect(error.message.contains("[1, 3, 5]") && error.message.contains("--class-axis (1 or 2)"), "\(error)")
    for (axis, place) in [(1, 0), (2, 1), (-1, 1), (-2, 0)] {
      #expect(try KindBench(.anchors, reading: ReadoutRequest(classAxis: axis)).survey.readout.classAxis == place)
    }
    for axis in [0, 3, -4] {
      #expect(throws: LesionError.self) { try KindBench(.anchors, reading: ReadoutRequest(classAxis: axis)) }
    }
  }

  @Test(arguments: [false, true])
  func `is refused where it joins scores with other numbers along its classes`(turned: Bool) throws {
    let error = try #require(throws: LesionError.self) { try KindBench(.detector(turned: turned)) }
    #expect(error.code == .badRequest)
    for word in ["\"boxes\"", "\"scores\"", "axis \(turned ? 2 : 1)", "--value output:NAME[...]"] {
      #expect(error.message.contains(word), "\(error)")
    }
    #expect(try KindBench(.detector(turned: turned), reading: ReadoutRequest(classAxis: 1)).survey.readout.classAxis == 0)
    let value = try ValueFunction(parsing: turned ? "output:found[:,2]:max" : "output:found[2,:]:max")
    #expect(throws: Never.self) { try KindBench(.detector(turned: turned), reading: ReadoutRequest(value: value)) }
  }

  @Test(arguments: [["selected"], ["scores"], ["first", "scores", "selected"], ["selected", "all_scores"]])
  func `is read before boxes are chosen`(_ outputs: [String]) throws {
    let readout = try KindBench(.chosen(outputs)).survey.readout
    #expect(readout.tensor == "score_rows" && readout.shape == [3, 16] && readout.classAxis == 0)
    #expect(readout.output != "first")
  }

  @Test func `is refused where it is as long as values say`() throws {
    let value = try ValueFunction(parsing: "output:scores[0]")
    for request in [ReadoutRequest(value: value), ReadoutRequest(output: "flat")] {
      let error = try #require(throws: LesionError.self) { try KindBench(.chosen(["flat", "scores"]), reading: request) }
      #expect(error.message.contains("as long as values say (by NonMaxSuppression)"), "\(error)")
    }
  }

  @Test(arguments: NetworkKind.ends.indices)
  func `may be probabilities, which aren't squashed again`(_ place: Int) throws {
    let (end, classes, link) = NetworkKind.ends[place]
    let kind = NetworkKind.ending(in: end)
    for value in [ValueFunction.probability, .logProbability] {
      let bench = try KindBench(kind, reading: ReadoutRequest(value: value))
      #expect(bench.survey.readout.link == link)
      let isRead = link == .distribution || link == .chances
      #expect(bench.survey.notes.contains { $0.contains("holds probabilities already") } == isRead)
      let layer = try #require(bench.layer("hidden"))
      let network = try bench.lesioned(layer)
      let regions = try bench.grid(layer).regionCount
      let exposed = try Session(
        runtime: bench.runtime, model: Model(proto: kind.proto(), label: end).exposing(["y"]).serialized())
      let given = try exposed.run([bench.feed.tensors(["x"], rows: [1])[0]])[0].floats
      for target in 0..<classes {
        try network.begin(LesionedNetwork.Series(stimulus: 1, target: target))
        let found = try network.values(of: [Coalition(fullOf: regions)])[0]
        let probability = given[target]
        // Where bytes are given, what is read is exact.
        #expect(abs((value == .probability ? found : exp(found)) - probability) < (end == "rounded" ? 0.003 : 1e-5), "\(target)")
      }
    }
    let isSaid = try KindBench(kind).survey.notes.contains { $0.contains("holds probabilities already, of which logit is made") }
    #expect(isSaid == (link == .distribution || link == .chances))
  }

  @Test(
    arguments: [
      (.picture, nil, "scores", [1, 5, 5], 0), (.picture, 1, "scores", [1, 5, 5], 0), (.picture, -1, "scores", [1, 5, 5], 2),
      (.coloured, nil, "scores", [3, 5, 5], 0), (.flattened, nil, "scores", [6], 0), (.classesLast, nil, "scores", [4, 3], 0),
      (.classesLast, 2, "scores", [4, 3], 0), (.classesLast, 1, "scores", [4, 3], 1), (.split, nil, "scores", [4, 2, 3], 0),
      (.split, 3, "scores", [4, 2, 3], 2), (.joint, nil, "scores", [12], 0), (.turnedBack, 2, "y", [3, 4], 1),
      (.unfolded, nil, "flat", [3, 4], 1), (.unfolded, 2, "flat", [3, 4], 1), (.unfolded, 1, "flat", [3, 4], 0),
    ] as [(NetworkKind, Int?, String, [Int], Int)])
  func `has the axes that the model declares, wherever it is squashed`(
    _ kind: NetworkKind, _ named: Int?, _ tensor: String, _ shape: [Int], _ axis: Int
  ) throws {
    let bench = try KindBench(kind, reading: ReadoutRequest(classAxis: named))
    let readout = bench.survey.readout
    #expect(readout.tensor == tensor && readout.shape == shape && readout.classAxis == axis)
    #expect(
      readout.link
        == (tensor == "y" ? .chances : kind.proto().graph.node.contains { $0.opType == "Softmax" } ? .softmax : .sigmoid))
    #expect(bench.survey.notes.contains { $0.contains("it is read as it stands") } == (tensor == "y"))

    // Every class's score is the mean over the places of what the network itself gives before it squashes.
    let layer = try #require(bench.layer("hidden"))
    let network = try bench.lesioned(layer)
    let coalitions = LesionedNetwork.mixedCoalitions(regions: try bench.grid(layer).regionCount, count: 4)
    let model = try kind.model(masking: ("hidden", layer.view.shape.count))
    let stride = shape[(axis + 1)...].reduce(1, *)
    for target in 0..<shape[axis] {
      try network.begin(LesionedNetwork.Series(stimulus: 1, target: target))
      for coalition in coalitions {
        let scores = try bench.twin(layer, coalition, stimulus: 1, model: model)
        let own = (0..<scores.count).filter { $0 / stride % shape[axis] == target }.map { scores.floats[$0] }
        let found = try network.values(of: [coalition])[0]
        #expect(abs(found - own.reduce(0, +) / Float(own.count)) < 1e-5, "\(target)")
      }
    }
  }

  @Test(arguments: [
    (NetworkKind.joint, 1, "is no axis of \"scores\""), (.classesLast, 3, "is out of range"),
    (.classesLast, 0, "is the axis of stimuli"),
  ])
  func `has no axis of classes that isn't its own`(_ kind: NetworkKind, _ axis: Int, _ words: String) throws {
    let error = try #require(throws: LesionError.self) { try KindBench(kind, reading: ReadoutRequest(classAxis: axis)) }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test(arguments: ["Softmax", "Sigmoid"])
  func `is read before it is turned into percent`(_ activation: String) throws {
    let kind = NetworkKind.percent(activation)
    let bench = try KindBench(kind, reading: ReadoutRequest(value: .probability))
    #expect(bench.survey.readout.tensor == "scores")
    #expect(bench.survey.notes.contains { $0.contains("ends in \(activation.lowercased()), times 100;") })
    let layer = try #require(bench.layer("hidden"))
    let network = try bench.lesioned(layer)
    let session = try Session(runtime: bench.runtime, model: kind.model().exposing(["y"]).serialized())
    let percent = try session.run([bench.feed.tensors(["x"], rows: [1])[0]])[0]
    for target in 0..<4 {
      try network.begin(LesionedNetwork.Series(stimulus: 1, target: target))
      let regions = try bench.grid(layer).regionCount
      #expect(abs(try network.values(of: [Coalition(fullOf: regions)])[0] - percent.floats[target] / 100) < 1e-5)
    }
  }

  @Test func `makes no probabilities of a multiple of some`() throws {
    let error = try #require(throws: LesionError.self) {
      try KindBench(.percent("mean"), reading: ReadoutRequest(value: .probability))
    }
    #expect(error.code == .badRequest && error.message.contains("times 100, of which prob can't be made"), "\(error)")
    #expect(try KindBench(.percent("mean")).survey.readout.tensor == "y")
  }

  @Test func `is refused where it is a sequence`() throws {
    let error = try #require(throws: LesionError.self) { try KindBench(.steps) }
    #expect(error.message.contains("\"steps\" is a sequence"), "\(error)")
  }

  @Test func `may be some of its elements`() throws {
    let value = try ValueFunction(parsing: "output:boxes[1,2:]:mean")
    let bench = try KindBench(.anchors, reading: ReadoutRequest(value: value))
    let layer = try #require(bench.layer("hidden"))
    let network = try bench.lesioned(layer)
    try network.begin(LesionedNetwork.Series(stimulus: 1, target: 0))
    let regions = try bench.grid(layer).regionCount
    let intact = try network.values(of: [Coalition(fullOf: regions)])[0]
    let twin = try bench.twin(
      layer, Coalition(fullOf: regions), stimulus: 1,
      model: Model(proto: NetworkKind.anchors.proto(masking: ("hidden", 2)), label: "twin.onnx"))
    let expected = [7, 8, 9].reduce(0) { $0 + twin.floats[$1] } / 3
    #expect(abs(intact - expected) < 1e-5)
  }

  @Test func `is one position of a sequence, the last that a mask leaves, or one a stimulus`() throws {
    func positions(_ choice: PositionChoice) throws -> [Int] {
      try KindBench(.sequence, reading: ReadoutRequest(position: choice)).survey.readout.positions
    }
    #expect(try positions(.mean) == [])
    #expect(try positions(.at(2)) == [2])
    #expect(try positions(.at(-1)) == [6])
    #expect(try positions(.perStimulus([0, 3, -1, 2, 5])) == [0, 3, 6, 2])
    let bench = try KindBench(.sequence)
    let masks = try (0..<KindBench.stimulusCount).map { try bench.feed.tensors(["mask"], rows: [$0])[0].numbers()! }
    #expect(try positions(.lastUnmasked("mask")) == masks.map { $0.lastIndex { $0 != 0 }! })
    for wrong: PositionChoice in [.at(7), .at(-8), .perStimulus([1, 2]), .lastUnmasked("masks"), .lastUnmasked("x")] {
      #expect(throws: LesionError.self, "\(wrong)") { try positions(wrong) }
    }
  }

  @Test(arguments: [5, 1, nil])
  func `has no last position by a mask that isn't of zeros and ones`(_ tokens: Int?) throws {
    let error = try #require(throws: LesionError.self) {
      try KindBench(
        .maskedPositions("attention_mask", tokens: tokens), reading: ReadoutRequest(position: .lastUnmasked("attention_mask")))
    }
    #expect(error.code == .badStimulus && error.message.contains(tokens == 1 ? "is 0" : "zeros (padding) and ones"), "\(error)")
  }

  @Test func `has no position where it has classes only`() throws {
    let error = try #require(throws: LesionError.self) {
      try KindBench(.labelFirst, reading: ReadoutRequest(position: .at(0)))
    }
    #expect(error.message.contains("one position only"), "\(error)")
  }
}
