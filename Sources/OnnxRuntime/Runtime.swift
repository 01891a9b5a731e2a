internal import COnnxRuntime

/// The opened library of ONNX Runtime and its environment, one a process.
///
/// A `Session` keeps its runtime alive. Not safe to use from two threads.
package final class Runtime {
  let api: nnfmri_ort_api
  let environment: OpaquePointer
  let memory: OpaquePointer
  /// The version of the library, as it names itself.
  package let version: String
  /// The file that was opened.
  package let libraryPath: String

  /// Opens the library (`OrtGetApiBase`) and creates its environment (`CreateEnv`).
  ///
  /// - Throws: `OnnxRuntimeError` (`libraryMissing`) if there is no library or it is too old.
  package init() throws(OnnxRuntimeError) {
    let library = try Library.open()
    var environment: OpaquePointer?
    // Level 4 lets only fatal messages through: what is wrong comes back as a status and is reported in our words.
    try Self.check(library.api, ort_create_env(library.api, 4, "nnfmri", &environment), .libraryMissing)
    var memory: OpaquePointer?
    do {
      try Self.check(library.api, ort_create_cpu_memory_info(library.api, 1, 0, &memory), .libraryMissing)
    } catch {
      ort_release_env(library.api, environment)
      throw error
    }
    self.api = library.api
    self.version = library.version
    self.libraryPath = library.path
    self.environment = environment!
    self.memory = memory!
  }

  deinit {
    ort_release_memory_info(api, memory)
    ort_release_env(api, environment)
  }

  /// Turns a status into an error and releases it. Every call of the library passes here.
  func check(_ status: OpaquePointer?, _ code: OnnxRuntimeError.Code) throws(OnnxRuntimeError) {
    try Self.check(api, status, code)
  }

  private static func check(
    _ api: nnfmri_ort_api, _ status: OpaquePointer?, _ code: OnnxRuntimeError.Code
  ) throws(OnnxRuntimeError) {
    guard let status else { return }
    let message = String(cString: ort_get_error_message(api, status))
    ort_release_status(api, status)
    throw OnnxRuntimeError(code: code, detail: message)
  }
}
