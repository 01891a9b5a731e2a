import ModelGraph
import OnnxRuntime
import TestSupport
import Testing

@Suite struct `A session` {
  private let runtime: Runtime

  init() throws {
    runtime = try TestRuntime.make()
  }

  private func session(_ network: SmallNetwork) throws -> Session {
    try Session(runtime: runtime, model: network.model.serialized())
  }

  private func input(_ network: SmallNetwork, _ name: String, stimulus: Int) throws -> Tensor {
    let value = try network.plainInputs(stimulus, of: 3)[name]!
    let tensor = try Tensor(runtime: runtime, shape: value.shape)
    _ = tensor.floats.update(fromContentsOf: value.elements.map(Float.init))
    return tensor
  }

  @Test(arguments: [
    (SmallNetwork.perceptron, "features", "probabilities"), (.residual, "image", "logits"),
    (.sequence, "sequence", "logits"), (.segmenter, "image", "classes"),
  ])
  func `gives what plain arithmetic gives`(_ network: SmallNetwork, _ input: String, _ output: String) throws {
    let session = try session(network)
    #expect(session.inputNames == [input])
    #expect(session.outputNames == [output])
    for stimulus in 0..<3 {
      let result = try session.run([self.input(network, input, stimulus: stimulus)])[0]
      let reference = PlainEvaluator(network).run(try network.plainInputs(stimulus, of: 3))[output]!
      #expect(result.shape == reference.shape)
      #expect(result.elementType == ElementType.float.rawValue)
      for (value, expected) in zip(result.floats, reference.elements) {
        #expect(abs(Double(value) - expected) < 1e-5)
      }
    }
  }

  @Test func `takes inputs in the order of its names, of their own types`() throws {
    let network = SmallNetwork.tokens
    let session = try session(network)
    #expect(session.inputNames == ["words", "numbers"])
    let values = try network.plainInputs(0, of: 1)
    let words = try Tensor(runtime: runtime, shape: [1, 5], elementType: ElementType.int64.rawValue)
    words.bytes.withMemoryRebound(to: Int64.self) {
      for (index, word) in values["words"]!.elements.enumerated() { $0[index] = Int64(word) }
    }
    let numbers = try Tensor(runtime: runtime, shape: [1, 3])
    _ = numbers.floats.update(fromContentsOf: values["numbers"]!.elements.map(Float.init))
    let logits = try session.run([words, numbers])[0]
    for (value, expected) in zip(logits.floats, PlainEvaluator(network).run(values)["logits"]!.elements) {
      #expect(abs(Double(value) - expected) < 1e-5)
    }
  }

  @Test func `writes into tensors that exist, again and again`() throws {
    let network = SmallNetwork.perceptron
    let session = try session(network)
    let output = try Tensor(runtime: runtime, shape: [1, 4])
    for stimulus in [0, 1, 0] {
      let input = try input(network, "features", stimulus: stimulus)
      try session.run([input], into: [output])
      #expect(try Array(session.run([input])[0].floats) == Array(output.floats))
    }
  }

  @Test func `outlives the name of its runtime`() throws {
    func make() throws -> Session {
      try Session(runtime: TestRuntime.make(), model: SmallNetwork.perceptron.model.serialized())
    }
    let session = try make()
    let input = try Tensor(runtime: session.runtime, shape: [2, 12])
    #expect(try session.run([input])[0].shape == [2, 4])
  }

  @Test func `hands an input that is an output too back in memory of its own`() throws {
    let model = SmallNetwork.perceptron.model.exposing(["features", "first"])
    let session = try Session(runtime: runtime, model: model.serialized())
    let input = try input(.perceptron, "features", stimulus: 0)
    let features = Array(input.floats)
    let output = try session.run([input])[0]
    input.floats.update(repeating: .nan)
    #expect(Array(output.floats) == features)
  }

  @Test func `refuses an operator that the runtime lacks and names it`() throws {
    let error = try #require(throws: OnnxRuntimeError.self) { try session(.unheardOf) }
    #expect(error.code == .modelRefused)
    #expect(error.message.contains("Frobnicate"))
  }

  @Test(arguments: [[], [1, 2, 3], Array("not a model at all".utf8)])
  func `refuses bytes that are no model`(_ bytes: [UInt8]) throws {
    let error = try #require(throws: OnnxRuntimeError.self) { try Session(runtime: runtime, model: bytes) }
    #expect(error.code == .modelRefused)
    #expect(!error.message.isEmpty)
  }

  @Test func `says what is wrong with an input of another shape`() throws {
    let session = try session(.perceptron)
    let input = try Tensor(runtime: runtime, shape: [1, 11])
    let error = try #require(throws: OnnxRuntimeError.self) { try session.run([input]) }
    #expect(error.code == .runFailed)
    #expect(error.message.contains("11"))
  }

  @Test func `says what is wrong with an input of another type`() throws {
    let session = try session(.perceptron)
    let input = try Tensor(runtime: runtime, shape: [1, 12], elementType: ElementType.double.rawValue)
    let error = try #require(throws: OnnxRuntimeError.self) { try session.run([input]) }
    #expect(error.code == .runFailed)
  }
}

@Suite struct `A tensor` {
  @Test(arguments: [([2, 3], 6), ([], 1), ([0, 4], 0), ([1], 1)])
  func `starts as zeros of its shape`(_ shape: [Int], _ count: Int) throws {
    let tensor = try Tensor(runtime: TestRuntime.make(), shape: shape)
    #expect(tensor.count == count)
    #expect(Array(tensor.floats) == [Float](repeating: 0, count: count))
  }

  @Test(arguments: [(ElementType.bool, 1), (.float16, 2), (.float, 4), (.int32, 4), (.int64, 8), (.double, 8)])
  func `has the bytes of its elements`(_ type: ElementType, _ size: Int) throws {
    let tensor = try Tensor(runtime: TestRuntime.make(), shape: [3, 2], elementType: type.rawValue)
    #expect(tensor.bytes.count == 6 * size)
  }

  @Test func `can't be made of strings`() throws {
    let runtime = try TestRuntime.make()
    let error = try #require(throws: OnnxRuntimeError.self) {
      try Tensor(runtime: runtime, shape: [1], elementType: ElementType.string.rawValue)
    }
    #expect(error.code == .runFailed)
  }
}

@Suite struct `The library` {
  @Test func `names its version`() throws {
    let runtime = try TestRuntime.make()
    #expect(runtime.version.split(separator: ".").count >= 2)
  }

  @Test func `is missed in one sentence that says how to mend it`() throws {
    let folder = TemporaryFolder()
    let files = try SmallNetwork.perceptron.write(to: folder, stimuli: 2)
    let command = try Program.run(
      ["scan"] + files.options + ["--out", folder.path("out")], environment: ["NNFMRI_ONNXRUNTIME": "/nonexistent"])
    #expect(command.exitCode == 69, "\(command)")
    #expect(command.complaints.count == 1, "\(command)")
    #expect(command.errors.contains("/nonexistent"), "\(command)")
    #expect(command.errors.contains("NNFMRI_ONNXRUNTIME"), "\(command)")
  }
}
