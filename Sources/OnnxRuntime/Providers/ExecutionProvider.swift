internal import COnnxRuntime
internal import Glibc

/// An execution provider that was found, with the device that this process uses of it.
///
/// Operators that it lacks run on the runtime's own kernels for the processor.
package struct ExecutionProvider {
  /// How it gets into a session.
  enum Way {
    /// `SessionOptionsAppendExecutionProvider`, by the name that it takes.
    case named(String)
    /// `SessionOptionsAppendExecutionProvider_CUDA_V2`.
    case cuda
    /// `SessionOptionsAppendExecutionProvider_V2`, with a device of a plugin.
    case device(OpaquePointer)
  }

  /// What the runtime calls it, like `OpenVINOExecutionProvider`.
  package let name: String
  /// What decides the bits of its values besides the device: its name, and its version and options where they are known.
  package let identity: String
  /// What the device is called; `nil` where the provider doesn't say.
  package let device: String?
  /// Which of the machine's devices of that kind it is, from 0.
  package let deviceNumber: Int
  let way: Way
  /// The user's options and those that make results repeatable. Sorted by name.
  let options: [(name: String, value: String)]

  /// Without `ExecutionProvider`, for people.
  package var shortName: String {
    name.hasSuffix(Self.suffix) ? String(name.dropLast(Self.suffix.count)) : name
  }

  static let suffix = "ExecutionProvider"

  /// Makes sessions of these options run on it.
  ///
  /// - Throws: `OnnxRuntimeError` (`providerRefused`, `optionsRefused`) in the runtime's words.
  func append(to handle: OpaquePointer?, of api: nnfmri_ort_api, environment: OpaquePointer) throws(OnnxRuntimeError) {
    let names = options.map { strdup($0.name) }
    let values = options.map { strdup($0.value) }
    defer { for text in names + values { free(text) } }
    let (keys, texts) = (names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) })
    switch way {
    case .named(let name):
      try Self.check(api, ort_append_provider(api, handle, name, keys, texts, keys.count))
    case .device(let device):
      try Self.check(api, ort_append_devices(api, handle, environment, [Optional(device)], 1, keys, texts, keys.count))
    case .cuda:
      var cuda: OpaquePointer?
      try Self.check(api, ort_create_cuda_options(api, &cuda))
      defer { ort_release_cuda_options(api, cuda) }
      try Self.check(api, ort_update_cuda_options(api, cuda, keys, texts, keys.count))
      try Self.check(api, ort_append_cuda(api, handle, cuda))
      try Self.check(api, ort_set_deterministic_compute(api, handle, true))
    }
  }

  /// The runtime's number for arguments that it doesn't take.
  private static let invalidArgument: Int32 = 2

  private static func check(_ api: nnfmri_ort_api, _ status: OpaquePointer?) throws(OnnxRuntimeError) {
    guard let status else { return }
    let isArgument = ort_get_error_code(api, status) == invalidArgument
    let detail = String(cString: ort_get_error_message(api, status))
    ort_release_status(api, status)
    throw OnnxRuntimeError(code: isArgument ? .optionsRefused : .providerRefused, detail: detail)
  }
}
