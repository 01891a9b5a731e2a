extension ExecutionProvider {
  /// A user's options, and what makes the provider's values repeatable and its threads as many as asked for.
  ///
  /// - Parameter deviceNumber: the device that the process gets.
  static func options(
    _ request: ProviderRequest, of provider: String, isPlugin: Bool, deviceNumber: Int
  ) -> [(name: String, value: String)] {
    var options = request.options
    func setDefault(_ name: String, _ value: String) { if options[name] == nil { options[name] = value } }
    switch provider {
    case "CUDAExecutionProvider":
      setDefault("device_id", "\(deviceNumber)")
      // Float32 as it is written, and algorithms chosen by rule: the fastest of a trial differs from run to run.
      setDefault("use_tf32", "0")
      setDefault("cudnn_conv_algo_search", "HEURISTIC")
    case "OpenVINOExecutionProvider":
      if isPlugin { options["device_type"] = nil } else { setDefault("device_type", "CPU") }
      // Where a processor has bfloat16, OpenVINO computes in it unless told otherwise; pinned threads of two ranks would
      // share a core.
      setDefault(
        "load_config",
        """
        {"CPU":{"INFERENCE_PRECISION_HINT":"f32","INFERENCE_NUM_THREADS":"\(request.threads)","NUM_STREAMS":"1",\
        "ENABLE_CPU_PINNING":"NO"},"GPU":{"INFERENCE_PRECISION_HINT":"f32"}}
        """)
    default: break
    }
    return options.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Options that choose among a machine's equal devices, and so decide no bit.
  static let placing: Set<String> = ["device_id"]
}
