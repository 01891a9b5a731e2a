internal import COnnxRuntime
internal import Glibc

/// Finds execution providers: those that the library has built in, and plugins beside it.
struct ProviderSearch {
  let api: nnfmri_ort_api
  let environment: OpaquePointer
  /// The library's version and file.
  let version: String
  let library: String

  private static let prefix = "libonnxruntime_providers_"
  private static let plugin = "_plugin.so"
  /// Providers that aren't on this machine, and the processor's own.
  private static let notOffered: Set<String> = ["cpu", "azure"]

  /// The provider that is asked for.
  ///
  /// - Throws: `OnnxRuntimeError`: `providerMissing` with how to install it, or why the library or the plugin refuses it.
  func find(_ request: ProviderRequest) throws(OnnxRuntimeError) -> ExecutionProvider {
    let builtIn = try builtIn().first { Self.short($0) == request.name }
    let isChosen = getenv("NNFMRI_PROVIDERS").map { $0.pointee != 0 } ?? false
    if let builtIn, !isChosen || plugins()[request.name] == nil {
      return try make(builtIn, request)
    }
    guard let path = plugins()[request.name] else {
      let offered = try (["cpu"] + self.builtIn().map(Self.short).filter { !Self.notOffered.contains($0) })
      throw OnnxRuntimeError(
        code: .providerMissing,
        detail: """
          --provider \(request.name): ONNX Runtime \(version) at \(library) has \(offered.joined(separator: " and ")) \
          and no plugin of that name lies beside it; \(Self.remedy(request.name))
          """)
    }
    guard isAtLeast(Int(NNFMRI_ORT_PLUGINS_VERSION)) else {
      throw OnnxRuntimeError(
        code: .providerMissing,
        detail:
          "--provider \(request.name): ONNX Runtime \(version) takes no plugins like \(path), 1.\(NNFMRI_ORT_PLUGINS_VERSION) does; pip install --upgrade onnxruntime"
      )
    }
    return try make(plugin: path, request)
  }

  /// What could be asked for, for people: built in, and as plugins.
  func offered() throws(OnnxRuntimeError) -> [String] {
    let own = try builtIn().map(Self.short).filter { !Self.notOffered.contains($0) }
    return ["cpu"] + own + plugins().keys.sorted().filter { !own.contains($0) }.map { "\($0) (a plugin)" }
  }

  // MARK: Built in

