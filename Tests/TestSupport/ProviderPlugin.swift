import Foundation

/// A plugin for ONNX Runtime on this machine.
package enum ProviderPlugin {
  /// The library that `NNFMRI_PROVIDERS` names, if it is OpenVINO's.
  package static let openVINO: String? = {
    let named = ProcessInfo.processInfo.environment["NNFMRI_PROVIDERS"] ?? ""
    let inside = (try? FileManager.default.contentsOfDirectory(atPath: named))?.map { named + "/" + $0 } ?? [named]
    return inside.contains { $0.hasSuffix("libonnxruntime_providers_openvino_plugin.so") } ? named : nil
  }()

  /// Why tests of it are skipped.
  package static let absence: String = """
    NNFMRI_PROVIDERS doesn't name OpenVINO's plugin: pip install onnxruntime-ep-openvino, and set it to that package's folder
    """
}
