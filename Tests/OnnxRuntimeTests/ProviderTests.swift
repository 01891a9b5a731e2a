import ModelGraph
import OnnxRuntime
import TestSupport
import Testing
import UserErrors

@Suite("An execution provider") struct ProviderTests {
  /// Tests run side by side, and the process has one environment: a runtime holds it from first to last.
  private let held: Runtime

  init() throws {
    held = try TestRuntime.make()
  }

  @Test(
    "that nothing offers is refused in one sentence that says what there is and how to get it",
    arguments: [
      ("nonesuch", "NNFMRI_PROVIDERS"), ("qnn", "pip install onnxruntime-qnn"),
    ])
  func isMissing(_ name: String, _ remedy: String) throws {
    let error = try #require(throws: OnnxRuntimeError.self) { try Runtime(provider: ProviderRequest(name: name)) }
    #expect(error.code == .providerMissing)
    #expect(error.exitStatus == .unavailable)
    for words in ["--provider \(name)", "cpu", held.libraryPath, remedy] { #expect(error.message.contains(words), "\(error)") }
  }

  @Test("is offered, the processor first") func isOffered() throws {
    #expect(try held.providersOffered().first == "cpu")
  }

  @Suite("of a plugin", .enabled(if: ProviderPlugin.openVINO != nil, Comment(rawValue: ProviderPlugin.absence)), .serialized)
  struct Plugin {
    private let held: Runtime

    init() throws {
      held = try TestRuntime.make()
    }

    private func runtime(_ options: [String: String] = [:], place: Int = 0) throws -> Runtime {
      try Runtime(provider: ProviderRequest(name: "OpenVINO", options: options, place: place))
    }

    @Test(
      "gives what plain arithmetic gives",
      arguments: [
        (SmallNetwork.perceptron, "features", "probabilities"), (.residual, "image", "logits"), (.segmenter, "image", "classes"),
      ])
    func computes(_ network: SmallNetwork, _ input: String, _ output: String) throws {
      let runtime = try runtime()
      let session = try Session(runtime: runtime, model: network.model.serialized())
      let value = try network.plainInputs(0, of: 3)[input]!
      let tensor = try Tensor(runtime: runtime, shape: value.shape)
      _ = tensor.floats.update(fromContentsOf: value.elements.map(Float.init))
      let result = try session.run([tensor])[0]
      let reference = PlainEvaluator(network).run(try network.plainInputs(0, of: 3))[output]!
      #expect(result.shape == reference.shape)
      for (value, expected) in zip(result.floats, reference.elements) { #expect(abs(Double(value) - expected) < 1e-4) }
    }

    @Test("gets the operators, unless a session is to run on the processor") func assigns() throws {
      let runtime = try runtime()
      let model = try SmallNetwork.residual.model.numberingNodes().serialized()
      guard let given = try Session.assignment(of: model, runtime: runtime, options: Session.Options()),
        let kept = try Session.assignment(of: model, runtime: runtime, options: Session.Options(isOnProcessor: true))
      else { return }
      #expect(given.contains { $0.provider == "OpenVINOExecutionProvider" && $0.operatorType == "Conv" })
      #expect(kept.allSatisfy { $0.isOnProcessor })
      #expect(given.compactMap { Model.nodeNumber($0.node) }.count > given.count / 2)
    }

    @Test("is the same on whichever device of a kind, and another with other options") func identifies() throws {
      let own = try #require(runtime().provider)
      let neighbour = try #require(runtime(place: 1).provider)
      #expect(own.identity == neighbour.identity)
      #expect(own.identity.hasPrefix("OpenVINOExecutionProvider 1."))
      #expect(own.identity.contains("f32"))
      let other = try #require(runtime(["load_config": #"{"CPU":{"NUM_STREAMS":"1"}}"#]).provider)
      #expect(own.identity != other.identity)
    }

    @Test("says which kind of device it lacks") func lacksDevices() throws {
      let error = try #require(throws: OnnxRuntimeError.self) { try runtime(["device_type": "NPU"]) }
      #expect(error.exitStatus == .unavailable)
      #expect(error.message.contains("NPU"))
    }
  }
}
