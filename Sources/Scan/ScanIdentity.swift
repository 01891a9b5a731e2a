/// What must be equal for measurements to be joined: the options, the plan, and what computes.
struct ScanIdentity: Codable, Hashable {
  /// Options that decide a result, by name, as text.
  var options: [String: String]
  var plan: ScanPlan
  var program: String
  var onnxRuntime: String

  /// What a scan of this identity would do differently from another, in words; `nil` if nothing.
  func difference(from other: ScanIdentity) -> String? {
    for (name, value) in options.sorted(by: { $0.key < $1.key }) where other.options[name] != value {
      return "--\(name) is \(value) now and was \(other.options[name] ?? "not there") then"
    }
    if plan.modelDigest != other.plan.modelDigest { return "the model file has changed" }
    if plan.dataDigest != other.plan.dataDigest { return "the stimuli have changed" }
    if onnxRuntime != other.onnxRuntime {
      return "ONNX Runtime is \(onnxRuntime) now and was \(other.onnxRuntime) then, and the last bits of values may differ"
    }
    if program != other.program { return "nnfmri-mpi is \(program) now and was \(other.program) then" }
    return plan == other.plan ? nil : "the plan differs"
  }
}