  /// What the library calls its providers (`GetAvailableProviders`).
  private func builtIn() throws(OnnxRuntimeError) -> [String] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    var count: Int32 = 0
    try Runtime.check(api, ort_available_providers(api, &names, &count), .providerMissing)
    defer { ort_release_status(api, ort_release_available_providers(api, names, count)) }
    return (0..<Int(count)).compactMap { place in names?[place].map { String(cString: $0) } }
  }

  private func make(_ name: String, _ request: ProviderRequest) throws(OnnxRuntimeError) -> ExecutionProvider {
    let isCUDA = name == "CUDAExecutionProvider"
    var (number, device): (Int, String?) = (0, nil)
    if isCUDA {
      let devices = CUDADevices.names
      guard !devices.isEmpty else {
        throw OnnxRuntimeError(
          code: .providerMissing,
          detail: "--provider cuda: NVIDIA's driver (libcuda.so.1) shows no device on this machine; leave --provider out")
      }
      number = request.options["device_id"].flatMap(Int.init) ?? request.place % devices.count
      device = devices.indices.contains(number) ? devices[number] : nil
    } else if request.options["device_type"]?.uppercased() ?? "CPU" != "CPU" {
      device = request.options["device_type"]
    }
    let options = ExecutionProvider.options(request, of: name, isPlugin: false, deviceNumber: number)
    return try tried(
      ExecutionProvider(
        name: name, identity: Self.identity(name, version: nil, options), device: device, deviceNumber: number,
        way: isCUDA ? .cuda : .named(String(name.dropLast(ExecutionProvider.suffix.count))), options: options))
  }

  // MARK: Plugins

  /// Files of plugins by the names of their providers: in `NNFMRI_PROVIDERS` (a file or a folder), beside the library, and in
  /// packages `onnxruntime_ep_*` beside the library's own.
  func plugins() -> [String: String] {
    var found: [String: String] = [:]
    func look(in folder: String, for suffix: String) {
      for name in Library.names(in: folder) where name.hasPrefix(Self.prefix) && name.hasSuffix(suffix) {
        let provider = name.dropFirst(Self.prefix.count).dropLast(name.hasSuffix(Self.plugin) ? Self.plugin.count : suffix.count)
        if provider != "shared", found[String(provider)] == nil { found[String(provider)] = folder + "/" + name }
      }
    }
    if let chosen = getenv("NNFMRI_PROVIDERS").map({ String(cString: $0) }), !chosen.isEmpty {
      for suffix in [Self.plugin, ".so"] { look(in: chosen, for: suffix) }
      if let place = chosen.lastIndex(of: "/"), chosen.hasSuffix(".so") {
        let name = chosen[chosen.index(after: place)...]
        let end = name.hasSuffix(Self.plugin) ? Self.plugin : ".so"
        if name.hasPrefix(Self.prefix) { found[String(name.dropFirst(Self.prefix.count).dropLast(end.count))] = chosen }
      }
    }
    guard let place = library.lastIndex(of: "/") else { return found }
    let folder = String(library[..<place])
    look(in: folder, for: Self.plugin)
    for package in Library.names(in: folder + "/../..") where package.hasPrefix("onnxruntime_ep_") {
      look(in: "\(folder)/../../\(package)", for: Self.plugin)
    }
    return found
  }

  private func make(plugin path: String, _ request: ProviderRequest) throws(OnnxRuntimeError) -> ExecutionProvider {
    // The environment is the process's, and takes a library once.
    if try devices(of: request.name).isEmpty {
      try Runtime.check(api, ort_register_provider_library(api, environment, "nnfmri-\(request.name)", path), .providerRefused)
    }
    let all = try devices(of: request.name)
    let types = ["CPU", "GPU", "NPU"]
    func those(_ type: String) -> [OpaquePointer] {
      all.filter { types[Int(min(ort_hardware_type(api, ort_ep_hardware(api, $0)), 2))] == type }
    }
    let asked = request.options["device_type"]?.uppercased()
    // OpenVINO's own default is the processor; others are made for what isn't.
    let order = asked.map { [$0] } ?? (request.name == "openvino" ? ["CPU", "GPU", "NPU"] : ["GPU", "NPU", "CPU"])
    guard let chosen = order.map(those).first(where: { !$0.isEmpty }) else {
      throw OnnxRuntimeError(
        code: .providerMissing,
        detail:
          "--provider \(request.name): \(path) offers no \(asked ?? "device") on this machine; leave --provider out, or choose another device_type"
      )
    }
    let number =
      request.options["device_id"].flatMap(Int.init).map { min(max($0, 0), chosen.count - 1) } ?? request.place % chosen.count
    let device = chosen[number]
    let name = String(cString: ort_ep_name(api, device))
    let about = { (key: String) in
      ort_key_value(api, ort_ep_metadata(api, device), key).map { String(cString: $0) }
    }
    let vendor = ort_hardware_vendor(api, ort_ep_hardware(api, device)).map { String(cString: $0) }
    var asOptions = request
    asOptions.options["device_id"] = nil
    let options = ExecutionProvider.options(asOptions, of: name, isPlugin: true, deviceNumber: number)
    return try tried(
      ExecutionProvider(
        name: name, identity: Self.identity(name, version: about("version"), options),
        device: about("FULL_DEVICE_NAME") ?? vendor, deviceNumber: number, way: .device(device), options: options))
  }

  /// The devices of a provider's name, those apart that stand for a choice among others (`OpenVINOExecutionProvider.AUTO`).
  private func devices(of provider: String) throws(OnnxRuntimeError) -> [OpaquePointer] {
    var devices: UnsafePointer<OpaquePointer?>?
    var count = 0
    try Runtime.check(api, ort_ep_devices(api, environment, &devices, &count), .providerRefused)
    return (0..<count).compactMap { devices?[$0] }.filter { device in
      ort_ep_name(api, device).map { Self.short(String(cString: $0)) } == provider
    }
  }

  // MARK: What they have in common

  /// The provider, once a session could be made to use it.
  private func tried(_ provider: ExecutionProvider) throws(OnnxRuntimeError) -> ExecutionProvider {
    var handle: OpaquePointer?
    try Runtime.check(api, ort_create_session_options(api, &handle), .providerRefused)
    defer { ort_release_session_options(api, handle) }
    do {
      try provider.append(to: handle, of: api, environment: environment)
    } catch {
      throw OnnxRuntimeError(code: error.code, detail: "--provider \(Self.short(provider.name)): \(error.detail)")
    }
    return provider
  }

  private func isAtLeast(_ minor: Int) -> Bool { Library.minor(version) >= minor }

  private static func short(_ name: String) -> String {
    (name.hasSuffix(ExecutionProvider.suffix) ? String(name.dropLast(ExecutionProvider.suffix.count)) : name).lowercased()
  }

  private static func identity(
    _ name: String, version: String?, _ options: [(name: String, value: String)]
  ) -> String {
    let deciding = options.filter { !ExecutionProvider.placing.contains($0.name) }.map { "\($0.name)=\($0.value)" }
    return ([name] + [version].compactMap(\.self) + deciding).joined(separator: " ")
  }

  private static func remedy(_ name: String) -> String {
    switch name {
    case "openvino":
      "pip install onnxruntime-ep-openvino beside that library's package, or onnxruntime-openvino in its place"
    case "cuda": "pip install onnxruntime-gpu[cuda,cudnn] in place of onnxruntime"
    case "tensorrt": "pip install onnxruntime-gpu[cuda,cudnn] and tensorrt in place of onnxruntime"
    case "migraphx": "pip install onnxruntime-migraphx in place of onnxruntime"
    case "qnn": "pip install onnxruntime-qnn in place of onnxruntime"
    default: "name a plugin's library in NNFMRI_PROVIDERS, or a library that has it in NNFMRI_ONNXRUNTIME"
    }
  }
}
