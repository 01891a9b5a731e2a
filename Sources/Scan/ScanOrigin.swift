import Shapley

/// Where measurements come from: what must be equal for them to be joined, and what a finished scan is recognised by.
struct ScanOrigin: Codable, Hashable {
  /// Options that decide a result, by name, as text.
  var options: [String: String]
  var modelDigest: String
  var dataDigest: String
  var program: String
  var onnxRuntime: String
  /// The rules that coalitions are drawn by.
  var designVersion = Design.version
  /// The share of the series that is measured; `nil` is all.
  var part: ScanPart?

  /// What a scan of this origin would do differently from another, in words; `nil` if nothing.
  func difference(from other: ScanOrigin) -> String? {
    for (name, value) in options.sorted(by: { $0.key < $1.key }) where other.options[name] != value {
      return "--\(name) is \(value) now and was \(other.options[name] ?? "not there") then"
    }
    if part != other.part {
      return "--part is \(part?.description ?? "not given") now and was \(other.part?.description ?? "not given") then"
    }
    if modelDigest != other.modelDigest { return "the model file has changed" }
    if dataDigest != other.dataDigest { return "the stimuli have changed" }
    if onnxRuntime != other.onnxRuntime {
      return "ONNX Runtime is \(onnxRuntime) now and was \(other.onnxRuntime) then, and the last bits of values may differ"
    }
    if designVersion != other.designVersion {
      return "coalitions are drawn by rules \(designVersion) now and were by rules \(other.designVersion) then"
    }
    return program == other.program ? nil : "nnfmri-mpi is \(program) now and was \(other.program) then"
  }
}
