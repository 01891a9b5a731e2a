internal import COnnxRuntime

/// The opened library of ONNX Runtime and its environment, one a process.
///
/// A `Session` keeps its runtime alive. Not safe to use from two threads.
package final class Runtime {
  let api: nnfmri_ort_api
  let environment: OpaquePointer
  let memory: OpaquePointer
  /// Options of a pass whose memory the runtime gives back when it is over (`memory.enable_memory_arena_shrinkage`).
  let givingMemoryBack: OpaquePointer
  /// The version of the library, as it names itself.
  package let version: String
  /// The file that was opened.
  package let libraryPath: String
  /// What sessions run on, unless their options say otherwise; `nil`: the runtime's own kernels for the processor.
  package let provider: ExecutionProvider?

  /// Opens the library (`OrtGetApiBase`), creates its environment (`CreateEnv`) and finds a provider.
  ///
  /// - Parameter provider: what sessions are to run on; `nil`: the processor.
  /// - Throws: `OnnxRuntimeError`: `libraryMissing` if there is no library or it is too old; `providerMissing`,
  ///   `providerRefused` or `optionsRefused` where the provider can't be had.
  package init(provider request: ProviderRequest? = nil) throws(OnnxRuntimeError) {
    let library = try Library.open()
    var environment: OpaquePointer?
    // Level 4 lets only fatal messages through: what is wrong comes back as a status and is reported in our words.
    try Self.check(library.api, ort_create_env(library.api, 4, "nnfmri", &environment), .libraryMissing)
    var memory: OpaquePointer?
    var givingMemoryBack: OpaquePointer?
    var provider: ExecutionProvider?
    do {
      if let request {
        provider = try ProviderSearch(
          api: library.api, environment: environment!, version: library.version, library: library.path
        ).find(request)
      }
      try Self.check(library.api, ort_create_run_options(library.api, &givingMemoryBack), .libraryMissing)
      try Self.check(
        library.api,
        ort_add_run_config_entry(library.api, givingMemoryBack, "memory.enable_memory_arena_shrinkage", "cpu:0"),
        .libraryMissing)
      try Self.check(library.api, ort_create_cpu_memory_info(library.api, 1, 0, &memory), .libraryMissing)
    } catch {
      ort_release_run_options(library.api, givingMemoryBack)
      ort_release_env(library.api, environment)
      throw error
    }
    self.api = library.api
    self.version = library.version
    self.libraryPath = library.path
    self.environment = environment!
    self.memory = memory!
    self.givingMemoryBack = givingMemoryBack!
    self.provider = provider
  }

  deinit {
    ort_release_run_options(api, givingMemoryBack)
    ort_release_memory_info(api, memory)
    ort_release_env(api, environment)
  }

  /// The providers that could be asked for here, for people to read.
  package func providersOffered() throws(OnnxRuntimeError) -> [String] {
    try ProviderSearch(api: api, environment: environment, version: version, library: libraryPath).offered()
  }

  /// Turns a status into an error and releases it. Every call of the library passes here.
  func check(_ status: OpaquePointer?, _ code: OnnxRuntimeError.Code) throws(OnnxRuntimeError) {
    try Self.check(api, status, code)
  }

  static func check(
    _ api: nnfmri_ort_api, _ status: OpaquePointer?, _ code: OnnxRuntimeError.Code
  ) throws(OnnxRuntimeError) {
    guard let status else { return }
    // Providers tell theirs over many lines.
    let message = String(cString: ort_get_error_message(api, status)).split(whereSeparator: \.isNewline).joined(separator: " ")
    ort_release_status(api, status)
    throw OnnxRuntimeError(code: code, detail: message)
  }
}
