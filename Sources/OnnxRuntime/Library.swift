internal import COnnxRuntime
internal import Glibc

/// The shared library of ONNX Runtime, opened at run time, and the search for it.
enum Library {
  /// The table of functions and the version of the library at `path`.
  struct Opened {
    let api: nnfmri_ort_api
    let version: String
    let path: String
  }

  /// Opens the first usable library of `candidates()`.
  ///
  /// - Throws: `OnnxRuntimeError` (`libraryMissing`) that says where was searched and how to install one.
  static func open() throws(OnnxRuntimeError) -> Opened {
    var refusals: [String] = []
    for path in candidates() {
      guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
        if path.contains("/") { refusals.append(String(cString: dlerror())) }
        continue
      }
      guard let entry = dlsym(handle, "OrtGetApiBase") else {
        refusals.append("\(path) has no function OrtGetApiBase")
        continue
      }
      var version: UnsafePointer<CChar>?
      guard let api = nnfmri_ort_table(entry, &version) else {
        let found = version.map { String(cString: $0) } ?? "unknown"
        refusals.append("\(path) is version \(found), older than 1.\(NNFMRI_ORT_API_VERSION)")
        continue
      }
      return Opened(api: api, version: version.map { String(cString: $0) } ?? "unknown", path: path)
    }
    let tried = refusals.isEmpty ? "" : " (\(refusals.joined(separator: "; ")))"
    throw OnnxRuntimeError(
      code: .libraryMissing,
      detail: """
        libonnxruntime.so not found in NNFMRI_ONNXRUNTIME, the project's .nnfmri/lib, beside the executable, or the \
        system\(tried): run Scripts/setup, or set NNFMRI_ONNXRUNTIME to the library's path.
        """)
  }

  /// Where the library may lie, best first: `NNFMRI_ONNXRUNTIME` (a file or a folder; nothing else is tried if it is
  /// set), `.nnfmri/lib` in a folder above the executable, the executable's folder and `../lib`, the system's library
  /// path.
  static func candidates() -> [String] {
    if let chosen = getenv("NNFMRI_ONNXRUNTIME").map({ String(cString: $0) }), !chosen.isEmpty {
      let inside = libraries(in: chosen)
      return inside.isEmpty ? [chosen] : inside
    }
    var found: [String] = []
    if let executable = executablePath() {
      var folders = executable.split(separator: "/").map(String.init).dropLast()
      let own = "/" + folders.joined(separator: "/")
      while !folders.isEmpty {
        found += libraries(in: "/" + folders.joined(separator: "/") + "/.nnfmri/lib")
        folders.removeLast()
      }
      found += libraries(in: own) + libraries(in: own + "/../lib")
    }
    return found + ["libonnxruntime.so.1", "libonnxruntime.so"]
  }

  /// The files `libonnxruntime.so*` of a folder, in order of their names from the last to the first.
  private static func libraries(in folder: String) -> [String] {
    names(in: folder).filter { $0.hasPrefix("libonnxruntime.so") }.sorted(by: >).map { folder + "/" + $0 }
  }

  /// The second number of a version: 24 of "1.24.1".
  static func minor(_ version: String) -> Int {
    version.split(separator: ".").dropFirst().first.flatMap { Int($0) } ?? 0
  }

  /// What a folder holds, in no order; nothing where it can't be read.
  static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names
  }

  private static func executablePath() -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return length > 0 ? String(decoding: buffer.prefix(length), as: UTF8.self) : nil
  }
}
