internal import COnnxRuntime

/// A model that is loaded and ready to run, on the calling thread unless told otherwise.
package final class Session {
  /// How a session is made.
  package struct Options: Sendable {
    /// Threads inside an operator. With 1 the pass runs on the calling thread, which is how a rank is meant to run:
    /// results depend on the number of threads in their last bits.
    package var threads: Int
    /// The folder where files of external weights lie.
    package var externalDataFolder: String?
    /// Where optimised models are kept for all processes of a machine; `nil` for sessions that hold what they need
    /// themselves.
    package var optimized: (any OptimizedModels)?
    /// Whether the session runs on the runtime's own kernels for the processor, whatever provider the runtime has.
    package var isOnProcessor: Bool
    /// The runtime's rewrites that are left out, by the names that it gives them.
    package var disabledOptimizers: [String] = []
    /// Whether the memory of a pass is kept for the next one. Without it, tensors are allocated and freed one by one, as suits a
    /// session that runs now and then.
    package var keepsMemory: Bool

    package init(
      threads: Int = 1, externalDataFolder: String? = nil, optimized: (any OptimizedModels)? = nil, isOnProcessor: Bool = false,
      keepsMemory: Bool = true
    ) {
      self.threads = threads
      self.externalDataFolder = externalDataFolder
      self.optimized = optimized
      self.isOnProcessor = isOnProcessor
      self.keepsMemory = keepsMemory
    }

    /// The same for a session that runs now and then.
    package var runningSeldom: Options {
      var options = self
      options.keepsMemory = false
      return options
    }
  }

  package let runtime: Runtime
  package let inputNames: [String]
  package let outputNames: [String]
  private let session: OpaquePointer
  private let keepsMemory: Bool
  private var passes = 0
  private let inputPointers: [UnsafePointer<CChar>?]
  private let outputPointers: [UnsafePointer<CChar>?]

  /// Loads a model from its bytes (`CreateSessionFromArray`). The bytes are not kept.
  ///
  /// - Throws: `OnnxRuntimeError` (`modelRefused`) with the runtime's reason.
  package init(runtime: Runtime, model: [UInt8], options: Options = Options()) throws(OnnxRuntimeError) {
    var session: OpaquePointer?
    if let ready = options.optimized?.optimized(model, runtime: runtime, options: options) {
      var optimized = options
      optimized.externalDataFolder = ready.folder
      session = try? Self.create(runtime, ready.graph, optimized, isOptimized: true)
    }
    if session == nil { session = try Self.create(runtime, model, options, isOptimized: false) }
    do {
      self.inputNames = try Self.names(runtime, session, ort_session_input_count, ort_session_input_name)
      self.outputNames = try Self.names(runtime, session, ort_session_output_count, ort_session_output_name)
    } catch {
      ort_release_session(runtime.api, session)
      throw error
    }
    self.runtime = runtime
    self.session = session!
    self.keepsMemory = options.keepsMemory
    self.inputPointers = Self.cStrings(inputNames)
    self.outputPointers = Self.cStrings(outputNames)
  }

  /// Writes a model as the runtime would run it: optimised for this machine's processor, and its weights, rearranged for
  /// the kernels too, in a file beside it.
  ///
  /// Cost: that of making a session, whose memory is given back at once, and writing up to twice the weights.
  /// - Parameters:
  ///   - path: the file of the graph.
  ///   - weights: the name of the file of weights, in the same folder. Weights below 1 kB stay in the graph.
  /// - Throws: `OnnxRuntimeError` (`modelRefused`), also if the files can't be written.
  package static func writeOptimized(
    _ model: [UInt8], runtime: Runtime, options: Options, to path: String, weights: String
  ) throws(OnnxRuntimeError) {
    let session = try create(runtime, model, options, isOptimized: false) { (handle) throws(OnnxRuntimeError) in
      try runtime.check(ort_set_optimized_model_path(runtime.api, handle, path), .modelRefused)
      for (key, value) in [
        ("session.optimized_model_external_initializers_file_name", weights),
        ("session.optimized_model_external_initializers_min_size_in_bytes", "1024"),
        ("session.save_external_prepacked_constant_initializers", "1"),
      ] {
        try runtime.check(ort_add_session_config_entry(runtime.api, handle, key, value), .modelRefused)
      }
    }
    ort_release_session(runtime.api, session)
  }

  static func create(
    _ runtime: Runtime, _ model: [UInt8], _ options: Options, isOptimized: Bool,
    configure: (OpaquePointer?) throws(OnnxRuntimeError) -> Void = { _ in }
  ) throws(OnnxRuntimeError) -> OpaquePointer? {
    let api = runtime.api
    var handle: OpaquePointer?
    try runtime.check(ort_create_session_options(api, &handle), .modelRefused)
    defer { ort_release_session_options(api, handle) }
    try runtime.check(ort_set_intra_op_threads(api, handle, Int32(options.threads)), .modelRefused)
    try runtime.check(ort_set_inter_op_threads(api, handle, 1), .modelRefused)
    try runtime.check(ort_set_graph_optimization_level(api, handle, isOptimized ? 0 : 99), .modelRefused)
    if !options.keepsMemory { try runtime.check(ort_disable_cpu_mem_arena(api, handle), .modelRefused) }
    if let provider = runtime.provider, !options.isOnProcessor {
      try provider.append(to: handle, of: api, environment: runtime.environment)
    }
    // Weights that lay between the tensors of a pass would keep its memory from being given back.
    try runtime.check(
      ort_add_session_config_entry(api, handle, "session.use_device_allocator_for_initializers", "1"), .modelRefused)
    if let folder = options.externalDataFolder {
      try runtime.check(
        ort_add_session_config_entry(api, handle, "session.model_external_initializers_file_folder_path", folder),
        .modelRefused)
    }
    if !options.disabledOptimizers.isEmpty {
      try runtime.check(
        ort_add_session_config_entry(
          api, handle, "optimization.disable_specified_optimizers", options.disabledOptimizers.joined(separator: ";")),
        .modelRefused)
    }
    try configure(handle)
    var session: OpaquePointer?
    let status = model.withUnsafeBytes {
      ort_create_session_from_array(api, runtime.environment, $0.baseAddress, $0.count, handle, &session)
    }
    try runtime.check(status, .modelRefused)
    return session
  }

  deinit {
    ort_release_session(runtime.api, session)
    for pointer in inputPointers + outputPointers { UnsafeMutablePointer(mutating: pointer)?.deallocate() }
  }

  /// Runs the model on tensors in the order of `inputNames` and returns its outputs in the order of `outputNames`.
  ///
  /// Cost: one forward pass.
  /// - Throws: `OnnxRuntimeError` (`runFailed`) with the runtime's reason.
  package func run(_ inputs: [Tensor]) throws(OnnxRuntimeError) -> [Tensor] {
    var values = [OpaquePointer?](repeating: nil, count: outputNames.count)
    try run(inputs, &values)
    var outputs: [Tensor] = []
    for index in values.indices {
      do {
        let output = try Tensor(runtime: runtime, adopting: values[index]!)
        // An input that is an output too is handed back in its own memory, which may not live as long as the result.
        outputs.append(inputs.contains { $0.sharesMemory(with: output) } ? try output.copy() : output)
      } catch {
        for value in values[(index + 1)...] { ort_release_value(runtime.api, value) }
        throw error
      }
    }
    return outputs
  }

  /// Runs the model into tensors that exist already and have the outputs' shapes: the way of the inner loop, since
  /// nothing is allocated.
  ///
  /// - Throws: `OnnxRuntimeError` with the runtime's own sentence.
  package func run(_ inputs: [Tensor], into outputs: [Tensor]) throws(OnnxRuntimeError) {
    precondition(outputs.count == outputNames.count, "\(outputs.count) tensors for \(outputNames.count) outputs")
    var values = outputs.map { Optional($0.value) }
    try run(inputs, &values)
    withExtendedLifetime(outputs) {}
  }

  /// The first pass takes memory tensor by tensor. By what it took the runtime plans one block for all later passes, which finds
  /// no room in what the first one left; and the outputs of the first one may lie there until the second.
  private static let passesThatGiveBack = 2

  private func run(_ inputs: [Tensor], _ outputs: inout [OpaquePointer?]) throws(OnnxRuntimeError) {
    precondition(inputs.count == inputNames.count, "\(inputs.count) tensors for \(inputNames.count) inputs")
    let values = inputs.map { Optional($0.value) }
    defer { withExtendedLifetime(inputs) {} }
    func status(_ options: OpaquePointer?) -> OpaquePointer? {
      ort_run(
        runtime.api, session, options, inputPointers, values, values.count, outputPointers, outputs.count, &outputs)
    }
    passes += 1
    if keepsMemory, passes <= Self.passesThatGiveBack {
      guard let refusal = status(runtime.givingMemoryBack) else { return }
      // A library that was built without arenas has nothing to give back, and refuses to.
      ort_release_status(runtime.api, refusal)
    }
    try runtime.check(status(nil), .runFailed)
  }

  private static func names(
    _ runtime: Runtime, _ session: OpaquePointer?,
    _ count: (nnfmri_ort_api?, OpaquePointer?, UnsafeMutablePointer<Int>?) -> OpaquePointer?,
    _ name: (
      nnfmri_ort_api?, OpaquePointer?, Int, OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> OpaquePointer?
  ) throws(OnnxRuntimeError) -> [String] {
    var allocator: OpaquePointer?
    try runtime.check(ort_default_allocator(runtime.api, &allocator), .modelRefused)
    var total = 0
    try runtime.check(count(runtime.api, session, &total), .modelRefused)
    var names: [String] = []
    for index in 0..<total {
      var text: UnsafeMutablePointer<CChar>?
      try runtime.check(name(runtime.api, session, index, allocator, &text), .modelRefused)
      names.append(String(cString: text!))
      try runtime.check(ort_allocator_free(runtime.api, allocator, text), .modelRefused)
    }
    return names
  }

  /// Copies with fixed addresses, freed by `deinit`.
  private static func cStrings(_ names: [String]) -> [UnsafePointer<CChar>?] {
    names.map { name in
      let text = name.utf8CString
      let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
      _ = copy.initialize(from: text)
      return UnsafePointer(copy.baseAddress!)
    }
  }
}
